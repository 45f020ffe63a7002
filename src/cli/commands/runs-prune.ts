import { planPrune, pruneRuns } from '../../app/prune-runs.ts'
import { CodeConductorError, EXIT } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { CommandInput, Execute } from '../cli-context.ts'
import { plural } from '../format.ts'
import { openRuns } from '../open-conductor.ts'
import { toJsonLine } from '../printable.ts'
import { readNumber } from '../read-number.ts'

/** Removes runs past both limits that are given, or says which would go. */
export const execute: Execute = async (context, input) => {
  const limits = readLimits(input)
  const isDry = input.options['dryRun'] === true
  const conductor = await openRuns(context, input)
  try {
    const { removed, spared } = isDry
      ? await planPrune(conductor, limits).then(({ prune, ...plan }) => ({ ...plan, removed: prune }))
      : await pruneRuns(conductor, limits)
    if (context.mode === 'json') {
      context.stdout.write(toJsonLine({ type: 'runs.pruned', isDryRun: isDry, removed, spared }))
      return EXIT.ok
    }
    for (const runId of removed) context.stdout.write(`${isDry ? 'would remove' : 'removed'} ${shortRunId(runId)} (${runId})\n`)
    for (const { runId, reason } of spared) context.stderr.write(`${shortRunId(runId)} stays: ${REASONS[reason] ?? reason}\n`)
    context.stderr.write(`${plural(removed.length, 'run')} ${isDry ? 'would go' : 'removed'}, ${spared.length} spared\n`)
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}

const REASONS: Readonly<Record<string, string>> = {
  pinned: 'it is pinned',
  running: 'a process is at work on it',
  parent: 'a fork that stays was made from it',
}

function readLimits({ options }: CommandInput): { readonly keep?: number; readonly days?: number } {
  const keep = options['keep'] === undefined ? null : readNumber('--keep', options['keep'])
  const days = options['days'] === undefined ? null : readNumber('--days', options['days'])
  if (keep === null && days === null) throw usage('runs prune wants --keep, --days or both: with both, a run must be past both')
  if ((keep ?? 0) < 0 || (days ?? 0) < 0) throw usage('--keep and --days cannot be below 0')
  return { ...(keep === null ? {} : { keep: Math.floor(keep) }), ...(days === null ? {} : { days }) }
}

function usage(message: string): CodeConductorError {
  return new CodeConductorError('USAGE', message, { hint: 'codeconductor runs prune --keep 50 --dry-run' })
}
