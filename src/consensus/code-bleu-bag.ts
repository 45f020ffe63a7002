import { joinHashes, mixHash } from './stable-hash.ts'

/**
 * A multiset in the form that is cheapest to compare: distinct keys in ascending order, how often each occurs, and
 * how many there are in all. Keys are stable hashes, so that profiles made anywhere compare with one another.
 */
export interface Bag {
  readonly keys: Float64Array
  readonly counts: Float64Array
  readonly total: number
}

/** Returns the multiset of `keys`, whose order is free (the array is sorted in place). O(n log n). */
export function makeBag(keys: Float64Array): Bag {
  keys.sort()
  const counts = new Float64Array(keys.length)
  let distinct = 0
  for (let i = 0; i < keys.length; i++) {
    if (i > 0 && keys[i] === keys[distinct - 1]) counts[distinct - 1] = (counts[distinct - 1] ?? 0) + 1
    else {
      keys[distinct] = keys[i] ?? 0
      counts[distinct++] = 1
    }
  }
  return { keys: keys.slice(0, distinct), counts: counts.slice(0, distinct), total: keys.length }
}

/** Returns Σ min of the counts of two multisets. O(distinct keys). */
export function overlap(a: Bag, b: Bag): number {
  let shared = 0
  for (let i = 0, j = 0; i < a.keys.length && j < b.keys.length; ) {
    const left = a.keys[i] ?? 0
    const right = b.keys[j] ?? 0
    if (left === right) shared += Math.min(a.counts[i++] ?? 0, b.counts[j++] ?? 0)
    else if (left < right) i++
    else j++
  }
  return shared
}

/** Returns the Dice coefficient 2·|a ∩ b| / (|a| + |b|) in [0, 1]; null if both are empty. */
export function dice(a: Bag, b: Bag): number | null {
  return a.total + b.total === 0 ? null : (2 * overlap(a, b)) / (a.total + b.total)
}

/** A sequence of things by two independent 32-bit hashes each. */
export interface Hashes {
  readonly low: Int32Array
  readonly high: Int32Array
}

/** Returns the multiset of the runs of `n` in a sequence. O(sequence · n). */
export function gramBag(sequence: Hashes, n: number): Bag {
  const keys = new Float64Array(Math.max(0, sequence.low.length - n + 1))
  for (let i = 0; i < keys.length; i++) {
    let a = n
    let b = n
    for (let k = i; k < i + n; k++) {
      a = mixHash(a, sequence.low[k] ?? 0)
      b = mixHash(b, sequence.high[k] ?? 0)
    }
    keys[i] = joinHashes(a, b)
  }
  return makeBag(keys)
}
