import type { RunRuntime } from '../actors/effect-actor.ts'
import type { RunEvent, TokenDelta } from '../domain/event.ts'
import type { EffectId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import { type Replay, type ReplayMode, replayRecords } from './replay-run.ts'

/** What was to be seen at one moment of a run. */
export interface Moment {
  /** Logical ms since the run began. */
  readonly t: number
  readonly events: readonly RunEvent[]
  readonly text: TokenDelta | null
}

/** A replayed run with all that was to be seen of it, in order, for playing it back as it happened. */
export interface Timeline {
  readonly replay: Replay
  readonly moments: readonly Moment[]
}

interface Speaker {
  readonly agent: string
  offset: number
}

/** Replays `records` as `replayRecords` does and returns when what was to be seen. Text comes in the pieces that were logged. */
export function timelineOf(records: Iterable<LogRecord>, runtime: RunRuntime, mode: ReplayMode): Timeline {
  const moments: Moment[] = []
  const speakers = new Map<EffectId, Speaker>()
  const replay = replayRecords(
    records,
    runtime,
    (record, events, _fold, step) => {
      const speaker = speakers.get(record.id ?? '')
      if (record.k === 'retry' && speaker !== undefined) speaker.offset = 0
      const text = textOf(record)
      const delta =
        speaker === undefined || text === ''
          ? null
          : { turn: record.id ?? '', agent: speaker.agent, offset: speaker.offset, text }
      if (speaker !== undefined) speaker.offset += text.length
      if (delta !== null || events.length > 0) moments.push({ t: record.t, events, text: delta })
      for (const { id, input } of step.requested) {
        const agent = (input as { agent?: unknown }).agent
        if (typeof agent === 'string') speakers.set(id, { agent, offset: 0 })
      }
    },
    mode,
  )
  return { replay, moments }
}

function textOf({ k, d }: LogRecord): string {
  const { text, tail } = (typeof d === 'object' && d !== null ? d : {}) as { text?: unknown; tail?: unknown }
  const said = k === 'chunk' ? text : k === 'ok' ? tail : null
  return typeof said === 'string' ? said : ''
}
