import { createRunRuntime, type RunRuntime } from '../actors/effect-actor.ts'
import { type FoldStep, type OpenEffect, RunFold } from '../actors/run-fold.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { RunEvent } from '../domain/event.ts'
import { type LogRecord, type Output, RECORD_VERSION } from '../domain/record.ts'
import { upcastRecord } from '../domain/upcast.ts'
import type { RunContext } from '../machines/run-context.ts'

/** The first place where the machines of today and the log part. */
export interface Divergence {
  readonly seq: number
  readonly kind: string
  readonly actor: string
  readonly recorded: readonly Output[]
  readonly got: readonly Output[]
  readonly recordedDigest: string | null
  readonly gotDigest: string
  /** The first effect that is asked differently today; null when the effects are the same and something else differs. */
  readonly effect: OpenEffect | null
}

export interface Replay {
  readonly records: number
  readonly digest: string
  readonly events: readonly RunEvent[]
  readonly context: RunContext | null
  readonly isDone: boolean
  readonly divergence: Divergence | null
}

/**
 * What counts as a divergence. `strict`: any difference in outputs or digest. `effects`: what was asked of the outside
 * (effect ids and the hashes of their inputs), so that states may be rebuilt. `outcome`: only how the run ended.
 */
export type ReplayMode = 'strict' | 'effects' | 'outcome'

/** Sees every record as it is folded, with the events it caused and the fold after it. */
export type ReplayWatcher = (record: LogRecord, events: readonly RunEvent[], fold: RunFold, step: FoldStep) => void

/**
 * Folds a log again, with no backend, no timer and no write. Stops at the first record whose outputs or digest differ
 * from what was recorded. Equal logs give equal digests in every process. Throws `LOG_CORRUPT` on a log without a start.
 */
export function replayRecords(
  records: Iterable<LogRecord>,
  runtime: RunRuntime = createRunRuntime(),
  watch?: ReplayWatcher,
  mode: ReplayMode = 'strict',
): Replay {
  const fold = new RunFold(runtime)
  const events: RunEvent[] = []
  let count = 0
  for (const record of readable(records)) {
    count += 1
    const before = fold.digest
    const step = fold.apply(record)
    for (const event of step.events) events.push(event)
    watch?.(record, step.events, fold, step)
    if (isDivergent(mode, record, step, before, events)) {
      return { ...stateOf(fold), records: count, events, divergence: describe(record, step) }
    }
  }
  return { ...stateOf(fold), records: count, events, divergence: null }
}

function stateOf(fold: RunFold): Pick<Replay, 'digest' | 'context' | 'isDone'> {
  return { digest: fold.digest, context: fold.context, isDone: fold.isDone }
}

/**
 * Yields the records of a log as today's version writes them. Throws `LOG_CORRUPT` on a log without a start, `LOG_TOO_NEW`
 * on one of a later version of the product.
 */
function* readable(records: Iterable<LogRecord>): Generator<LogRecord> {
  let version: number | null = null
  for (const record of records) {
    version ??= versionOf(record)
    yield upcastRecord(version, record)
  }
}

function versionOf(first: LogRecord): number {
  if (first.k !== 'start') {
    throw new CodeConductorError('LOG_CORRUPT', 'the log does not begin with a start record', { hint: 'codeconductor runs list' })
  }
  const version = first.v ?? 1
  if (version > RECORD_VERSION) {
    throw new CodeConductorError('LOG_TOO_NEW', `the log has version ${version}; this product reads up to ${RECORD_VERSION}`, {
      hint: 'npm install -g codeconductor@latest',
    })
  }
  return version
}

/** Folds a log into `fold`, to go on from there. Throws `REPLAY_DIVERGED` naming the first record that differs. */
export function foldRecords(fold: RunFold, records: readonly LogRecord[]): { readonly events: readonly RunEvent[] } {
  const events: RunEvent[] = []
  for (const record of readable(records)) {
    const before = fold.digest
    const step = fold.apply(record)
    events.push(...step.events)
    if (differs(record, step.outputs, step.digest, before)) {
      const { seq, kind, actor } = describe(record, step)
      throw new CodeConductorError(
        'REPLAY_DIVERGED',
        `record ${seq} (${kind} ${actor}) is not what today's machines make of it`,
        {
          hint: 'codeconductor replay last',
          details: { seq, kind, actor },
        },
      )
    }
  }
  return { events }
}

function isDivergent(mode: ReplayMode, record: LogRecord, step: FoldStep, before: string, events: readonly RunEvent[]): boolean {
  switch (mode) {
    case 'strict':
      return differs(record, step.outputs, step.digest, before)
    case 'effects':
      return requestsOf(record.o ?? []) !== requestsOf(step.outputs)
    case 'outcome':
      return record.k === 'end' && outcomeOf(record.d) !== outcomeOf(events.findLast((event) => event.type === 'run.completed'))
  }
}

/** The effects asked for, in an order of their own: agents may be asked in another one. */
function requestsOf(outputs: readonly Output[]): string {
  return outputs
    .filter((output) => output[0] === 'R')
    .map((output) => output.slice(1).join(' '))
    .sort()
    .join('\n')
}

function outcomeOf(end: unknown): string {
  const { outcome, stopReason, winner } = (end ?? {}) as { outcome?: string; stopReason?: string; winner?: string | null }
  return `${outcome} ${stopReason} ${winner ?? ''}`
}

function differs(record: LogRecord, got: readonly Output[], digest: string, before: string): boolean {
  return record.h === undefined ? digest !== before : record.h !== digest || !sameOutputs(record.o ?? [], got)
}

function sameOutputs(recorded: readonly Output[], got: readonly Output[]): boolean {
  return (
    recorded.length === got.length &&
    recorded.every((output, i) => output.length === got[i]?.length && output.every((part, j) => part === got[i]?.[j]))
  )
}

function describe(record: LogRecord, step: FoldStep): Divergence {
  const recorded = new Set((record.o ?? []).map((output) => output.join(' ')))
  const asked = step.requested.find(({ id, name, inputHash }) => !recorded.has(`R ${id} ${name} ${inputHash}`))
  return {
    seq: record.seq,
    kind: record.k,
    actor: record.a ?? record.id ?? '',
    recorded: record.o ?? [],
    got: step.outputs,
    recordedDigest: record.h ?? null,
    gotDigest: step.digest,
    effect: asked ?? null,
  }
}
