import type { Interrupt } from './cli-context.ts'

/** A second signal within this time means "now". */
const AGAIN_MS = 2_000

export interface Interrupts {
  /** What the process received. */
  signal(signal: Interrupt): void
  /** Hands first signals to `listener`; returns how to leave. */
  listen(listener: (signal: Interrupt) => void): () => void
}

/**
 * Decides what a signal does: with a listener, the first one is told and a second one within 2 s ends the process at once;
 * later ones are told again. With nobody listening any signal ends the process. SIGINT ends with 130, SIGTERM with 143.
 */
export function createInterrupts(now: () => number, exitNow: (code: 130 | 143) => void): Interrupts {
  const listeners = new Set<(signal: Interrupt) => void>()
  let lastMs: number | null = null
  return {
    signal(signal) {
      const isAgain = lastMs !== null && now() - lastMs <= AGAIN_MS
      lastMs = now()
      if (listeners.size === 0 || isAgain) exitNow(signal === 'SIGINT' ? 130 : 143)
      else for (const listener of listeners) listener(signal)
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
