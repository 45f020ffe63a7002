import type { Conductor } from '../../app/compose.ts'
import { describeDivergence, recordedPrompt } from '../../app/expect-replay.ts'
import { findLogs } from '../../app/find-logs.ts'
import { locateRun, readLocated } from '../../app/find-run.ts'
import type { Replay, ReplayMode } from '../../app/replay-run.ts'
import { type Timeline, timelineOf } from '../../app/replay-timeline.ts'
import { CodeConductorError, EXIT, type ExitCode } from '../../domain/errors.ts'
import type { CliContext, CommandInput, Execute } from '../cli-context.ts'
import { formatClock, plural } from '../format.ts'
import { openConductor } from '../open-conductor.ts'
import { playTimeline } from '../play-timeline.ts'
import { toJsonLine, toPrintable, toPrintableLine } from '../printable.ts'
import { readNumber } from '../read-number.ts'
import { renderEventLine } from '../render-event-line.ts'

/**
 * Goes through runs again from their logs: no backend, no timer, no write. One run is told event by event, several with a
 * line each. Exit 10 when one diverges from what was recorded; else that of the first log that could not be read.
 */
export const execute: Execute = async (context, input) => {
  const mode = modeOf(input)
  const speed = speedOf(input)
  const logs = input.args.flatMap((query) => findLogs(query, context.cwd))
  if (speed !== null && logs.length > 1) throw usage('--speed plays back one run, not several')
  const conductor = await openConductor(context, input)
  try {
    const [only] = logs
    if (logs.length === 1 && only !== undefined) return await replayOne(context, conductor, only, mode, { input, speed })
    return await replayMany(context, conductor, logs, mode, input.options['quiet'] === true)
  } finally {
    await conductor.close()
  }
}

interface Read {
  readonly timeline: Timeline
  /** The divergence in words; null where there is none. */
  readonly difference: string | null
}

async function replayLog(context: CliContext, conductor: Conductor, query: string, mode: ReplayMode): Promise<Read> {
  const found = locateRun(conductor, query, context.cwd)
  const timeline = timelineOf(await readLocated(conductor, found), conductor.runtime, mode)
  const { divergence } = timeline.replay
  if (divergence === null) return { timeline, difference: null }
  return { timeline, difference: toPrintable(describeDivergence(divergence, await recordedPrompt(found.folder, divergence))) }
}

async function replayOne(
  context: CliContext,
  conductor: Conductor,
  query: string,
  mode: ReplayMode,
  { input, speed }: { readonly input: CommandInput; readonly speed: number | null },
): Promise<ExitCode> {
  const { stdout } = context
  const { timeline, difference } = await replayLog(context, conductor, query, mode)
  const { replay, moments } = timeline
  if (speed !== null) {
    if (!(await playTimeline(context, conductor.clock, moments, speed))) return EXIT.interrupted
  } else if (input.options['quiet'] !== true) {
    for (const event of replay.events) {
      const line = context.mode === 'json' ? null : renderEventLine(event)
      if (context.mode === 'json') stdout.write(toJsonLine(event))
      else if (line !== null) stdout.write(`${formatClock(event.t).padStart(6)}  ${line}\n`)
    }
  }
  if (difference === null) {
    if (context.mode !== 'json') stdout.write(`${renderEnd(query, replay, mode)}\n`)
    return EXIT.ok
  }
  if (context.mode === 'json') stdout.write(toJsonLine({ type: 'replay.diverged', run: query, ...replay.divergence }))
  else stdout.write(`${toPrintableLine(query)}: ${difference}\n`)
  return EXIT.diverged
}

/** A line for each log, for CI; what differs is told on stderr. A log that cannot be read does not keep the others from it. */
async function replayMany(
  context: CliContext,
  conductor: Conductor,
  logs: readonly string[],
  mode: ReplayMode,
  isQuiet: boolean,
): Promise<ExitCode> {
  let failed: ExitCode = EXIT.ok
  let diverged = 0
  const tell = (status: 'same' | 'diverged' | 'unreadable', run: string, words: string, facts: object): void => {
    if (context.mode === 'json') context.stdout.write(toJsonLine({ type: 'replay.completed', run, status, ...facts }))
    else if (!isQuiet || status !== 'same') context.stdout.write(`${status.padEnd(10)}  ${toPrintableLine(run)}  ${words}\n`)
  }
  for (const query of logs) {
    try {
      const { timeline, difference } = await replayLog(context, conductor, query, mode)
      const { records, digest, divergence } = timeline.replay
      if (divergence === null) tell('same', query, `${plural(records, 'record')}  ${digest}`, { records, digest })
      else {
        diverged += 1
        const where = `record ${divergence.seq} (${divergence.kind} ${toPrintableLine(divergence.actor)})`
        tell('diverged', query, where, { divergence })
        if (context.mode !== 'json') context.stderr.write(`${toPrintableLine(query)}: ${difference}\n`)
      }
    } catch (error) {
      if (!(error instanceof CodeConductorError)) throw error
      if (failed === EXIT.ok) failed = error.exitCode
      tell('unreadable', query, toPrintableLine(error.message), { code: error.code, message: error.message })
    }
  }
  return diverged > 0 ? EXIT.diverged : failed
}

const MODES = ['strict', 'effects', 'outcome'] as const

function modeOf({ options }: CommandInput): ReplayMode {
  const given = MODES.filter((mode) => options[mode] === true)
  if (given.length > 1) throw usage(`${given.map((mode) => `--${mode}`).join(' and ')} exclude one another`)
  return given[0] ?? 'strict'
}

function speedOf({ options }: CommandInput): number | null {
  if (options['speed'] === undefined) return null
  const speed = readNumber('--speed', options['speed'])
  if (speed <= 0) throw usage('--speed must be above 0: 1 is as it happened, 10 ten times as fast')
  return speed
}

function usage(message: string): CodeConductorError {
  return new CodeConductorError('USAGE', message, { hint: 'codeconductor replay --help' })
}

const CLAIMS: Readonly<Record<ReplayMode, string>> = {
  strict: 'identical digest',
  effects: 'the same effects asked for, digest',
  outcome: 'the same end, digest',
}

function renderEnd(query: string, { records, events, digest, isDone }: Replay, mode: ReplayMode): string {
  const end = isDone ? '' : '; the run had not ended'
  const counts = `0 model calls, ${plural(records, 'record')}, ${plural(events.length, 'event')}`
  return `That was a replay of ${toPrintableLine(query)}: ${counts}, ${CLAIMS[mode]} ${digest}${end}`
}
