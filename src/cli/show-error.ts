import { CommanderError } from 'commander'
import { CodeConductorError, type ExitCode, toCodeConductorError } from '../domain/errors.ts'
import { type CliProcess, type CommandInput, createContext } from './cli-context.ts'
import { toJsonLine, toPrintable } from './printable.ts'
import { createProcessIo } from './process-io.ts'
import { renderError, toErrorEvent } from './render-error.ts'

/**
 * Writes an error: as an event on stdout with `--json`, else for people on stderr. Returns the exit code it maps to. The stack
 * is shown only where CODECONDUCTOR_DEBUG is set. `command` is the one whose help fits, empty for none.
 */
export function showError(error: unknown, options: CommandInput['options'], io: CliProcess | null, command = ''): ExitCode {
  const context = createContext(io ?? createProcessIo(() => {}), options)
  const known =
    error instanceof CommanderError ? fromCommander(error, command) : toCodeConductorError(error, 'unexpected failure')
  if (context.mode === 'json') context.stdout.write(toJsonLine(toErrorEvent(known)))
  else context.stderr.write(renderError(known, context.paintErr))
  if (context.isVerbose && error instanceof Error) context.stderr.write(`${toPrintable(error.stack ?? '')}\n`)
  return known.exitCode
}

/** The parser's own words, with the nearest flag or command where it found one. */
function fromCommander(error: CommanderError, command: string): CodeConductorError {
  const message = error.message.replace(/^error: /, '')
  return new CodeConductorError('USAGE', message, {
    hint: `codeconductor ${command === '' ? '' : `${command} `}--help`,
  })
}
