import { describeDivergence, recordedPrompt } from '../../app/expect-replay.ts'
import { locateRun, readLocated } from '../../app/find-run.ts'
import { type Replay, type ReplayMode, replayRecords } from '../../app/replay-run.ts'
import { EXIT, type ExitCode } from '../../domain/errors.ts'
import type { RunEvent } from '../../domain/event.ts'
import type { CommandInput, Execute } from '../cli-context.ts'
import { formatClock, plural } from '../format.ts'
import { openStore } from '../open-conductor.ts'
import { toJsonLine, toPrintable, toPrintableLine } from '../printable.ts'
import { renderEventLine } from '../render-event-line.ts'

/** Goes through runs again from their logs: no backend, no timer, no write. Exit 10 when one diverges from what was recorded. */
export const execute: Execute = async (context, input) => {
  const { stdout } = context
  const conductor = await openStore(context, input)
  const isQuiet = input.options['quiet'] === true
  let code: ExitCode = EXIT.ok
  try {
    for (const query of input.args) {
      const found = locateRun(conductor, query, context.cwd)
      const replay = replayRecords(await readLocated(conductor, found), conductor.runtime, undefined, modeOf(input))
      for (const event of isQuiet ? [] : replay.events)
        stdout.write(context.mode === 'json' ? toJsonLine(event) : renderLine(event))
      const { divergence } = replay
      if (divergence === null) {
        if (context.mode !== 'json') stdout.write(`${renderEnd(query, replay)}\n`)
        continue
      }
      code = EXIT.diverged
      if (context.mode === 'json') stdout.write(toJsonLine({ type: 'replay.diverged', run: query, ...divergence }))
      else
        stdout.write(
          `${toPrintable(`${query}: ${describeDivergence(divergence, await recordedPrompt(found.folder, divergence))}`)}\n`,
        )
    }
  } finally {
    await conductor.close()
  }
  return code
}

function modeOf({ options }: CommandInput): ReplayMode {
  const mode = options['mode']
  return mode === 'effects' || mode === 'outcome' ? mode : 'strict'
}

function renderLine(event: RunEvent): string {
  const line = renderEventLine(event)
  return line === null ? '' : `${formatClock(event.t).padStart(6)}  ${line}\n`
}

function renderEnd(query: string, { records, events, digest, isDone }: Replay): string {
  const end = isDone ? '' : '; the run had not ended'
  const counts = `0 model calls, ${plural(records, 'record')}, ${plural(events.length, 'event')}`
  return `That was a replay of ${toPrintableLine(query)}: ${counts}, identical digest ${digest}${end}`
}
