/** Offset basis and prime of FNV-1a. */
const FIRST_SEED = 0x811c9dc5 | 0
const PRIME = 0x01000193

/**
 * Returns a 32-bit hash of `text` (FNV-1a over UTF-16 code units, with a final mix), equal in every process and
 * release. Another `seed` gives an independent hash. Not cryptographic: it numbers things, it does not protect any.
 */
export function hashText(text: string, seed = FIRST_SEED): number {
  let h = seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), PRIME)
  return mixHash(h, text.length)
}

/** Seed of the second of two hashes that together make a key. */
export const SECOND_SEED = 0x3c6ef372

/** A sequence of things, each by two independent 32-bit hashes. */
export interface Hashes {
  readonly low: Int32Array
  readonly high: Int32Array
}

/** Returns the two hashes of each text, read once: `hashText` with its own seed and with `SECOND_SEED`. */
export function hashTexts(texts: readonly string[]): Hashes {
  const low = new Int32Array(texts.length)
  const high = new Int32Array(texts.length)
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i] ?? ''
    let a = FIRST_SEED
    let b = SECOND_SEED
    for (let k = 0; k < text.length; k++) {
      const unit = text.charCodeAt(k)
      a = Math.imul(a ^ unit, PRIME)
      b = Math.imul(b ^ unit, PRIME)
    }
    low[i] = mixHash(a, text.length)
    high[i] = mixHash(b, text.length)
  }
  return { low, high }
}

/** Returns `h` with `value` worked into it, order kept: mixing a then b differs from b then a. 32-bit, signed. */
export function mixHash(h: number, value: number): number {
  let m = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  m = Math.imul(m ^ (m >>> 13), 0xc2b2ae35)
  m = Math.imul(h, 31) + (m ^ (m >>> 16))
  m = Math.imul(m ^ (m >>> 15), 0x2c1b3c6d)
  return m ^ (m >>> 12)
}

/** Returns one key of 53 bits, a safe integer, from two independent 32-bit hashes. */
export function joinHashes(a: number, b: number): number {
  return (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff)
}
