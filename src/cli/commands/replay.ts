import { locateRun, readLocated } from '../../app/find-run.ts'
import { replayRecords } from '../../app/replay-run.ts'
import { EXIT, type ExitCode } from '../../domain/errors.ts'
import type { Execute } from '../cli-context.ts'
import { formatClock } from '../format.ts'
import { openStore } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'
import { renderEventLine } from '../render-event-line.ts'

/** Goes through runs again from their logs: no backend, no timer, no write. Exit 10 when one diverges from what was recorded. */
export const execute: Execute = async (context, input) => {
  const conductor = await openStore(context, input)
  let code: ExitCode = EXIT.ok
  try {
    for (const query of input.args) {
      const found = locateRun(conductor, query, context.cwd)
      const replay = replayRecords(await readLocated(conductor, found))
      for (const event of replay.events) {
        if (context.mode === 'json') context.stdout.write(toJsonLine(event))
        else context.stdout.write(renderLine(event))
      }
      if (replay.divergence !== null) code = EXIT.diverged
      if (context.mode !== 'json') context.stdout.write(`${renderEnd(query, replay)}\n`)
      else if (replay.divergence !== null)
        context.stdout.write(toJsonLine({ type: 'replay.diverged', run: query, ...replay.divergence }))
    }
  } finally {
    await conductor.close()
  }
  return code
}

function renderLine(event: Parameters<typeof renderEventLine>[0]): string {
  const line = renderEventLine(event)
  return line === null ? '' : `${formatClock(event.t).padStart(6)}  ${line}\n`
}

function renderEnd(query: string, { records, events, digest, divergence, isDone }: ReturnType<typeof replayRecords>): string {
  const name = toPrintableLine(query)
  if (divergence !== null) {
    return `${name} diverges at record ${divergence.seq} (${divergence.kind} of ${divergence.actor}): recorded digest ${divergence.recordedDigest ?? 'none'}, got ${divergence.gotDigest}`
  }
  const end = isDone ? '' : '; the run had not ended'
  return `That was a replay of ${name}: 0 model calls, ${records} records, ${events.length} events, identical digest ${digest}${end}`
}
