import { diffRuns } from '../../app/diff-runs.ts'
import { locateRun, readLocated } from '../../app/find-run.ts'
import { EXIT } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { Execute } from '../cli-context.ts'
import { openConductor } from '../open-conductor.ts'
import { toJsonLine } from '../printable.ts'
import { renderDiff } from '../render-diff.ts'
import { renderDiffMarkdown } from '../render-diff-markdown.ts'

/** Compares two runs, aligned by agent and turn. */
export const execute: Execute = async (context, input) => {
  const conductor = await openConductor(context, input)
  try {
    const found = input.args.slice(0, 2).map((query) => locateRun(conductor, query, context.cwd))
    const [first, second] = found
    if (first === undefined || second === undefined) return EXIT.usage
    const diff = diffRuns(await readLocated(conductor, first), await readLocated(conductor, second))
    const nameOf = ({ runId }: typeof first, otherwise: string): string => (runId === null ? otherwise : shortRunId(runId))
    if (context.mode === 'json') context.stdout.write(toJsonLine({ type: 'runs.diffed', ...diff }))
    else {
      const names = [nameOf(first, 'first'), nameOf(second, 'second')] as const
      const isMarkdown = input.options['markdown'] === true
      context.stdout.write(isMarkdown ? renderDiffMarkdown(diff, names) : renderDiff(diff, names, context.stdout.columns))
    }
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}
