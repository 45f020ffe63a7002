import type { RunEvent, TokenDelta } from '../domain/event.ts'
import type { Clock, TimerHandle } from '../ports/clock.ts'
import type { CliContext } from './cli-context.ts'
import { displayWidth } from './display-width.ts'
import { isTurnEvent, renderEventLine } from './render-event-line.ts'
import { renderView } from './render-view.ts'
import { EMPTY_VIEW, foldEvent, foldToken, type RunView } from './run-view.ts'
import { wrap } from './wrap.ts'

/** Where a run is shown as it goes. */
export interface RunDisplay {
  event(event: RunEvent): void
  token(delta: TokenDelta): void
  /** One line of our own. */
  print(line: string): void
  /** Leaves the terminal as it was found. Idempotent. */
  close(): void
}

export interface LiveOptions {
  readonly context: CliContext
  readonly clock: Clock
  /** Ms since the run began. */
  readonly nowMs: () => number
  readonly load: () => { readonly waiting: number; readonly draining: number }
}

const FRAME_MS = 100
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const ERASE_DOWN = '\x1b[0J'
/** A line too long after the terminal shrank must not wrap into a mess. */
const ERASE_LINE = '\x1b[K'

/**
 * Returns a view that redraws itself in place on stderr, ten times a second, with what is news in lines above it. It uses no
 * alternate screen and no raw mode: what scrolled by stays, and the keyboard stays the shell's.
 */
export function createLiveView({ context, clock, nowMs, load }: LiveOptions): RunDisplay {
  const { stderr, paintErr: paint } = context
  let view: RunView = EMPTY_VIEW
  let drawn: readonly string[] = []
  let timer: TimerHandle | null = null
  let isClosed = false
  const forget = context.onExit(() => stderr.write(SHOW_CURSOR))
  const stopListening = stderr.onResize(() => draw())
  stderr.write(HIDE_CURSOR)

  const erase = (): string => (drawn.length === 0 ? '' : `\x1b[${physicalRows(drawn, stderr.columns)}A\r${ERASE_DOWN}`)
  function draw(above: readonly string[] = []): void {
    if (isClosed) return
    const { columns, rows } = stderr
    const lines = renderView(view, { nowMs: nowMs(), columns, rows: rows - 2, paint, draining: load().draining })
    const news = above.flatMap((line) => wrap(line, columns - 1))
    stderr.write(`${erase()}${[...news, ...lines].map((line) => `${line}${ERASE_LINE}\n`).join('')}`)
    drawn = lines
  }
  function schedule(): void {
    timer ??= clock.setTimer(() => {
      timer = null
      draw()
      schedule()
    }, FRAME_MS)
  }
  schedule()

  return {
    event(event) {
      view = foldEvent(view, event, nowMs())
      const line = isTurnEvent(event) || event.type === 'run.completed' ? null : renderEventLine(event)
      draw(line === null ? [] : [line])
    },
    token(delta) {
      view = foldToken(view, delta, nowMs())
    },
    print: (line) => draw([line]),
    close() {
      if (isClosed) return
      isClosed = true
      if (timer !== null) clock.clearTimer(timer)
      stopListening()
      forget()
      stderr.write(`${erase()}${SHOW_CURSOR}`)
    },
  }
}

/** Returns how many rows `lines` take now: a terminal that became narrower has wrapped them. */
function physicalRows(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(withoutColor(line)) / columns)), 0)
}

function withoutColor(line: string): string {
  return line.replace(/\x1b\[[0-9;]*m/g, '')
}
