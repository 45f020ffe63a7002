import { Command, CommanderError, Option } from 'commander'
import { productVersion } from '../app/product-version.ts'
import type { CommandInput } from './cli-context.ts'
import { COMMANDS, type CommandSpec, GROUPS, type OptionSpec } from './command-table.ts'

export interface ProgramOptions {
  readonly writeOut: (text: string) => void
  readonly writeErr: (text: string) => void
  /** Called with the command that was typed, its code not yet loaded. */
  readonly onCommand: (spec: CommandSpec, input: CommandInput) => void
  /** Paths of commands to leave out. */
  readonly without?: readonly string[]
}

const PROGRAM_NAME = 'codeconductor'

/**
 * Returns the parser of the command line. Parsing throws a `CommanderError`: of exit code 0 after help or version, else for what
 * could not be understood, told to nobody yet.
 */
export function createProgram(options: ProgramOptions): Command {
  const program = new Command(PROGRAM_NAME)
    .description('A team of local models that drafts blind, is judged by evidence, and leaves a log you can replay.')
    .exitOverride()
    .configureOutput({ writeOut: options.writeOut, writeErr: options.writeErr, outputError: () => {} })
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      options.writeOut(`${productVersion()}\n`)
      throw new CommanderError(0, 'commander.version', '')
    })
    .addHelpText('after', '\nExit codes: codeconductor help exit-codes')
  for (const spec of COMMANDS) if (options.without?.includes(spec.path) !== true) addCommand(program, spec, options.onCommand)
  return program
}

function addCommand(program: Command, spec: CommandSpec, onCommand: ProgramOptions['onCommand']): void {
  const words = spec.path.split(' ')
  const name = words.at(-1) ?? spec.path
  const parent = words.length === 1 ? program : groupOf(program, words[0] ?? '')
  const command = parent.command(name).description(spec.summary)
  if (spec.args !== undefined) command.arguments(spec.args)
  for (const option of [...(spec.options ?? []), COLOR]) command.addOption(toOption(option))
  if (spec.examples !== undefined)
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  ${line}`).join('\n')}`)
  command.action(() => {
    const isHelp = spec.path === 'help'
    if (isHelp) findCommand(program, command.args)?.help()
    // A topic that is no command may have been meant for one.
    const options = isHelp ? { ...command.opts(), known: COMMANDS.map(({ path }) => path) } : command.opts()
    onCommand(spec, { args: command.args, options })
  })
}

const COLOR: OptionSpec = { flags: '--color <when>', summary: 'colours in the output', choices: ['auto', 'always', 'never'] }

function toOption({ flags, summary, choices, isRepeatable }: OptionSpec): Option {
  const option = new Option(flags, summary)
  if (choices !== undefined) option.choices(choices)
  if (isRepeatable) option.argParser((value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value])
  return option
}

function groupOf(program: Command, name: string): Command {
  const found = program.commands.find((command) => command.name() === name)
  if (found !== undefined) return found
  return program
    .command(name)
    .description(GROUPS[name] ?? '')
    .helpCommand(false)
}

/** Returns the command that `words` name; the program itself for none, null for a name that no command has. */
function findCommand(program: Command, words: readonly string[]): Command | null {
  let found = program
  for (const word of words) {
    const next = found.commands.find((command) => command.name() === word)
    if (next === undefined) return null
    found = next
  }
  return found
}
