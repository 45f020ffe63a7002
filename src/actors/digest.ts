import { hash } from 'node:crypto'

/** Characters kept of a hash in a record: 72 bits, plenty to notice a difference and short enough to print. */
const LENGTH = 12
/** Strings at least this long are hashed once and remembered: prompts share their parts. */
const MEMO_LENGTH = 64

/** Returns the first characters of the SHA-256 of `text`, base64url. */
export function shortHash(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, LENGTH)
}

/** Hashes the inputs of one run's effects. Equal inputs hash equal in every process. */
export interface InputHasher {
  hash(input: unknown): string
}

/** Returns a hasher that remembers the hashes of long strings, so that a growing transcript costs its new part only. */
export function createInputHasher(): InputHasher {
  const known = new Map<string, string>()
  const render = (value: unknown): string => {
    if (typeof value === 'string') {
      if (value.length < MEMO_LENGTH) return JSON.stringify(value)
      let short = known.get(value)
      if (short === undefined) {
        short = shortHash(value)
        known.set(value, short)
      }
      return `#${short}`
    }
    if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
    if (Array.isArray(value)) return `[${value.map(render).join(',')}]`
    const pairs: string[] = []
    for (const [key, item] of Object.entries(value)) if (item !== undefined) pairs.push(`${key}:${render(item)}`)
    return `{${pairs.join(',')}}`
  }
  return { hash: (input) => shortHash(render(input)) }
}
