import type { Phase, RunEvent, TokenDelta } from '../domain/event.ts'
import type { AgentId } from '../domain/ids.ts'
import { formatDuration } from './format.ts'
import { answerFigures } from './render-event-line.ts'

/** What an agent is doing, as its row shows it. */
type RowState = 'idle' | 'waiting' | 'reading' | 'writing' | 'answered' | 'retrying' | 'out'

export interface AgentRow {
  readonly id: AgentId
  /** Key of the model it uses, or will use first; null while none is known. */
  readonly model: string | null
  readonly state: RowState
  /** Ms of the run at which the state began. */
  readonly sinceMs: number
  /** Ms of the run at which something was last heard from its model. */
  readonly heardMs: number
  readonly ttftMs: number | null
  readonly firstTextMs: number | null
  /** Pieces of text so far: about a token each. */
  readonly pieces: number
  /** Tail of the answer so far, as it came. */
  readonly tail: string
  /** Words for states that need some: figures of an answer, why it failed. */
  readonly note: string
}

/** A finished answer, for estimates. */
export interface TurnFigures {
  readonly model: string
  readonly totalMs: number
  readonly ttftMs: number | null
  readonly inputTokens: number | null
}

/** What the live view knows of a run; folded from its events and its text, no clock inside. */
export interface RunView {
  readonly round: number
  readonly phase: Phase | null
  readonly roundStartMs: number
  /** Agents of the open round that have not ended their turn. */
  readonly pending: readonly AgentId[]
  readonly rows: readonly AgentRow[]
  readonly finished: readonly TurnFigures[]
  readonly isJudging: boolean
  /** Programs being judged, and those of them whose executions have ended. */
  readonly toJudge: number
  readonly judged: readonly string[]
  /** Those the user's tests have run on. */
  readonly tested: readonly string[]
  readonly isOver: boolean
}

export const EMPTY_VIEW: RunView = {
  round: 0,
  phase: null,
  roundStartMs: 0,
  pending: [],
  rows: [],
  finished: [],
  isJudging: false,
  toJudge: 0,
  judged: [],
  tested: [],
  isOver: false,
}

/** Characters of an answer that are kept to show its last line. */
const TAIL_CHARACTERS = 240

/** Returns the view after `event`, which happened `nowMs` into the run. */
export function foldEvent(view: RunView, event: RunEvent, nowMs: number): RunView {
  switch (event.type) {
    case 'run.started':
      return { ...view, rows: event.agents.map(({ id }) => newRow(id, nowMs)) }
    case 'agents.assigned': {
      const models = new Map(event.agents.map((agent) => [agent.id, agent.models[0] ?? null]))
      return { ...view, rows: view.rows.map((row) => ({ ...row, model: models.get(row.id) ?? row.model })) }
    }
    case 'round.started':
      return { ...view, round: event.round, phase: event.phase, roundStartMs: nowMs, pending: event.agents, isJudging: false }
    case 'turn.started':
      return withRow(view, event.agent, { ...fresh(nowMs), state: 'waiting' })
    case 'turn.granted':
      return withRow(view, event.agent, { ...fresh(nowMs), state: 'reading', model: event.model })
    case 'turn.first_token':
      return withRow(view, event.agent, { ttftMs: event.ttftMs })
    case 'turn.completed': {
      const { model, timings, usage } = event
      const figures = { model, totalMs: timings.totalMs, ttftMs: timings.ttftMs, inputTokens: usage.inputTokens }
      const next = withRow(ended(view, event.agent), event.agent, {
        state: 'answered',
        sinceMs: nowMs,
        note: answerFigures(event),
      })
      return { ...next, finished: [...view.finished, figures] }
    }
    case 'turn.failed': {
      const again = event.retryInMs === null ? '' : `, again in ${formatDuration(event.retryInMs)}`
      return withRow(view, event.agent, { state: 'retrying', sinceMs: nowMs, note: `${event.code}${again}` })
    }
    case 'agent.abstained':
      return withRow(ended(view, event.agent), event.agent, { state: 'out', sinceMs: nowMs, note: event.reason })
    case 'round.completed':
      return { ...view, pending: [], isJudging: true, toJudge: 0, judged: [], tested: [] }
    case 'run.completed':
      return { ...view, pending: [], isJudging: false, isOver: true }
    case 'candidates.gated':
      return { ...view, pending: [], isJudging: true, toJudge: event.candidates.length, judged: [], tested: [] }
    case 'evidence.gathered':
      return event.tests === undefined
        ? { ...view, judged: withOnce(view.judged, event.candidate) }
        : { ...view, tested: withOnce(view.tested, event.candidate) }
    case 'run.resumed':
    case 'candidates.ranked':
    case 'debate.opened':
    case 'verdict.reached':
      return view
    default:
      return event satisfies never
  }
}

/** Returns the view after text arrived `nowMs` into the run. */
export function foldToken(view: RunView, { agent, text }: TokenDelta, nowMs: number): RunView {
  const row = view.rows.find(({ id }) => id === agent)
  if (row === undefined) return view
  return withRow(view, agent, {
    state: 'writing',
    heardMs: nowMs,
    firstTextMs: row.firstTextMs ?? nowMs,
    pieces: row.pieces + 1,
    tail: (row.tail + text).slice(-TAIL_CHARACTERS),
    sinceMs: row.state === 'writing' ? row.sinceMs : nowMs,
  })
}

/** Returns the last line of an answer that has something on it, as it came. */
export function lastLine(tail: string): string {
  return tail.trimEnd().split('\n').at(-1)?.trim() ?? ''
}

function newRow(id: AgentId, nowMs: number): AgentRow {
  return { id, model: null, state: 'idle', ...fresh(nowMs) }
}

function fresh(nowMs: number) {
  return { sinceMs: nowMs, heardMs: nowMs, ttftMs: null, firstTextMs: null, pieces: 0, tail: '', note: '' }
}

function withRow(view: RunView, id: AgentId, change: Partial<AgentRow>): RunView {
  return { ...view, rows: view.rows.map((row) => (row.id === id ? { ...row, ...change } : row)) }
}

function withOnce(ids: readonly string[], id: string): readonly string[] {
  return ids.includes(id) ? ids : [...ids, id]
}

function ended(view: RunView, id: AgentId): RunView {
  return { ...view, pending: view.pending.filter((pending) => pending !== id) }
}
