import { LiveRun, type RunEnd } from '../actors/live-run.ts'
import { RunFold } from '../actors/run-fold.ts'
import type { RunEvent, TokenDelta } from '../domain/event.ts'
import type { RunId } from '../domain/ids.ts'
import type { RunSpec } from '../domain/run-spec.ts'
import type { RunContext } from '../machines/run-context.ts'
import { createChannel } from './channel.ts'
import { runHeader } from './run-header.ts'
import type { Services } from './services.ts'

export interface RunResult extends RunEnd {
  readonly runId: RunId
  /** The supervisor's data at the end: answers, candidates, verdict. */
  readonly context: RunContext
  readonly events: readonly RunEvent[]
}

/** A run under way: iterate for its events, await `result` for its end. */
export interface RunHandle extends AsyncIterable<RunEvent> {
  readonly runId: RunId
  readonly result: Promise<RunResult>
  /** Ends it for good as cancelled: requests are aborted, the log is sealed. Idempotent. */
  cancel(detail: string): void
  /** Stops it with its log sealed, so that `resumeRun` can go on from there. Idempotent. */
  interrupt(detail: string): void
}

export interface StartOptions {
  /** Aborting interrupts the run; it can be resumed. */
  readonly signal?: AbortSignal
  /** Text as it arrives, before it is logged. */
  readonly onToken?: (delta: TokenDelta) => void
}

/** Starts a run of `spec`. Rejects when its log cannot be created; later failures are outcomes of the run. */
export async function startRun(spec: RunSpec, services: Services, options: StartOptions = {}): Promise<RunHandle> {
  const runId = services.createRunId()
  const log = await services.store.create(runId)
  return drive({ runId, services, options }, (fold, onEnd, channel) => {
    const live = new LiveRun({
      fold,
      log,
      executors: services.executors,
      clock: services.clock,
      onEvent: channel,
      onToken: options.onToken ?? (() => {}),
      onEnd,
    })
    live.start({ runId, spec }, runHeader(services, spec))
    return live
  })
}

interface Drive {
  readonly runId: RunId
  readonly services: Services
  readonly options: StartOptions
}

/** Wires a live run to the handle its user holds. */
export function drive(
  { runId, services, options }: Drive,
  begin: (fold: RunFold, onEnd: (end: RunEnd) => void, onEvent: (event: RunEvent) => void) => LiveRun,
): RunHandle {
  const fold = new RunFold(services.runtime)
  const events: RunEvent[] = []
  const channel = createChannel(events)
  let live: LiveRun | null = null
  const result = new Promise<RunResult>((resolve) => {
    live = begin(
      fold,
      (end) => {
        channel.close()
        const context = fold.context
        if (context !== null) resolve({ ...end, runId, context, events })
      },
      (event) => {
        channel.push(event)
      },
    )
  })
  const interrupt = (detail: string): void => live?.interrupt(detail)
  if (options.signal?.aborted === true) interrupt('aborted before it began')
  options.signal?.addEventListener('abort', () => interrupt('aborted'), { once: true })
  return {
    runId,
    result,
    cancel: (detail) => live?.cancel('cancelled-by-user', detail),
    interrupt,
    [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
  }
}
