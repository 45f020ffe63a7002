import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { spawnBare } from '../../../src/sandbox/drivers/launch.ts'

test('a program that cannot be started is an error to catch, and none that ends this process', async () => {
  const start = () => spawnBare('/nowhere/at-all', [], ['ignore', 'pipe', 'pipe'], [], {})
  expect(start).toThrow(expect.objectContaining({ code: 'SANDBOX', retryable: true }))
  // An error event that nobody heard would have come by now, and failed this file.
  await turn()
})
