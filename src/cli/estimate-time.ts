import type { RunView } from './run-view.ts'

/** Ms, from and to. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** A range wider than this says nothing. */
const WIDEST = 8

/**
 * Returns how much longer the open round may take, from the answers of this run alone; null where they say too little: no answer
 * yet, a model nobody has finished with, a spread beyond 8 times, or a round that has already outlasted its estimate. Turns of
 * one model are taken to go one after another at worst and all at once at best.
 */
export function estimateRound(view: RunView, nowMs: number): TimeRange | null {
  const waiting = new Map<string, { turns: number; runMs: number }>()
  for (const row of view.rows) {
    if (!view.pending.includes(row.id) || row.model === null) continue
    const isRunning = row.state === 'reading' || row.state === 'writing'
    const queue = waiting.get(row.model) ?? { turns: 0, runMs: 0 }
    waiting.set(row.model, { turns: queue.turns + 1, runMs: Math.max(queue.runMs, isRunning ? nowMs - row.sinceMs : 0) })
  }
  if (waiting.size === 0) return null
  let fromMs = 0
  let toMs = 0
  for (const [model, { turns, runMs }] of waiting) {
    const known = view.finished.filter((turn) => turn.model === model).map((turn) => turn.totalMs)
    if (known.length === 0) return null
    fromMs = Math.max(fromMs, Math.min(...known) - runMs)
    toMs = Math.max(toMs, Math.max(...known) * turns - runMs)
  }
  if (toMs <= 0) return null
  const from = Math.max(1_000, fromMs)
  const to = Math.max(from, toMs)
  return to / from > WIDEST ? null : { fromMs: from, toMs: to }
}

/** Returns `about 20–40 s left`, `about 2–4 min left`. */
export function renderRange({ fromMs, toMs }: TimeRange): string {
  const isMinutes = toMs >= 90_000
  const unit = isMinutes ? 60_000 : 1_000
  const [from, to] = [Math.max(1, Math.floor(fromMs / unit)), Math.max(1, Math.ceil(toMs / unit))]
  return `about ${from === to ? to : `${from}–${to}`} ${isMinutes ? 'min' : 's'} left`
}
