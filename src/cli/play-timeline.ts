import type { Moment } from '../app/replay-timeline.ts'
import type { Clock } from '../ports/clock.ts'
import type { CliContext } from './cli-context.ts'
import { formatClock } from './format.ts'
import { toJsonLine } from './printable.ts'
import { renderEventLine } from './render-event-line.ts'
import { createLiveView, type RunDisplay } from './show-live.ts'

/**
 * Shows a replayed run as it happened, `speed` times as fast: in the live view on a terminal, else line by line. Returns
 * false when Ctrl-C or SIGTERM ended it before its end.
 */
export async function playTimeline(
  context: CliContext,
  clock: Clock,
  moments: readonly Moment[],
  speed: number,
): Promise<boolean> {
  const startMs = clock.now()
  const nowMs = (): number => (clock.now() - startMs) * speed
  const display = createDisplay(context, clock, nowMs)
  let isStopped = false
  let wake = (): void => {}
  const leave = context.onInterrupt(() => {
    isStopped = true
    wake()
  })
  try {
    for (const { t, events, text } of moments) {
      const waitMs = (t - nowMs()) / speed
      if (waitMs > 0) {
        await new Promise<void>((resolve) => {
          const timer = clock.setTimer(resolve, waitMs)
          wake = () => {
            clock.clearTimer(timer)
            resolve()
          }
        })
      }
      if (isStopped) return false
      for (const event of events) display.event(event)
      if (text !== null) display.token(text)
    }
    return true
  } finally {
    leave()
    display.close()
  }
}

function createDisplay(context: CliContext, clock: Clock, nowMs: () => number): RunDisplay {
  if (context.mode === 'live') return createLiveView({ context, clock, nowMs, load: () => ({ waiting: 0, draining: 0 }) })
  return {
    print: () => {},
    token: () => {},
    close: () => {},
    event: (event) => {
      const line = context.mode === 'json' ? null : renderEventLine(event)
      if (context.mode === 'json') context.stdout.write(toJsonLine(event))
      else if (line !== null) context.stdout.write(`${formatClock(event.t).padStart(6)}  ${line}\n`)
    },
  }
}
