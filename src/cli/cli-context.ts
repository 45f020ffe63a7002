import pc from 'picocolors'
import type { ExitCode } from '../domain/errors.ts'

export type Painter = ReturnType<typeof pc.createColors>

/** A place to write text to: stdout or stderr. */
export interface TextSink {
  /** Never throws: what a closed reader does not take is dropped. */
  write(text: string): void
  readonly isTty: boolean
  /** Now, of a terminal; 80 by 24 where it is none. */
  readonly columns: number
  readonly rows: number
  /** Calls back when the terminal changes its size; returns how to stop that. */
  onResize(listener: () => void): () => void
}

export type Interrupt = 'SIGINT' | 'SIGTERM'

/** The process as a command sees it; tests make smaller ones. */
export interface CliProcess {
  readonly stdout: TextSink
  readonly stderr: TextSink
  readonly stdin: { readonly isTty: boolean; chunks(): AsyncIterable<Uint8Array> }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly platform: NodeJS.Platform
  /** While a listener is there, a first signal is its affair; without one, the process ends at once. Returns how to leave. */
  onInterrupt(listener: (signal: Interrupt) => void): () => void
  /** `restore` runs when the process ends, however it ends, unless it was taken back before. */
  onExit(restore: () => void): () => void
}

/**
 * How a command speaks. `json`: JSON Lines on stdout. `plain`: lines, no cursor movement. `live`: a view that redraws itself.
 */
type CliMode = 'json' | 'plain' | 'live'

export interface CliContext extends CliProcess {
  readonly mode: CliMode
  readonly isVerbose: boolean
  /** Colours for stdout and for stderr, which may differ. */
  readonly paint: Painter
  readonly paintErr: Painter
}

/** What was typed: arguments in order and options by their camel-case name. */
export interface CommandInput {
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/** What every file in `commands/` exports as `execute`. */
export type Execute = (context: CliContext, input: CommandInput) => Promise<ExitCode>

/** Returns the context of a command: decides how it speaks from the flags, the environment and the terminals. */
export function createContext(process: CliProcess, options: Readonly<Record<string, unknown>>): CliContext {
  const { env, stdin, stdout, stderr } = process
  const isHeadless = !stdin.isTty || !stdout.isTty || !stderr.isTty || isSet(env['CI']) || env['TERM'] === 'dumb'
  const color = typeof options['color'] === 'string' ? options['color'] : null
  return {
    ...process,
    mode: options['json'] === true ? 'json' : isHeadless ? 'plain' : 'live',
    isVerbose: isSet(env['CODECONDUCTOR_DEBUG']),
    paint: pc.createColors(wantsColor(color, env, stdout.isTty)),
    paintErr: pc.createColors(wantsColor(color, env, stderr.isTty)),
  }
}

/** --color, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal (https://no-color.org, https://force-color.org). */
export function wantsColor(flag: string | null, env: CliProcess['env'], isTty: boolean): boolean {
  if (flag === 'always') return true
  if (flag === 'never') return false
  if (isSet(env['NO_COLOR'])) return false
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0' && env['FORCE_COLOR'] !== 'false'
  return isTty && env['TERM'] !== 'dumb'
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}
