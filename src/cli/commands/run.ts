import { productVersion } from '../../app/product-version.ts'
import { EXIT } from '../../domain/errors.ts'
import type { Execute } from '../cli-context.ts'
import { loadSettings } from '../open-conductor.ts'
import { readNumber } from '../read-number.ts'
import { readPrompt } from '../read-prompt.ts'
import { readPairs } from '../read-run-flags.ts'

/** Runs a debate on a task and shows it. */
export const execute: Execute = async (context, input) => {
  const { options } = input
  const loaded = await loadSettings(context, input)
  const { config } = loaded
  const models = readPairs(options, 'model')
  const seed = options['seed'] === undefined ? {} : { seed: readNumber('--seed', options['seed']) }
  const prompt = await readPrompt(input, context)
  if (context.mode !== 'json')
    context.stderr.write(
      `codeconductor ${productVersion()} · ${config.quick ? 'mock backend, no model' : 'looking for models on this machine …'}\n`,
    )
  // The header stands before anything heavy is loaded or any server is asked.
  const { startTask } = await import('../start-task.ts')
  const code = await startTask(context, config, {
    prompt,
    models,
    ...seed,
    language: typeof options['language'] === 'string' ? options['language'] : null,
    mustVerify: options['verify'] === true,
  })
  return code ?? EXIT.internal
}
