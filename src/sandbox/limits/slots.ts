import { availableParallelism } from 'node:os'

/** Says how many sandboxed programs are waited for at the same time. Waiters are served in order. */
export interface Slots {
  /**
   * Waits for a place and returns what gives it back, to be called once; with `alone` for all places, so that nothing else of this
   * program's sandboxes runs meanwhile. Resolves with null, holding nothing, when `signal` is aborted first.
   */
  take(how?: { readonly alone?: boolean; readonly signal?: AbortSignal | undefined }): Promise<(() => void) | null>
}

interface Waiter {
  readonly places: number
  readonly start: () => void
}

/**
 * Creates `size` places: by default one core is left for everything else. A run holds a place from start to end, a session only while
 * it is asked something: two sessions that answer one another must not wait for each other's end. What a candidate left running at its top
 * level therefore runs on between its calls, beside whoever holds the places; the session's own limits bound it.
 */
export function createSlots(size = Math.max(1, availableParallelism() - 1)): Slots {
  let free = size
  const waiting: Waiter[] = []
  const serve = (): void => {
    for (let next = waiting[0]; next !== undefined && next.places <= free; next = waiting[0]) {
      waiting.shift()
      free -= next.places
      next.start()
    }
  }
  const leaver = (places: number): (() => void) => {
    let isHeld = true
    return () => {
      if (isHeld) free += places
      isHeld = false
      serve()
    }
  }
  return {
    take: async ({ alone = false, signal } = {}) => {
      if (signal?.aborted) return null
      const places = alone ? size : 1
      if (waiting.length === 0 && places <= free) {
        free -= places
        return leaver(places)
      }
      return new Promise((resolve) => {
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(waiter), 1)
          resolve(null)
          serve()
        }
        const start = (): void => {
          signal?.removeEventListener('abort', giveUp)
          resolve(leaver(places))
        }
        const waiter: Waiter = { places, start }
        signal?.addEventListener('abort', giveUp, { once: true })
        waiting.push(waiter)
      })
    },
  }
}
