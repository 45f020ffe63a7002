import { expect, test } from 'vitest'
import { createSystemClock } from '../../src/system/system-clock.ts'

test('a delay beyond 2^31 ms sleeps until it is due instead of waking every millisecond', async () => {
  const clock = createSystemClock()
  const warnings: string[] = []
  const warn = (warning: Error) => warnings.push(warning.name)
  process.on('warning', warn)
  const far = clock.setTimer(() => {}, 2 ** 31 + 5)
  await new Promise<void>((resolve) => clock.setTimer(resolve, 10))
  process.off('warning', warn)
  clock.clearTimer(far)
  expect(warnings).toEqual([])
})

test('a negative delay fires as soon as it can', async () => {
  const clock = createSystemClock()
  const before = clock.now()
  await new Promise<void>((resolve) => clock.setTimer(resolve, -5))
  expect(clock.now()).toBeGreaterThanOrEqual(before)
})
