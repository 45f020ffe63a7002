import { describe, test } from 'vitest'
import { createTestSandbox, whyNotHere } from '../support/this-machines-sandbox.ts'
import { sandboxContract } from './sandbox.contract.ts'

for (const driver of ['bwrap', 'unshare'] as const) {
  const why = await whyNotHere(driver)
  if (why === null) sandboxContract(driver, () => createTestSandbox(driver))
  else describe(`sandbox contract: ${driver}`, () => test.skip(`skipped: ${why}`, () => undefined))
}
