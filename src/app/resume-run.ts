import { LiveRun } from '../actors/live-run.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { EffectId, RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import type { StoredRun } from '../ports/run-store.ts'
import { driveLog } from './drive-log.ts'
import { foldRecords } from './replay-run.ts'
import { runFacts } from './run-header.ts'
import type { Services } from './services.ts'
import type { RunHandle, StartOptions } from './start-run.ts'

/**
 * Goes on with a run after a crash, a power cut or an interruption: the torn tail is cut, the log is folded, timers get
 * the time they had left, effects in flight are asked again under their ids. No answer stands twice. Personas and models
 * are those of the log, whatever the files say now. Throws `RUN_NOT_FOUND`, `RUN_HELD`, `LOG_CORRUPT`, `USAGE` for a run
 * that has ended, and `REPLAY_DIVERGED` where the machines of today no longer fold the log as it was recorded.
 */
export async function resumeRun(runId: RunId, services: Services, options: StartOptions = {}): Promise<RunHandle> {
  const { log, run } = await services.store.open(runId)
  try {
    assertResumable(run)
  } catch (error) {
    await log.close()
    throw error
  }
  const begin: Parameters<typeof driveLog>[1] = (fold, onEnd, onEvent) => {
    const { records } = run
    for (const event of foldRecords(fold, records).events) onEvent(event)
    const last = records.at(-1)
    const live = new LiveRun(
      { fold, log, executors: services.executors, clock: services.clock, onEvent, onToken: options.onToken ?? (() => {}), onEnd },
      { nextSeq: (last?.seq ?? -1) + 1, t: last?.t ?? 0 },
    )
    live.resume(attemptsOf(records), runFacts(services))
    return live
  }
  return driveLog({ runId, services, options }, begin, () => log.close())
}

function assertResumable(run: StoredRun): void {
  const last = run.records.at(-1)
  if (last === undefined) {
    throw new CodeConductorError('LOG_CORRUPT', `run ${run.runId} has no whole record`, {
      hint: `codeconductor runs rm ${run.runId}`,
    })
  }
  const { outcome, stopReason } = (last.k === 'end' ? last.d : {}) as { outcome?: string; stopReason?: string }
  if (last.k === 'end' && stopReason !== 'interrupted' && stopReason !== 'log-failed') {
    throw new CodeConductorError('USAGE', `run ${run.runId} has ended (${outcome})`, {
      hint: `codeconductor fork ${run.runId} --at turn:1`,
    })
  }
}

/** Returns how often each effect has been asked: once, and once more per `retry` record. */
export function attemptsOf(records: readonly LogRecord[]): ReadonlyMap<EffectId, number> {
  const attempts = new Map<EffectId, number>()
  for (const { k, id } of records) if (k === 'retry' && id !== undefined) attempts.set(id, (attempts.get(id) ?? 1) + 1)
  return attempts
}
