/** Opaque handle of a pending timer. */
export type TimerHandle = object | number

/**
 * The only source of time. Contract:
 * 1. `now()` is monotonic, in ms, with an arbitrary origin; differences are durations.
 * 2. `wallMs()` is epoch ms for people and file names; no logic branches on it.
 * 3. `setTimer` fires once, never early, never synchronously; a delay beyond 2^31 ms fires when due, not at once.
 * 4. `clearTimer` is idempotent, and a cleared timer never fires.
 */
export interface Clock {
  now(): number
  wallMs(): number
  setTimer(fire: () => void, delayMs: number): TimerHandle
  clearTimer(handle: TimerHandle): void
}
