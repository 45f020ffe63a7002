import { productVersion } from '../../app/product-version.ts'
import type { Execute } from '../cli-context.ts'

/** Runs a debate on a task and shows it. */
export const execute: Execute = async (context, input) => {
  const { options } = input
  const isTold = context.mode !== 'json'
  // Something useful is on the screen before anything heavy is loaded or any server is asked.
  if (isTold) context.stderr.write(`codeconductor ${productVersion()}\n`)
  const [{ readTask }, { loadSettings }] = await Promise.all([import('../read-task.ts'), import('../open-conductor.ts')])
  const { config } = await loadSettings(context, input)
  const task = await readTask(context, input)
  if (isTold)
    context.stderr.write(config.quick ? '  mock backend: no model answers\n' : '  looking for models on this machine …\n')
  const { startTask } = await import('../start-task.ts')
  return startTask(context, config, { ...task, mustVerify: options['verify'] === true })
}
