import { join } from 'node:path'
import type { LogLevel } from '../ports/telemetry.ts'
import { createPinoLogger } from '../telemetry/pino-logger.ts'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']

/** Returns where notes for finding faults go, below the artifacts; `CODECONDUCTOR_LOG` sets how much is noted. */
export function openNotes(artifactsDir: string, env: Readonly<Record<string, string | undefined>>) {
  const asked = env['CODECONDUCTOR_LOG']
  const level = LEVELS.find((each) => each === asked) ?? 'warn'
  const file = join(artifactsDir, 'logs', 'codeconductor.jsonl')
  return { file, logger: createPinoLogger({ file, level }) }
}

/** Notes an error nobody expected with its stack, which the screen is spared. Returns the file. */
export function noteError(error: unknown, artifactsDir: string, env: Readonly<Record<string, string | undefined>>): string {
  const { file, logger } = openNotes(artifactsDir, env)
  const { stack = String(error) } = error instanceof Error ? error : {}
  logger.error({ stack }, 'unexpected failure')
  return file
}
