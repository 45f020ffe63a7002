import type { RunRuntime } from '../actors/effect-actor.ts'
import type { RunEvent } from '../domain/event.ts'
import type { EffectId } from '../domain/ids.ts'
import { type ChatMessage, renderMessages } from '../domain/message.ts'
import type { LogRecord } from '../domain/record.ts'
import type { ModelRequest } from '../machines/effects.ts'
import { replayRecords } from './replay-run.ts'

/** One turn's prompt as it was sent, and the hash its log line carries. */
interface SentPrompt extends Pick<ModelRequest, 'agent' | 'phase' | 'round' | 'attempt'> {
  readonly id: EffectId
  readonly inputHash: string
  readonly messages: readonly ChatMessage[]
}

/** What a log says of a run besides its end. Times are epoch ms; null where the log does not hold them. */
export interface RunHistory {
  readonly events: readonly RunEvent[]
  readonly prompts: readonly SentPrompt[]
  /** Logical ms in which at least one effect of a name was under way, by name. */
  readonly effectMs: ReadonlyMap<string, number>
  readonly isSealed: boolean
  /** When the run was first started. */
  readonly startedMs: number | null
  /** Returns when a logical ms was on the wall clock. A run that was gone on with has several beginnings. */
  wallMs(t: number): number | null
}

/** Where a logical ms stands on the wall clock. */
interface Anchor {
  readonly t: number
  readonly atMs: number
}

/** Returns the history in `records`. A record today's machines do not fold as it was written ends it. */
export function readHistory(records: readonly LogRecord[], runtime: RunRuntime): RunHistory {
  const prompts: SentPrompt[] = []
  const anchors: Anchor[] = []
  const open = new Map<EffectId, { readonly name: string; readonly t: number }>()
  const effectMs = new Map<string, number>()
  const close = (id: EffectId | undefined, t: number): void => {
    const effect = id === undefined ? undefined : open.get(id)
    if (id === undefined || effect === undefined) return
    open.delete(id)
    effectMs.set(effect.name, (effectMs.get(effect.name) ?? 0) + t - effect.t)
  }
  const { events } = replayRecords(records, runtime, (record, _events, _fold, step) => {
    const atMs =
      record.k === 'start' ? numberOf(record.d, 'startedMs') : record.k === 'upgraded' ? numberOf(record.d, 'atMs') : null
    if (atMs !== null) anchors.push({ t: record.t, atMs })
    if (record.k === 'ok' || record.k === 'err') close(record.id, record.t)
    for (const id of step.cancelled) close(id, record.t)
    for (const { id, name, input, inputHash } of step.requested) {
      open.set(id, { name, t: record.t })
      if (name !== 'model') continue
      const { agent, phase, round, attempt, prompt } = input as ModelRequest
      prompts.push({ id, agent, phase, round, attempt, inputHash, messages: renderMessages(prompt) })
    }
  })
  return {
    events,
    prompts,
    effectMs,
    isSealed: records.at(-1)?.k === 'end',
    startedMs: anchors[0]?.atMs ?? null,
    wallMs: (t) => toWallMs(anchors, t),
  }
}

/** Returns what is known of a run whose log cannot be read: what was seen of it while it went. */
export function seenHistory(events: readonly RunEvent[]): RunHistory {
  return { events, prompts: [], effectMs: new Map(), isSealed: false, startedMs: null, wallMs: () => null }
}

function toWallMs(anchors: readonly Anchor[], t: number): number | null {
  const anchor = anchors.findLast((each) => each.t <= t)
  return anchor === undefined ? null : anchor.atMs + (t - anchor.t)
}

function numberOf(data: unknown, field: string): number | null {
  const value = typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>)[field] : undefined
  return typeof value === 'number' ? value : null
}
