/**
 * Returns a 32-bit hash of `text` (FNV-1a over UTF-16 code units, with a final mix), equal in every process and
 * release. Not cryptographic: it numbers things, it does not protect any.
 */
export function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mixHash(h, text.length)
}

/** Returns `h` with `value` worked into it, order kept: mixing a then b differs from b then a. 32-bit, signed. */
export function mixHash(h: number, value: number): number {
  let m = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  m = Math.imul(m ^ (m >>> 13), 0xc2b2ae35)
  m = Math.imul(h, 31) + (m ^ (m >>> 16))
  m = Math.imul(m ^ (m >>> 15), 0x2c1b3c6d)
  return m ^ (m >>> 12)
}
