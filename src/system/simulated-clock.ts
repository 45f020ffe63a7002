import type { Clock, TimerHandle } from '../ports/clock.ts'

/** A clock that stands still until it is told to go on. */
export interface SimulatedClock extends Clock {
  /**
   * Moves time on by `ms`, firing each timer that comes due at its own time: earliest first, timers due together in the
   * order they were set. A timer set by a firing one takes part. What a firing throws is thrown here, with time
   * standing at that timer.
   */
  advance(ms: number): void
  /** Like `advance`, but lets promise callbacks and I/O that is already pending run before each timer and at the end. */
  advanceAsync(ms: number): Promise<void>
  /** Timers set and neither fired nor cleared. */
  pendingTimers(): number
  /** When the next timer is due, on the scale of `now()`; null when none is. */
  nextDueMs(): number | null
}

interface SimulatedTimer {
  readonly dueMs: number
  readonly fire: () => void
}

/** Returns a clock at `now() === 0` whose wall clock starts at `wallStartMs` (epoch ms, default 2026-01-01 UTC). */
export function createSimulatedClock(options: { readonly wallStartMs?: number } = {}): SimulatedClock {
  const wallStartMs = options.wallStartMs ?? Date.UTC(2026, 0, 1)
  /** Sorted by due time; equal times keep the order they were set in. */
  const timers: SimulatedTimer[] = []
  let nowMs = 0

  const fireNext = (untilMs: number): boolean => {
    const next = timers[0]
    if (next === undefined || next.dueMs > untilMs) return false
    timers.shift()
    nowMs = Math.max(nowMs, next.dueMs)
    next.fire()
    return true
  }

  return {
    now: () => nowMs,
    wallMs: () => wallStartMs + Math.floor(nowMs),
    setTimer(fire, delayMs) {
      const timer: SimulatedTimer = { dueMs: nowMs + Math.max(0, delayMs), fire }
      timers.splice(firstDueAfter(timers, timer.dueMs), 0, timer)
      return timer
    },
    clearTimer(handle: TimerHandle) {
      const index = timers.indexOf(handle as SimulatedTimer)
      if (index >= 0) timers.splice(index, 1)
    },
    advance(ms) {
      const untilMs = nowMs + ms
      while (fireNext(untilMs));
      nowMs = Math.max(nowMs, untilMs)
    },
    async advanceAsync(ms) {
      const untilMs = nowMs + ms
      do await settled()
      while (fireNext(untilMs))
      nowMs = Math.max(nowMs, untilMs)
      await settled()
    },
    pendingTimers: () => timers.length,
    nextDueMs: () => timers[0]?.dueMs ?? null,
  }
}

function firstDueAfter(timers: readonly SimulatedTimer[], dueMs: number): number {
  let low = 0
  let high = timers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timers[middle]?.dueMs ?? 0) <= dueMs) low = middle + 1
    else high = middle
  }
  return low
}

/** One turn of the event loop: every promise callback that can run has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
