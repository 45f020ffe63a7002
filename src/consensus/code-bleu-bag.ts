import { type Hashes, joinHashes, mixHash } from './stable-hash.ts'

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
  return { keys: keys.subarray(0, distinct), counts: counts.subarray(0, distinct), total: keys.length }
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

/** Returns the multisets of the runs of 1, 2, … `most` in a sequence. O(sequence · most). */
export function gramBags(sequence: Hashes, most: number): Bag[] {
  const { length } = sequence.low
  const low = new Int32Array(length)
  const high = new Int32Array(length)
  const bags: Bag[] = []
  for (let n = 1; n <= most; n++) {
    const keys = new Float64Array(Math.max(0, length - n + 1))
    for (let i = 0; i < keys.length; i++) {
      // The hash of a run goes on from that of the run one shorter that starts at the same place.
      const a = mixHash(low[i] ?? 0, sequence.low[i + n - 1] ?? 0)
      const b = mixHash(high[i] ?? 0, sequence.high[i + n - 1] ?? 0)
      low[i] = a
      high[i] = b
      keys[i] = joinHashes(a, b)
    }
    bags.push(makeBag(keys))
  }
  return bags
}
