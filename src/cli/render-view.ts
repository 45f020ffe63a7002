import type { Painter } from './cli-context.ts'
import { clip, clipStart, displayWidth, padTo } from './display-width.ts'
import { estimateRound, renderRange } from './estimate-time.ts'
import { formatClock, formatCount, formatDuration, modelName, plural } from './format.ts'
import { toPrintableLine } from './printable.ts'
import { PHASE_NAMES } from './render-event-line.ts'
import { type AgentRow, lastLine, type RunView } from './run-view.ts'

export interface ViewOptions {
  readonly nowMs: number
  readonly columns: number
  /** Lines there is room for. */
  readonly rows: number
  readonly paint: Painter
  /** Of the model pool: servers still busy with a request that was given up. */
  readonly draining: number
}

/** Silence that is shown, and silence that is explained. */
const SILENT_MS = 3_000
const EXPLAIN_MS = 10_000

/**
 * Returns the lines of the live view, none wider than `columns - 1` nor more than `rows`: a heading with the round, its clock and
 * what may be left of it, one row per agent, and what a person may wonder about.
 */
export function renderView(view: RunView, options: ViewOptions): string[] {
  if (view.rows.length === 0 || view.isOver) return []
  const width = options.columns - 1
  const notes = renderNotes(view, options).flatMap((note) => options.paint.dim(clip(`  ${note}`, width)))
  const all = [renderHeading(view, options, width), ...view.rows.map((row) => renderRow(row, view, options, width)), ...notes]
  const room = Math.max(1, options.rows)
  return all.length <= room ? all : [...all.slice(0, room - 1), clip(`  … ${all.length - room + 1} more`, width)]
}

function renderHeading(view: RunView, { nowMs, paint }: ViewOptions, width: number): string {
  const what = view.isJudging ? judging(view) : view.phase === null ? 'gathering' : PHASE_NAMES[view.phase]
  const left = view.round === 0 ? 'Starting' : `Round ${view.round} · ${what}`
  const range = view.isJudging ? null : estimateRound(view, nowMs)
  const clock = formatClock(nowMs - view.roundStartMs)
  const right = range === null ? clock : `${clock} · ${renderRange(range)}`
  const gap = width - displayWidth(left) - displayWidth(right)
  return gap < 2 ? paint.bold(clip(left, width)) : `${paint.bold(left)}${' '.repeat(gap)}${paint.dim(right)}`
}

/**
 * How far the judging is; before anything has run there is nothing to count. On how many programs the tests will be run is not known:
 * not on those that do not load.
 */
function judging({ toJudge, judged, tested }: RunView): string {
  const of = (done: readonly string[]) => `judging · ${done.length} of ${plural(toJudge, 'program')}`
  if (judged.length === 0) return tested.length === 0 ? 'judging' : `${of(tested)} tested`
  return `${of(judged)} run${tested.length === 0 ? '' : `, ${tested.length} tested`}`
}

function renderRow(row: AgentRow, view: RunView, options: ViewOptions, width: number): string {
  const nameWidth = Math.min(14, Math.max(...view.rows.map(({ id }) => id.length)))
  const modelWidth = Math.min(18, Math.max(...view.rows.map(({ model }) => displayWidth(shownModel(model)))))
  const head = `  ${padTo(row.id, nameWidth)}  ${padTo(shownModel(row.model), modelWidth)}  `
  const { paint } = options
  const rest = width - displayWidth(head)
  // A terminal this narrow has room for a name only.
  if (rest < 8) return clip(head.trimEnd(), width)
  return `${head}${colorOf(row, paint)(clip(describe(row, view, options, rest), rest))}`
}

function describe(row: AgentRow, view: RunView, { nowMs }: ViewOptions, width: number): string {
  const silentMs = nowMs - row.heardMs
  switch (row.state) {
    case 'idle':
      return '–'
    case 'waiting':
      return `waiting${describeWait(row, view)}`
    case 'reading':
      return `reading the prompt · ${silentMs < SILENT_MS ? formatClock(silentMs) : `silent ${formatDuration(silentMs)}`}`
    case 'writing': {
      const silence = silentMs < SILENT_MS ? '' : ` · silent ${formatDuration(silentMs)}`
      const figures = `writing ${padTo(speed(row), 10)} first ${formatDuration(row.ttftMs ?? 0)}${silence}`
      const line = toPrintableLine(lastLine(row.tail))
      const room = width - displayWidth(figures) - 4
      return line === '' || room < 8 ? figures : `${figures}  "${clipStart(line, room)}"`
    }
    case 'answered':
      return `answered ${row.note}`
    case 'retrying':
      return `failed: ${toPrintableLine(row.note)}`
    case 'out':
      return `takes no further part: ${toPrintableLine(row.note)}`
    default:
      return row.state satisfies never
  }
}

/** Who is blocking whom. */
function describeWait(row: AgentRow, view: RunView): string {
  const users = view.rows.filter(
    (other) => other.id !== row.id && other.model === row.model && (other.state === 'reading' || other.state === 'writing'),
  )
  return users.length === 0 ? ' for its model' : ` · its model answers ${users.map(({ id }) => id).join(', ')}`
}

/** Tokens a second, about: a piece of a stream is a token on most servers. */
function speed(row: AgentRow): string {
  const seconds = row.firstTextMs === null ? 0 : (row.heardMs - row.firstTextMs) / 1000
  return seconds < 0.5 ? '' : `~${Math.round((row.pieces - 1) / seconds)} tok/s`
}

function renderNotes(view: RunView, { nowMs, draining }: ViewOptions): string[] {
  const notes: string[] = []
  if (draining > 0)
    notes.push(`${plural(draining, 'request')} given up; a server notices at its next token and is busy until then`)
  const silent = view.rows.find((row) => row.state === 'reading' && nowMs - row.heardMs >= EXPLAIN_MS)
  if (silent !== undefined) {
    notes.push(`A model says nothing while it loads and while it reads its prompt (prefill).${prefillSpeed(view, silent)}`)
  }
  return notes
}

/** What this run has seen of the model's reading. */
function prefillSpeed(view: RunView, { model }: AgentRow): string {
  const seen = view.finished.findLast((turn) => turn.model === model && turn.ttftMs !== null && turn.inputTokens !== null)
  if (seen?.ttftMs == null || seen.inputTokens === null) return ''
  return ` Its last ${formatCount(seen.inputTokens)} tokens took ${formatDuration(seen.ttftMs)}.`
}

function shownModel(model: string | null): string {
  return model === null ? '–' : toPrintableLine(modelName(model))
}

function colorOf({ state }: AgentRow, paint: Painter): (text: string) => string {
  if (state === 'writing') return paint.cyan
  if (state === 'answered') return paint.green
  if (state === 'retrying') return paint.yellow
  if (state === 'out') return paint.red
  return paint.dim
}
