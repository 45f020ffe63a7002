import { LiveRun } from '../actors/live-run.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { EffectId, RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import type { RunChange } from '../machines/run-context.ts'
import { driveLog } from './drive-log.ts'
import { foldRecords, replayRecords } from './replay-run.ts'
import { runFacts } from './run-header.ts'
import type { Services } from './services.ts'
import type { RunHandle, StartOptions } from './start-run.ts'

export interface ForkPlan {
  /** The last record that is kept. */
  readonly seq: number
  /** Effects that were in flight there, asked again as they are. */
  readonly askedAgain: readonly EffectId[]
  /** Effects that were in flight there and are given up, because the change concerns them. */
  readonly cancelled: readonly EffectId[]
}

export interface ForkHandle extends RunHandle {
  readonly plan: ForkPlan
  readonly parent: RunId
}

/**
 * Starts a new run that shares its parent's log up to `at` and goes on from there with `change`. What came before costs
 * nothing: no effect before the fork is done again. `at` is a record (`60`), a round (`round:2`, as it was opened) or a
 * count of answered turns (`turn:15`). Throws `USAGE` when there is no such place, and `REPLAY_DIVERGED`, with no run left
 * behind, where the machines of today do not fold the parent's log as it was recorded.
 */
export async function forkRun(
  parent: RunId,
  at: string,
  change: RunChange,
  services: Services,
  options: StartOptions = {},
): Promise<ForkHandle> {
  const { records } = await services.store.read(parent)
  const seq = seqOf(records, at)
  const runId = services.createRunId()
  const kept = records.slice(0, seq + 1).map((record) => (record.seq === 0 ? reparent(record, runId, parent, seq) : record))
  const log = await services.store.create(runId)
  let plan: ForkPlan = { seq, askedAgain: [], cancelled: [] }
  const begin: Parameters<typeof driveLog>[1] = (fold, onEnd, onEvent) => {
    for (const record of kept) log.append(record)
    for (const event of foldRecords(fold, kept).events) onEvent(event)
    const live = new LiveRun(
      { fold, log, executors: services.executors, clock: services.clock, onEvent, onToken: options.onToken ?? (() => {}), onEnd },
      { nextSeq: seq + 1, t: kept.at(-1)?.t ?? 0 },
    )
    const before = fold.openEffects().map((effect) => effect.id)
    live.override(change)
    const after = new Set(fold.openEffects().map((effect) => effect.id))
    plan = { seq, askedAgain: before.filter((id) => after.has(id)), cancelled: before.filter((id) => !after.has(id)) }
    live.resume(new Map(), runFacts(services))
    return live
  }
  const handle = await driveLog({ runId, services, options }, begin, async () => {
    await log.close()
    await services.store.remove(runId)
  })
  return Object.assign(handle, { plan, parent })
}

function reparent(record: LogRecord, runId: RunId, parent: RunId, seq: number): LogRecord {
  return { ...record, d: { ...(record.d as object), runId, parent: { runId: parent, seq } } }
}

/** Returns the last record to keep for a place in a run. */
export function seqOf(records: readonly LogRecord[], at: string): number {
  const match = /^(?:(round|turn):)?(\d+)$/.exec(at)
  if (match === null) throw noPlace(at, 'give a record (60), a round (round:2) or a number of answered turns (turn:15)')
  const kind = match[1]
  const n = Number(match[2])
  const seq = kind === undefined ? n : seqOfEvent(records, kind === 'round' ? 'round.started' : 'turn.completed', n)
  const record = records[seq]
  if (record === undefined || record.k === 'end') throw noPlace(at, `the log has ${records.length} records`)
  if (records[seq + 1]?.k === 'end' && replayRecords(records.slice(0, seq + 1)).isDone) {
    throw noPlace(at, `the run has ended there; ${seq - 1} is the last record it can go on from`)
  }
  return seq
}

/** Returns the record at which the n-th event of a type was emitted. */
function seqOfEvent(records: readonly LogRecord[], type: string, n: number): number {
  let seen = 0
  let seq = -1
  replayRecords(records, undefined, (record, events) => {
    for (const event of events) {
      if (event.type !== type) continue
      seen += 1
      if (seen === n) seq = record.seq
    }
  })
  return seq
}

function noPlace(at: string, why: string): CodeConductorError {
  return new CodeConductorError('USAGE', `there is no place "${at}" in this run: ${why}`, {
    hint: 'codeconductor runs show last',
  })
}
