import { createRunRuntime, type RunRuntime } from '../actors/effect-actor.ts'
import { RunFold } from '../actors/run-fold.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { RunEvent } from '../domain/event.ts'
import type { LogRecord, Output } from '../domain/record.ts'
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
 * Folds a log again, with no backend, no timer and no write. Stops at the first record whose outputs or digest differ
 * from what was recorded. Equal logs give equal digests in every process. Throws `LOG_CORRUPT` on a log without a start.
 */
export function replayRecords(records: Iterable<LogRecord>, runtime: RunRuntime = createRunRuntime()): Replay {
  const fold = new RunFold(runtime)
  const events: RunEvent[] = []
  let count = 0
  for (const record of records) {
    if (count === 0 && record.k !== 'start') {
      throw new CodeConductorError('LOG_CORRUPT', 'the log does not begin with a start record', {
        hint: 'codeconductor runs verify',
      })
    }
    count += 1
    const before = fold.digest
    const step = fold.apply(record)
    for (const event of step.events) events.push(event)
    if (differs(record, step.outputs, step.digest, before)) {
      return {
        records: count,
        digest: fold.digest,
        events,
        context: fold.context,
        isDone: fold.isDone,
        divergence: describe(record, step.outputs, step.digest),
      }
    }
  }
  return { records: count, digest: fold.digest, events, context: fold.context, isDone: fold.isDone, divergence: null }
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

function describe(record: LogRecord, got: readonly Output[], digest: string): Divergence {
  return {
    seq: record.seq,
    kind: record.k,
    actor: record.a ?? record.id ?? '',
    recorded: record.o ?? [],
    got,
    recordedDigest: record.h ?? null,
    gotDigest: digest,
  }
}
