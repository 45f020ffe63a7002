import { locateOwnRun } from '../../app/find-run.ts'
import { EXIT } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { Execute } from '../cli-context.ts'
import { openRuns } from '../open-conductor.ts'

/** Removes runs of this store. All names are understood before the first run goes. */
export const execute: Execute = async (context, input) => {
  const conductor = await openRuns(context, input)
  try {
    const runIds = input.args.map((query) => locateOwnRun(conductor, query, context.cwd))
    for (const runId of new Set(runIds)) {
      await conductor.store.remove(runId)
      context.stderr.write(`removed ${shortRunId(runId)} (${runId})\n`)
    }
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}
