import { type Conductor, compose } from '../../app/compose.ts'
import { composeDemo, loadDemo } from '../../app/demo.ts'
import { productVersion } from '../../app/product-version.ts'
import { startRun } from '../../app/start-run.ts'
import type { Execute } from '../cli-context.ts'
import { loadSettings } from '../open-conductor.ts'
import { showRun } from '../show-run.ts'

/** Longest a server may take to list its models. */
const LIST_TIMEOUT_MS = 5_000

/** Runs the demo's task: on a server where one with a model is found, else from recorded answers, and says which. */
export const execute: Execute = async (context, input) => {
  const { config } = await loadSettings(context, input)
  const tell = (line: string): void => {
    if (context.mode !== 'json') context.stderr.write(`${line}\n`)
  }
  tell(`codeconductor ${productVersion()} · demo`)
  const options = { config, env: context.env, cwd: context.cwd }
  const demo = await loadDemo()
  let conductor: Conductor | null = input.options['offline'] === true ? null : await compose(options)
  if (conductor !== null && !(await hasModel(conductor))) {
    await conductor.close()
    conductor = null
  }
  const isRecorded = conductor === null
  const recorded = `the tokens were recorded from ${demo.models.join(', ')}; drafting, extraction, judging, log and report are real`
  tell(
    isRecorded
      ? `  no model server is used: ${recorded}`
      : `  answered by the models of ${conductor?.backends.map(({ id }) => id).join(', ')}`,
  )
  tell(`  task: ${demo.spec.prompt.split('\n')[0] ?? ''}`)
  const services = conductor ?? (await composeDemo(demo, options))
  try {
    return await showRun(context, services, (start) => startRun(demo.spec, services, start), {
      mustVerify: false,
      notes: isRecorded ? [recorded, 'with a model server: codeconductor run "Write …"'] : [],
    })
  } finally {
    await services.close()
  }
}

async function hasModel({ backends, pool }: Conductor): Promise<boolean> {
  if (backends.length === 0) return false
  try {
    return (await pool.list(AbortSignal.timeout(LIST_TIMEOUT_MS))).length > 0
  } catch {
    // A server that cannot even list its models is no server for a demo.
    return false
  }
}
