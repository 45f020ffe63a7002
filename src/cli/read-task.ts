import type { CliContext, CommandInput } from './cli-context.ts'
import { readNumber } from './read-number.ts'
import { readPrompt } from './read-prompt.ts'
import { readPairs } from './read-run-flags.ts'

/** What is asked for and what only this run is to have. */
export interface Task {
  readonly prompt: string
  /** Models by role. */
  readonly models: Readonly<Record<string, string>>
  readonly seed?: number
  readonly language: string | null
}

/** Returns the task that was typed, named or piped. Throws `USAGE`, `PROMPT_TOO_LARGE`. */
export async function readTask(context: CliContext, input: CommandInput): Promise<Task> {
  const { options } = input
  const models = readPairs(options, 'model')
  const seed = options['seed'] === undefined ? {} : { seed: readNumber('--seed', options['seed']) }
  const language = typeof options['language'] === 'string' ? options['language'] : null
  return { prompt: await readPrompt(input, context), models, language, ...seed }
}
