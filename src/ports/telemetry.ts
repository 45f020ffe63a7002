/**
 * Notes for whoever has to find a fault later: never the result, never the screen. Contract:
 * 1. No call throws or blocks; a note that cannot be written is lost.
 * 2. Values under names that hold secrets (authorization, apiKey, token, password, cookie) are masked at any depth of two.
 * 3. Nothing is written below the level asked for.
 */
export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'
