import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination, type Logger as Pino, pino } from 'pino'
import type { Logger, LogLevel } from '../ports/telemetry.ts'

const SECRETS = ['authorization', 'apiKey', 'token', 'password', 'cookie']

/**
 * Returns a logger that appends JSON lines to `file`, mode 0600. The file is made with the first note that is written,
 * so that a run in which nothing is worth a note leaves none.
 */
export function createPinoLogger(options: { readonly file: string; readonly level: LogLevel }): Logger {
  let logger: Pino | null = null
  let isBroken = false
  const open = (): Pino | null => {
    if (logger !== null || isBroken) return logger
    try {
      const folder = dirname(options.file)
      for (const each of [dirname(folder), folder]) if (!existsSync(each)) mkdirSync(each, { mode: 0o700 })
      const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
      logger = pino(
        { level: options.level, base: null, redact: { paths, censor: '[masked]' } },
        destination({ dest: options.file, sync: true, mode: 0o600 }),
      )
    } catch {
      // A full or read-only disk must not end a run for want of a note.
      isBroken = true
    }
    return logger
  }
  const rank: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']
  const note = (level: Exclude<LogLevel, 'silent'>) => (facts: object, message: string) => {
    if (rank.indexOf(level) < rank.indexOf(options.level)) return
    try {
      open()?.[level](facts, message)
    } catch {
      isBroken = true
      logger = null
    }
  }
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
}
