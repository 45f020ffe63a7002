import type { Clock, TimerHandle } from '../ports/clock.ts'

/** The longest delay Node's timers take; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

interface SystemTimer {
  timeout: NodeJS.Timeout | null
}

/**
 * Returns the real clock: `performance.now()` for durations, `Date.now()` for people. A delay beyond 2^31 ms is waited
 * for in pieces; a timer that Node fires early (its own clock counts whole milliseconds) is armed again for the rest.
 */
export function createSystemClock(): Clock {
  const now = () => performance.now()

  const arm = (timer: SystemTimer, fire: () => void, dueMs: number) => {
    const restMs = Math.max(0, Math.ceil(dueMs - now()))
    timer.timeout = setTimeout(
      () => {
        if (now() < dueMs) return arm(timer, fire, dueMs)
        timer.timeout = null
        fire()
      },
      Math.min(restMs, LONGEST_DELAY_MS),
    )
  }

  return {
    now,
    wallMs: () => Date.now(),
    setTimer(fire, delayMs) {
      const timer: SystemTimer = { timeout: null }
      arm(timer, fire, now() + Math.max(0, delayMs))
      return timer
    },
    clearTimer(handle: TimerHandle) {
      const timer = handle as SystemTimer
      if (timer.timeout !== null) clearTimeout(timer.timeout)
      timer.timeout = null
    },
  }
}
