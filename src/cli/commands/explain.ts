import { locateRun, readLocated } from '../../app/find-run.ts'
import { replayRecords } from '../../app/replay-run.ts'
import { EXIT } from '../../domain/errors.ts'
import type { Execute } from '../cli-context.ts'
import { openConductor } from '../open-conductor.ts'
import { renderExplanation } from '../render-explanation.ts'

/** Says why a run ended as it did: the ranking with every number, the checks and who passed them, what was left open. */
export const execute: Execute = async (context, input) => {
  const conductor = await openConductor(context, input)
  try {
    const found = locateRun(conductor, input.args[0] ?? 'last', context.cwd)
    const { context: run, events } = replayRecords(await readLocated(conductor, found))
    context.stdout.write(renderExplanation(run, events, context.stdout.columns))
    return EXIT.ok
  } finally {
    await conductor.close()
  }
}
