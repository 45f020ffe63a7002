import type { ActorPath, EffectId } from './ids.ts'

/** Version of the record schema written today; older ones are lifted by upcasters on read. */
export const RECORD_VERSION = 1

/**
 * What crosses a run's boundary, and nothing else:
 * `start` the spec · `cmd` a user's or API's command · `tick` a timer fired · `chunk` text of a model, coalesced, or a candidate's row of a result ·
 * `ok`/`err` an effect's result · `grant`/`revoke` the pool gave or took a slot · `retry` an effect was issued again ·
 * `override` what a fork changed · `note` a human's mark, not folded · `upgraded` the run went on in another process or under
 * newer code · `end` sealed; after an interruption more may follow.
 */
export type RecordKind =
  | 'start'
  | 'cmd'
  | 'tick'
  | 'chunk'
  | 'ok'
  | 'err'
  | 'grant'
  | 'revoke'
  | 'retry'
  | 'override'
  | 'note'
  | 'upgraded'
  | 'end'

/** What one input caused: timer set (id, ms) / cleared, effect requested (with the hash of
 * its input) / cancelled. Emitted events are covered by the digest `h`. */
export type Output =
  | readonly ['T', number, number]
  | readonly ['t', number]
  | readonly ['R', EffectId, string, string]
  | readonly ['C', EffectId]

/** One line of a run's log. `(run, seq)` is its identity everywhere. */
export interface LogRecord {
  /** Record schema version; written on the `start` record only, it holds for the whole log. */
  readonly v?: number
  /** Gapless from 0. */
  readonly seq: number
  /** Logical ms since the run started; never decreases. */
  readonly t: number
  readonly k: RecordKind
  /** The actor the input was for; absent where `id` names an effect, whose path it is. */
  readonly a?: ActorPath
  /** Effect, timer or command id. */
  readonly id?: string
  /** Attempt, from 1; absent means 1. */
  readonly att?: number
  readonly d?: unknown
  readonly o?: readonly Output[]
  /** Rolling digest of outputs and state after this input; absent where an input changes neither (later chunks, notes). */
  readonly h?: string
}
