import { hashText, mixHash, SECOND_SEED } from './stable-hash.ts'

/** Where each name got its value: the leaves that last gave it one, ascending. */
export type Sources = readonly number[]

/**
 * The state of a walk through a program: name → sources, with a journal instead of copies, so that a branch costs what
 * it changes and not what is known; and with a running fingerprint, so that a loop met in the same state is recognised.
 */
export class FlowState {
  readonly #sources = new Map<string, Sources>()
  readonly #journal: (readonly [name: string, before: Sources | undefined])[] = []
  #low = 0
  #high = 0

  get(name: string): Sources | undefined {
    return this.#sources.get(name)
  }

  set(name: string, sources: Sources | undefined): void {
    const before = this.#sources.get(name)
    this.#journal.push([name, before])
    this.#replace(name, before, sources)
  }

  /** A point to which `rollback` returns and since which `changes` tells. */
  mark(): number {
    return this.#journal.length
  }

  /** Returns the present sources of every name set since `mark`. */
  changes(mark: number): Map<string, Sources | undefined> {
    const changed = new Map<string, Sources | undefined>()
    for (let i = mark; i < this.#journal.length; i++) {
      const name = this.#journal[i]?.[0]
      if (name !== undefined) changed.set(name, this.#sources.get(name))
    }
    return changed
  }

  /** Takes back all that was set since `mark`. */
  rollback(mark: number): void {
    for (let i = this.#journal.length - 1; i >= mark; i--) {
      const [name, before] = this.#journal[i] ?? ['', undefined]
      this.#replace(name, this.#sources.get(name), before)
    }
    this.#journal.length = mark
  }

  /** Equal for equal states, whatever way led there. */
  fingerprint(): string {
    return `${this.#low}:${this.#high}`
  }

  #replace(name: string, before: Sources | undefined, after: Sources | undefined): void {
    if (before) this.#toggle(name, before)
    if (after) {
      this.#sources.set(name, after)
      this.#toggle(name, after)
    } else this.#sources.delete(name)
  }

  /** Exclusive-or is its own inverse and does not mind the order. */
  #toggle(name: string, sources: Sources): void {
    this.#low ^= sources.reduce(mixHash, hashText(name))
    this.#high ^= sources.reduce(mixHash, hashText(name, SECOND_SEED))
  }
}

/** Returns the union of ascending lists, ascending, each element once. */
export function uniteSources(lists: readonly Sources[]): Sources {
  return [...new Set(lists.flat())].sort((a, b) => a - b)
}
