import { locateOwnRun } from '../../app/find-run.ts'
import { EXIT, type ExitCode } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { Execute } from '../cli-context.ts'
import { plural } from '../format.ts'
import { openRuns } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'

/** Checks logs without folding them. Exit 1 when one is not sound. */
export const execute: Execute = async (context, input) => {
  const conductor = await openRuns(context, input)
  let code: ExitCode = EXIT.ok
  try {
    for (const query of input.args) {
      const report = await conductor.store.verifyRun(locateOwnRun(conductor, query, context.cwd))
      if (!report.isSound) code = EXIT.internal
      if (context.mode === 'json') {
        context.stdout.write(toJsonLine({ type: 'run.verified', ...report }))
        continue
      }
      const state = report.isSealed ? 'sealed' : 'not ended'
      context.stdout.write(
        `${shortRunId(report.runId)}  ${report.isSound ? 'sound' : 'DAMAGED'}, ${state}, ${plural(report.records, 'record')}\n`,
      )
      for (const problem of report.problems) context.stdout.write(`      ${toPrintableLine(problem)}\n`)
    }
    return code
  } finally {
    await conductor.close()
  }
}
