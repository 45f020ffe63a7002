import { locateRun } from '../../app/find-run.ts'
import { CodeConductorError, EXIT } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { Execute } from '../cli-context.ts'
import { openStore } from '../open-conductor.ts'

/** Removes runs of this store. All names are understood before the first run goes. */
export const execute: Execute = async (context, input) => {
  const conductor = await openStore(context, input)
  try {
    const runIds = input.args.map((query) => {
      const { runId, folder } = locateRun(conductor, query, context.cwd)
      if (runId === null || conductor.store.folderOf(runId) !== folder) {
        throw new CodeConductorError('RUN_NOT_FOUND', `${query} is not among the runs here`, { hint: 'codeconductor runs list' })
      }
      return runId
    })
    for (const runId of new Set(runIds)) {
      await conductor.store.remove(runId)
      context.stderr.write(`removed ${shortRunId(runId)} (${runId})\n`)
    }
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}
