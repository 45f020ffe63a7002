import { readdirSync } from 'node:fs'
import { describeTurns } from '../../app/describe-turns.ts'
import { locateOwnRun } from '../../app/find-run.ts'
import { summarizeRun } from '../../app/summarize-run.ts'
import { EXIT } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { Execute } from '../cli-context.ts'
import { openRuns } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'
import { labelled } from '../wrap.ts'

/** Shows what a run was asked, how it ended and which files it left. */
export const execute: Execute = async (context, input) => {
  const conductor = await openRuns(context, input)
  try {
    const runId = locateOwnRun(conductor, input.args[0] ?? 'last', context.cwd)
    const folder = conductor.store.folderOf(runId)
    const summary = await summarizeRun(conductor, runId)
    const events = summary.digest === null ? null : conductor.readSnapshot(runId, summary.digest)
    const files = readdirSync(folder)
      .filter((name) => !name.startsWith('lease.'))
      .sort()
    if (context.mode === 'json') {
      context.stdout.write(
        toJsonLine({ type: 'run', runId, short: shortRunId(runId), folder, ...summary, isSnapshotKept: events !== null, files }),
      )
      return EXIT.ok
    }
    const lines: readonly (readonly [string, string])[] = [
      ['Run', `${shortRunId(runId)} (${runId})`],
      ['Task', summary.prompt ?? '?'],
      ['Agents', `${summary.agents.join(', ')} · ${summary.protocol ?? '?'}`],
      ['Ended', summary.damage ?? (summary.outcome === null ? 'not yet' : `${summary.outcome}: ${summary.stopReason ?? '?'}`)],
      ...(events === null ? [] : describeTurns(events)),
      ['Folder', folder],
      ['Files', files.join(' · ')],
      ['Next', `codeconductor explain ${shortRunId(runId)}`],
    ]
    for (const [label, text] of lines) {
      const shown = labelled(label, toPrintableLine(text.slice(0, 4_000)), context.stdout.columns)
      context.stdout.write(`${shown.join('\n')}\n`)
    }
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}
