import { expect, test } from 'vitest'
import { CodeConductorError } from '../../../src/domain/errors.ts'
import { guardDriver } from '../../../src/sandbox/drivers/guard-driver.ts'
import type { Launched, LaunchPlan } from '../../../src/sandbox/drivers/launch.ts'
import { completeEnv, DEFAULT_LIMITS } from '../../../src/sandbox/policy.ts'
import { stageDriver } from '../../support/staged-driver.ts'

const plan: LaunchPlan = {
  ...{ language: 'python', argv: [], mounts: [], env: completeEnv(), cwd: '/scratch', limits: DEFAULT_LIMITS },
  ...{ hasStdin: false, hasChannel: true },
}

test('what a driver needs stays open until the last launch under way is through, and that one is ended too', async () => {
  const seen: string[] = []
  let through: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    through = resolve
  })
  const staged = stageDriver([])
  const driver = guardDriver({
    ...staged,
    launch: async (asked): Promise<Launched> => {
      await held
      seen.push('launched')
      return staged.launch(asked)
    },
    close: () => seen.push('closed'),
  })
  const launch = driver.launch(plan)
  const disposed = driver.dispose()
  expect(driver.isDisposed()).toBe(true)
  await expect(driver.launch(plan)).rejects.toMatchObject({ code: 'NO_SANDBOX' })
  expect(seen).toEqual([])
  through()
  expect(await (await launch).ended).toEqual({ started: true, code: null, isDisposed: true })
  await Promise.all([disposed, driver.dispose()])
  expect(seen).toEqual(['launched', 'closed'])
})

test('a run that had ended by itself was not ended by disposing', async () => {
  const driver = guardDriver({ ...stageDriver([]), close: () => undefined })
  const launched = await driver.launch(plan)
  launched.kill()
  expect(await launched.ended).toEqual({ started: true, code: null })
  await driver.dispose()
  expect(await launched.ended).toEqual({ started: true, code: null })
})

test('a launch that fails does not hold disposing up', async () => {
  const driver = guardDriver({ ...stageDriver([]), launch: () => Promise.reject(new Error('no')), close: () => undefined })
  await expect(driver.launch(plan)).rejects.toThrow('no')
  await driver.dispose()
})

test.each([
  ['what the host has run out of', Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' }), 'SANDBOX', true],
  ['a refusal', new CodeConductorError('POLICY_REFUSED', 'no'), 'POLICY_REFUSED', false],
])('a launch that fails says so in our own words: %s', async (_, error, code, retryable) => {
  const driver = guardDriver({ ...stageDriver([]), launch: () => Promise.reject(error), close: () => undefined })
  await expect(driver.launch(plan)).rejects.toMatchObject({ code, retryable })
  await driver.dispose()
})
