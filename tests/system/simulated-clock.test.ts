import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'

test('timers fire in the order they are due, and in the order they were set when due together', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 }), (delays) => {
      const clock = createSimulatedClock()
      const fired: { index: number; at: number }[] = []
      delays.forEach((delayMs, index) => {
        clock.setTimer(() => fired.push({ index, at: clock.now() }), delayMs)
      })
      clock.advance(20)
      const expected = delays.map((at, index) => ({ index, at })).sort((a, b) => a.at - b.at || a.index - b.index)
      expect(fired).toEqual(expected)
    }),
  )
})

test('a timer set by a firing timer fires in the same advance when it is due', () => {
  const clock = createSimulatedClock()
  const seen: string[] = []
  clock.setTimer(() => {
    seen.push(`outer@${clock.now()}`)
    clock.setTimer(() => seen.push(`inner@${clock.now()}`), 5)
  }, 10)
  clock.advance(14)
  expect(seen).toEqual(['outer@10'])
  clock.advance(1)
  expect(seen).toEqual(['outer@10', 'inner@15'])
  expect({ now: clock.now(), pending: clock.pendingTimers(), next: clock.nextDueMs() }).toEqual({
    now: 15,
    pending: 0,
    next: null,
  })
})

test('a delay beyond 2^31 ms fires when due', () => {
  const clock = createSimulatedClock()
  let fired = 0
  clock.setTimer(() => fired++, 2 ** 31 + 5)
  clock.advance(2 ** 31 + 4)
  expect(fired).toBe(0)
  clock.advance(1)
  expect(fired).toBe(1)
})

test('advanceAsync lets awaiting code set its next timer before time moves on', async () => {
  const clock = createSimulatedClock()
  const seen: number[] = []
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimer(resolve, ms))
  const work = (async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(10)
      seen.push(clock.now())
    }
  })()
  await clock.advanceAsync(30)
  await work
  expect(seen).toEqual([10, 20, 30])
})
