import { setMaxListeners } from 'node:events'

/**
 * Calls `run` once when the signal is aborted, at once when it is already; returns what stops listening. One signal may
 * serve a whole run, so many listeners on it are no leak and must not be warned of.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    run()
    return () => {}
  }
  setMaxListeners(0, signal)
  signal.addEventListener('abort', run, { once: true })
  return () => signal.removeEventListener('abort', run)
}
