#!/usr/bin/env node
import { CommanderError } from 'commander'
import type { CliProcess, CommandInput } from './cli-context.ts'
import { COMMANDS, type CommandSpec, GROUPS } from './command-table.ts'
import { createProgram } from './create-program.ts'

/*
 * From argv to a command. Only the parser and the table of commands are loaded before it is known what was asked for.
 * The one place that ends the process.
 */

interface Chosen {
  readonly spec: CommandSpec
  readonly input: CommandInput
}

async function main(argv: readonly string[]): Promise<void> {
  let chosen: Chosen | null = null
  const program = createProgram({
    writeOut: (text) => process.stdout.write(text),
    writeErr: (text) => process.stderr.write(text),
    onCommand: (spec, input) => {
      chosen = { spec, input }
    },
    // What answers a Tab brings its own.
    without: argv[0] === 'complete' ? ['completion'] : [],
  })
  // A reader of the help that goes away is no failure.
  process.stdout.on('error', () => {})
  try {
    const first = argv[0]
    if (first === undefined) program.help()
    if (first === 'complete') {
      const { addCompleteCommand } = await import('./complete-command.ts')
      addCompleteCommand(program)
    }
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return
    if (error instanceof CommanderError && error.code === 'commander.help') process.exit(2)
    await fail(error, argv)
  }
  if (chosen !== null) await runCommand(chosen)
}

async function runCommand({ spec, input }: Chosen): Promise<void> {
  const { createProcessIo } = await import('./process-io.ts')
  const io = createProcessIo((code) => process.exit(code))
  process.on('uncaughtException', (error) => void fail(error, input.options, io))
  try {
    const [{ createContext }, { execute }] = await Promise.all([import('./cli-context.ts'), spec.load()])
    const code = await execute(createContext(io, input.options), input)
    await io.flush()
    process.exit(code)
  } catch (error) {
    await fail(error, input.options, io)
  }
}

/** Tells what went wrong in the form that was asked for, and ends the process with the error's code. */
async function fail(error: unknown, how: readonly string[] | CommandInput['options'], io?: CliProcess): Promise<never> {
  const { showError } = await import('./show-error.ts')
  const argv = Array.isArray(how) ? how.map(String) : null
  const options = argv === null ? (how as CommandInput['options']) : { json: argv.includes('--json') }
  const [first = '', second = ''] = argv ?? []
  const command = COMMANDS.find(({ path }) => path === first || path === `${first} ${second}`)?.path
  await note(error)
  process.exit(showError(error, options, io ?? null, command ?? (Object.hasOwn(GROUPS, first) ? first : '')))
}

/** A failure nobody expected is noted with its stack: the screen is spared it, a bug report needs it. */
async function note(error: unknown): Promise<void> {
  const { CodeConductorError } = await import('../domain/errors.ts')
  if (error instanceof CodeConductorError || error instanceof CommanderError) return
  const { noteError } = await import('../app/note-error.ts')
  process.stderr.write(`noted with its stack in ${noteError(error, 'artifacts', process.env)}\n`)
}

await main(process.argv.slice(2))
