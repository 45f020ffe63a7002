import { type Hashes, mixHash } from './stable-hash.ts'

/** Where a name got its value: the leaves that last gave it one, ascending. */
export type Sources = readonly number[]

/** What names were set to, by their number; undefined is a name that is not known. */
export type Changes = ReadonlyMap<number, Sources | undefined>

/**
 * The state of a walk through a program: name → sources, with a journal instead of copies, so that a branch costs what
 * it changes and not what is known; and with a running fingerprint, so that a loop met in the same state is recognised.
 */
export class FlowState {
  readonly #nameHashes: Hashes
  readonly #sources: (Sources | undefined)[]
  readonly #names: number[] = []
  readonly #befores: (Sources | undefined)[] = []
  #low = 0
  #high = 0

  /** `nameHashes` holds the hashes of every name, in the order of their numbers. */
  constructor(nameHashes: Hashes) {
    this.#nameHashes = nameHashes
    this.#sources = new Array<Sources | undefined>(nameHashes.low.length).fill(undefined)
  }

  get(name: number): Sources | undefined {
    return this.#sources[name]
  }

  set(name: number, sources: Sources | undefined): void {
    this.#names.push(name)
    this.#befores.push(this.#sources[name])
    this.#replace(name, sources)
  }

  /** A point to which `rollback` returns and since which `changes` tells. */
  mark(): number {
    return this.#names.length
  }

  /** Returns the present sources of every name set since `mark`. */
  changes(mark: number): Changes {
    const changed = new Map<number, Sources | undefined>()
    for (const name of this.#names.slice(mark)) changed.set(name, this.#sources[name])
    return changed
  }

  /** Takes back all that was set since `mark`. */
  rollback(mark: number): void {
    for (let i = this.#names.length - 1; i >= mark; i--) this.#replace(this.#names[i] ?? 0, this.#befores[i])
    this.#names.length = mark
    this.#befores.length = mark
  }

  /** Equal for equal states, whatever way led there. */
  fingerprint(): string {
    return `${this.#low}:${this.#high}`
  }

  #replace(name: number, after: Sources | undefined): void {
    this.#toggle(name, this.#sources[name])
    this.#sources[name] = after
    this.#toggle(name, after)
  }

  /** Exclusive-or is its own inverse and does not mind the order. */
  #toggle(name: number, sources: Sources | undefined): void {
    if (!sources) return
    let low = this.#nameHashes.low[name] ?? 0
    let high = this.#nameHashes.high[name] ?? 0
    for (const source of sources) {
      low = mixHash(low, source)
      high = mixHash(high, source)
    }
    this.#low ^= low
    this.#high ^= high
  }
}

/** Returns the union of ascending lists, ascending, each element once. O(n log n) in their length together. */
export function uniteAll(lists: readonly Sources[]): Sources {
  const [a = [], b = [], ...more] = lists
  // Pair by pair, many lists would be read over and over.
  return more.length === 0 ? uniteTwo(a, b) : [...new Set(lists.flat())].sort((x, y) => x - y)
}

function uniteTwo(a: Sources, b: Sources): Sources {
  if (a === b || b.length === 0) return a
  if (a.length === 0) return b
  const united: number[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const left = a[i] ?? Number.POSITIVE_INFINITY
    const right = b[j] ?? Number.POSITIVE_INFINITY
    united.push(Math.min(left, right))
    if (left <= right) i++
    if (right <= left) j++
  }
  return united
}
