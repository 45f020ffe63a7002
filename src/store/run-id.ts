import type { RunId } from '../domain/ids.ts'

/**
 * Run ids: 48 bits of epoch ms, then 80 random bits, in Crockford's base 32, lower-case: 26 characters (the layout of
 * https://github.com/ulid/spec). They sort by creation time, and two made in one ms, by one process or by several, differ.
 */

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_DIGITS = 10
const RANDOM_DIGITS = 16
const MAX_TIME_MS = 2 ** 48 - 1
const RUN_ID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** Random bytes one id takes. */
export const RUN_ID_RANDOM_BYTES = 10

/**
 * Returns a new id from epoch ms and 10 random bytes. A clock outside [0, 2^48) is clamped: a wrong clock may sort a run
 * wrongly but never stops one. Throws `RangeError` on fewer than 10 bytes.
 */
export function createRunId(wallMs: number, random: Uint8Array): RunId {
  if (random.length < RUN_ID_RANDOM_BYTES) throw new RangeError(`a run id takes ${RUN_ID_RANDOM_BYTES} random bytes`)
  let time = Number.isFinite(wallMs) ? Math.min(Math.max(Math.floor(wallMs), 0), MAX_TIME_MS) : 0
  let id = ''
  for (let i = 0; i < TIME_DIGITS; i++) {
    id = DIGITS.charAt(time % 32) + id
    time = Math.floor(time / 32)
  }
  let held = 0
  let bits = 0
  for (let i = 0; i < RUN_ID_RANDOM_BYTES; i++) {
    held = ((held << 8) | (random[i] ?? 0)) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      id += DIGITS.charAt((held >> bits) & 31)
    }
  }
  return id
}

/** True for a well-formed run id; such an id is safe as a file name. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text)
}

/** Returns the epoch ms a run id was made at, or null where `id` is not one. */
export function runIdTime(id: RunId): number | null {
  if (!isRunId(id)) return null
  let time = 0
  for (const digit of id.slice(0, TIME_DIGITS)) time = time * 32 + DIGITS.indexOf(digit)
  return time
}

/** Returns what a person typed in the alphabet of ids: lower-case, with o read as 0 and i, l as 1. */
export function normalizeTypedId(text: string): string {
  return text.toLowerCase().replaceAll('o', '0').replace(/[il]/g, '1')
}

/** Length of the random part, from which short forms are cut. */
export const RUN_ID_LENGTH = TIME_DIGITS + RANDOM_DIGITS
