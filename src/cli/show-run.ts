import { relative } from 'node:path'
import type { Conductor } from '../app/compose.ts'
import { winnerOf } from '../app/run-facts.ts'
import type { RunHandle, RunResult, StartOptions } from '../app/start-run.ts'
import { EXIT, type ExitCode } from '../domain/errors.ts'
import { shortRunId } from '../domain/ids.ts'
import type { CliContext, Interrupt } from './cli-context.ts'
import { exitCodeOf } from './exit-code.ts'
import { formatClock } from './format.ts'
import { toJsonLine } from './printable.ts'
import { renderError } from './render-error.ts'
import { renderEventLine } from './render-event-line.ts'
import { renderResult } from './render-result.ts'
import { renderProgram, renderSummary } from './render-summary.ts'
import { type SavedArtifacts, saveArtifacts } from './save-artifacts.ts'
import { createLiveView, type RunDisplay } from './show-live.ts'

export interface ShowOptions {
  /** Exit 3 when nothing could be executed. */
  readonly mustVerify: boolean
  readonly notes?: readonly string[]
}

/**
 * Starts a run, shows it as it goes in the mode of `context`, and returns the exit code of its end. A first Ctrl-C or SIGTERM
 * interrupts it and waits for its sealed log.
 */
export async function showRun(
  context: CliContext,
  conductor: Conductor,
  begin: (options: StartOptions) => Promise<RunHandle>,
  options: ShowOptions,
): Promise<ExitCode> {
  const startMs = conductor.clock.now()
  const nowMs = (): number => conductor.clock.now() - startMs
  const display = createDisplay(context, conductor, nowMs)
  let received: Interrupt | null = null
  let handle: RunHandle | null = null
  const leave = context.onInterrupt((signal) => {
    received = signal
    display.print('Stopping: requests are given up and the log is sealed. Press Ctrl-C again within 2 s to quit at once.')
    handle?.interrupt(reasonOf(signal))
  })
  try {
    handle = await begin({ onToken: (delta) => display.token(delta) })
    if (received !== null) handle.interrupt(reasonOf(received))
    for await (const event of handle) display.event(event)
    const result = await handle.result
    const saved = await saveArtifacts(conductor, result)
    display.close()
    tellEnd(context, result, saved, { ...options, tookMs: nowMs() })
    if (saved.error !== null) context.stderr.write(renderError(saved.error, context.paintErr))
    if (received === 'SIGTERM') return EXIT.terminated
    if (saved.error !== null) return saved.error.exitCode
    const grade = result.context.judgement?.verdict.grade ?? 'unverified'
    return exitCodeOf({ outcome: result.outcome, stopReason: result.stopReason, grade }, options.mustVerify)
  } finally {
    leave()
    display.close()
  }
}

function reasonOf(signal: Interrupt): string {
  return signal === 'SIGINT' ? 'Ctrl-C' : 'SIGTERM'
}

function createDisplay(context: CliContext, conductor: Conductor, nowMs: () => number): RunDisplay {
  const silent = { print: () => {}, token: () => {}, close: () => {} }
  switch (context.mode) {
    case 'json':
      return { ...silent, event: (event) => context.stdout.write(toJsonLine(event)) }
    case 'plain':
      return {
        ...silent,
        print: (line) => context.stderr.write(`${line}\n`),
        event: (event) => {
          const line = renderEventLine(event)
          if (line !== null) context.stderr.write(`${formatClock(event.t).padStart(6)}  ${line}\n`)
        },
      }
    case 'live':
      return createLiveView({ context, clock: conductor.clock, nowMs, load: () => conductor.pool.load })
    default:
      return context.mode satisfies never
  }
}

/** On a terminal the summary is the result; elsewhere stdout is the program alone, and the summary goes to stderr. */
function tellEnd(
  context: CliContext,
  result: RunResult,
  saved: SavedArtifacts,
  options: ShowOptions & { readonly tookMs: number },
): void {
  if (context.mode === 'json') return
  const isLive = context.mode === 'live'
  const [sink, paint] = isLive ? [context.stdout, context.paint] : [context.stderr, context.paintErr]
  const winner = winnerOf(result.context)
  if (winner !== null && isLive) sink.write(`\n${renderProgram(winner, sink.columns, paint)}`)
  if (winner !== null && !isLive && !context.stdout.isTty) context.stdout.write(renderResult(winner))
  const summary = renderSummary(result, {
    columns: sink.columns,
    paint,
    folder: shortPath(context.cwd, saved.folder),
    files: saved.files,
    tookMs: options.tookMs,
    ...(options.notes === undefined ? {} : { notes: options.notes }),
  })
  sink.write(`\n${summary}`)
  if (result.stopReason === 'interrupted') sink.write(`\nContinue with:  codeconductor resume ${shortRunId(result.runId)}\n`)
}

function shortPath(cwd: string, path: string): string {
  const near = relative(cwd, path)
  return near !== '' && !near.startsWith('..') ? near : path
}
