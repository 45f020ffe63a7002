import { summarizeRun } from '../../app/summarize-run.ts'
import { EXIT } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { CliContext, CommandInput, Execute } from '../cli-context.ts'
import { clip } from '../display-width.ts'
import { formatSize } from '../format.ts'
import { openRuns } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'
import { readNumber } from '../read-number.ts'

/** Runs listed for people; each one's log is read. */
const LISTED = 20

/** Lists the runs, newest first. */
export const execute: Execute = async (context, input) => {
  const conductor = await openRuns(context, input)
  try {
    const all = [...(await conductor.store.list())].reverse()
    const listings = all.slice(0, readLimit(context, input))
    for (const listing of listings) {
      const { runId, createdMs, sizeBytes, isSealed, holder } = listing
      const { prompt, outcome } = await summarizeRun(conductor, runId)
      const status = outcome ?? (holder !== null ? 'running' : isSealed ? 'damaged' : 'interrupted')
      if (context.mode === 'json') {
        context.stdout.write(
          toJsonLine({ type: 'run', runId, short: shortRunId(runId), createdMs, sizeBytes, isSealed, status, prompt }),
        )
        continue
      }
      const when = new Date(createdMs).toISOString().slice(0, 16).replace('T', ' ')
      const line = `${shortRunId(runId)}  ${when}  ${status.padEnd(15)} ${formatSize(sizeBytes).padStart(8)}  ${toPrintableLine((prompt ?? '').slice(0, 400))}`
      context.stdout.write(`${context.stdout.isTty ? clip(line, context.stdout.columns - 1) : line}\n`)
    }
    if (listings.length < all.length && context.mode !== 'json')
      context.stderr.write(`and ${all.length - listings.length} older ones: --limit ${all.length}\n`)
    if (all.length === 0 && context.mode !== 'json') context.stderr.write('no runs yet\nTry: codeconductor demo\n')
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}

/** A script gets all of them. */
function readLimit({ mode }: CliContext, { options }: CommandInput): number {
  if (options['limit'] !== undefined) return Math.max(0, Math.floor(readNumber('--limit', options['limit'])))
  return mode === 'json' ? Number.POSITIVE_INFINITY : LISTED
}
