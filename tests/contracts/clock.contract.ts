import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/ports/clock.ts'

export interface ClockUnderTest {
  readonly clock: Clock
  /** Lets `ms` pass on this clock. */
  pass(ms: number): Promise<void>
}

/** The contract of `ports/clock.ts`; the numbers are its own. */
export function clockContract(name: string, create: () => ClockUnderTest): void {
  describe(`clock contract: ${name}`, () => {
    test('1: now never goes back and differences are durations', async () => {
      const { clock, pass } = create()
      const before = clock.now()
      await pass(20)
      const after = clock.now()
      expect(after - before).toBeGreaterThanOrEqual(20)
      expect(clock.now()).toBeGreaterThanOrEqual(after)
    })

    test('2: the wall clock is whole epoch milliseconds', () => {
      const { clock } = create()
      expect(Number.isInteger(clock.wallMs())).toBe(true)
      expect(clock.wallMs()).toBeGreaterThan(Date.UTC(2020, 0, 1))
    })

    test('3: a timer fires once, not early and never while it is being set', async () => {
      const { clock, pass } = create()
      const firedAt: number[] = []
      const setAt = clock.now()
      clock.setTimer(() => firedAt.push(clock.now() - setAt), 15)
      clock.setTimer(() => firedAt.push(clock.now() - setAt), 0)
      expect(firedAt).toEqual([])
      await pass(60)
      expect(firedAt).toHaveLength(2)
      expect(firedAt[1]).toBeGreaterThanOrEqual(15)
    })

    test('3: a delay beyond 2^31 ms does not fire at once', async () => {
      const { clock, pass } = create()
      let fired = 0
      const timer = clock.setTimer(() => fired++, 2 ** 31 + 5)
      await pass(20)
      expect(fired).toBe(0)
      clock.clearTimer(timer)
    })

    test('4: a cleared timer never fires and clearing again is harmless', async () => {
      const { clock, pass } = create()
      let fired = 0
      const cleared = clock.setTimer(() => fired++, 5)
      const kept = clock.setTimer(() => fired++, 5)
      clock.clearTimer(cleared)
      clock.clearTimer(cleared)
      await pass(30)
      expect(fired).toBe(1)
      clock.clearTimer(kept)
    })
  })
}
