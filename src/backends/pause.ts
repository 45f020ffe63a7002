import type { Clock } from '../ports/clock.ts'
import { onAbort } from './on-abort.ts'

/** Resolves after `ms` on the clock, or at once when the signal is aborted; whoever awaits looks at the signal. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => {
      stopListening()
      resolve()
    }, ms)
    const stopListening = onAbort(signal, () => {
      clock.clearTimer(timer)
      resolve()
    })
  })
}
