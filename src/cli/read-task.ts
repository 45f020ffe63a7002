import { loadSuite } from '../config/load-suite.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { TestSuite } from '../domain/suite.ts'
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
  /** The user's own tests; null = none. */
  readonly suite: TestSuite | null
}

const LANGUAGE_NAMES: Readonly<Record<TestSuite['language'], string>> = {
  python: 'Python',
  javascript: 'JavaScript',
  typescript: 'TypeScript',
}

/** The task where nothing is said but the tests. */
function taskOf({ language, moduleName, names }: TestSuite): string {
  const wanted = names.map((name) => (name === 'default' ? 'a default export' : `${name}(…)`))
  return `Write the ${LANGUAGE_NAMES[language]} module ${moduleName}: define ${wanted.join(', ')}.`
}

/** Returns the task that was typed, named or piped. Throws `USAGE`, `PROMPT_TOO_LARGE`. */
export async function readTask(context: CliContext, input: CommandInput): Promise<Task> {
  const { options } = input
  const models = readPairs(options, 'model')
  const seed = options['seed'] === undefined ? {} : { seed: readNumber('--seed', options['seed']) }
  const suite = readSuiteFlag(context, input)
  const language = typeof options['language'] === 'string' ? options['language'] : (suite?.language ?? null)
  return { prompt: await readPrompt(input, context, suite === null ? null : taskOf(suite)), models, language, suite, ...seed }
}

function readSuiteFlag({ cwd }: CliContext, { options }: CommandInput): TestSuite | null {
  const { tests, module } = options
  if (typeof tests === 'string') return loadSuite(cwd, tests, typeof module === 'string' ? module : null)
  if (module === undefined) return null
  throw new CodeConductorError('USAGE', '--module says which module a test file is for, and there is no --tests', {
    hint: 'codeconductor run --tests FILE --module NAME',
  })
}
