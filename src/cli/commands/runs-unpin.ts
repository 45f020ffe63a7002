import { locateOwnRun } from '../../app/find-run.ts'
import { EXIT } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { Execute } from '../cli-context.ts'
import { openRuns } from '../open-conductor.ts'

/** Lets pinned runs be removed again. */
export const execute: Execute = async (context, input) => {
  const conductor = await openRuns(context, input)
  try {
    for (const runId of input.args.map((query) => locateOwnRun(conductor, query, context.cwd))) {
      await conductor.store.unpin(runId)
      context.stderr.write(`${shortRunId(runId)} may be removed again\n`)
    }
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}
