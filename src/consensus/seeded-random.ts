import { hashText, mixHash } from './stable-hash.ts'

/** Random choices that a seed repeats: equal seeds give equal sequences in every process and release. */
export interface SeededRandom {
  /** Returns a number in [0, 1). */
  next(): number
  /** Returns an integer in [0, below); 0 when `below` is not positive. */
  below(below: number): number
  /** Returns one of `items`, or undefined when there is none. */
  pick<T>(items: readonly T[]): T | undefined
  /** Returns `items` in a new order. */
  shuffle<T>(items: readonly T[]): T[]
}

/** Returns a generator seeded by `seed` (xorshift128 seeded through a text hash; not for secrets). */
export function createSeededRandom(seed: string): SeededRandom {
  let a = hashText(seed) | 1
  let b = mixHash(a, 0x6a09e667)
  let c = mixHash(b, 0x3c6ef372)
  let d = mixHash(c, 0x510e527f)
  const next = (): number => {
    const t = a ^ (a << 11)
    a = b
    b = c
    c = d
    d = d ^ (d >>> 19) ^ t ^ (t >>> 8)
    return (d >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => (limit > 0 ? Math.floor(next() * limit) : 0)
  return {
    next,
    below,
    pick: (items) => items[below(items.length)],
    shuffle: (items) => {
      const out = [...items]
      for (let at = out.length - 1; at > 0; at -= 1) {
        const other = below(at + 1)
        const [x, y] = [out[at], out[other]]
        if (x !== undefined && y !== undefined) [out[at], out[other]] = [y, x]
      }
      return out
    },
  }
}
