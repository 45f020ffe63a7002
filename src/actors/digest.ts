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
        short = `#${shortHash(value)}`
        known.set(value, short)
      }
      return short
    }
    if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
    let text = ''
    if (Array.isArray(value)) {
      for (const item of value) text += text === '' ? render(item) : `,${render(item)}`
      return `[${text}]`
    }
    const fields = value as Readonly<Record<string, unknown>>
    // Plain data, so what `in` walks is what the object has, in the same order, and no list of keys is made.
    for (const key in fields) {
      const item = fields[key]
      if (item !== undefined) text += `${text === '' ? '' : ','}${key}:${render(item)}`
    }
    return `{${text}}`
  }
  return { hash: (input) => shortHash(render(input)) }
}
