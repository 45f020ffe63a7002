import { compose, requireBackend } from '../../app/compose.ts'
import { locateOwnRun } from '../../app/find-run.ts'
import { resumeRun } from '../../app/resume-run.ts'
import type { Execute } from '../cli-context.ts'
import { loadSettings } from '../open-conductor.ts'
import { showRun } from '../show-run.ts'

/** Goes on with a run that was interrupted, with the personas and models of its log. */
export const execute: Execute = async (context, input) => {
  const { config } = await loadSettings(context, input)
  const conductor = await compose({ config, env: context.env, cwd: context.cwd })
  try {
    const runId = locateOwnRun(conductor, input.args[0] ?? 'last', context.cwd)
    requireBackend(conductor)
    return await showRun(context, conductor, (options) => resumeRun(runId, conductor, options), {
      mustVerify: input.options['verify'] === true,
    })
  } finally {
    await conductor.close()
  }
}
