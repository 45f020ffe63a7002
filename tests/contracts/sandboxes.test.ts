import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { createSandbox } from '../../src/sandbox/create-sandbox.ts'
import { createTestSandbox, whyNotHere } from '../support/this-machines-sandbox.ts'
import { sandboxContract } from './sandbox.contract.ts'
import { candidatesContract } from './sandbox-candidates.contract.ts'

describe('sandbox contract: no driver', () => {
  test('1: without isolation nothing runs, and every refusal names one command', async () => {
    const sandbox = createSandbox({ cacheDir: tmpdir(), tmpDir: tmpdir(), drivers: [] })
    const { isolation, fix } = await sandbox.probe()
    expect([isolation, fix]).toEqual(['none', expect.stringMatching(/^sudo \S+/)])
    const refusal = { code: 'NO_SANDBOX', exitCode: 3, hint: fix }
    await expect(sandbox.run({ language: 'python', argv: ['-c', 'pass'] })).rejects.toMatchObject(refusal)
    await expect(sandbox.open({ language: 'python', code: '', entryPoint: 'f', seed: 1 })).rejects.toMatchObject(refusal)
    await sandbox.dispose()
  })
})

for (const driver of ['bwrap', 'unshare'] as const) {
  const why = await whyNotHere(driver)
  if (why === null) {
    sandboxContract(driver, () => createTestSandbox(driver))
    candidatesContract(driver, () => createTestSandbox(driver))
  } else describe(`sandbox contract: ${driver}`, () => test.skip(`skipped: ${why}`, () => undefined))
}
