import type { Clock } from '../ports/clock.ts'

/** Resolves after `ms` on the clock, or at once when the signal is aborted; whoever awaits looks at the signal. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = () => {
      clock.clearTimer(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = clock.setTimer(wake, ms)
    signal.addEventListener('abort', wake, { once: true })
  })
}
