import type { CallOutcome, TypedValue } from '../../domain/value.ts'
import type { LoadOutcome } from '../../ports/sandbox.ts'

const MAX_DEPTH = 64
const INT = /^-?(0|[1-9]\d*)$/
/** Longest text of a float: the shortest digits that give any double back are 25. */
const MAX_FLOAT = 40
const FLOAT = /^(-?inf|nan|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/

/** Returns the outcome an answer claims, rebuilt from known fields only; null when it is not one. Hostile input. */
export function parseCallOutcome(answer: unknown): CallOutcome | null {
  const fields = asRecord(answer)
  if (!fields) return null
  switch (fields['kind']) {
    case 'value': {
      const value = parseValue(fields['value'], 0)
      return value && { kind: 'value', value }
    }
    case 'raised':
      return parseError(fields, 'raised')
    case 'timeout':
      return { kind: 'timeout' }
    default:
      return null
  }
}

/**
 * Returns how long, in ms, an answer says that a call which timed out had waited for a core; -1 for any other answer. A claim like all
 * of it: whoever lies here gets no verdict instead of a time-out, and neither passes.
 */
export function readClaimedWait(answer: unknown): number {
  const fields = asRecord(answer)
  if (fields?.['kind'] !== 'timeout') return -1
  const waitedMs = fields['waitedMs']
  return typeof waitedMs === 'number' ? waitedMs : 0
}

/** Returns the load outcome an answer claims; null when it is not one. Hostile input. */
export function parseLoadOutcome(answer: unknown): LoadOutcome | null {
  const fields = asRecord(answer)
  if (!fields) return null
  const kind = fields['kind']
  if (kind === 'failed') return parseError(fields, 'failed')
  if (kind !== 'loaded' && kind !== 'no-entry-point') return null
  const names = fields['names']
  if (!Array.isArray(names) || names.length > 200 || !names.every((name) => typeof name === 'string' && name.length <= 200))
    return null
  return { kind, names: [...names] as string[] }
}

/** Returns a typed value rebuilt from known fields only; null when it is malformed. */
export function parseValue(value: unknown, depth: number): TypedValue | null {
  const fields = asRecord(value)
  if (!fields || depth > MAX_DEPTH) return null
  const v = fields['v']
  const t = fields['t']
  switch (t) {
    case 'none':
    case 'undefined':
      return { t }
    case 'bool':
      return typeof v === 'boolean' ? { t, v } : null
    case 'int':
      return typeof v === 'string' && INT.test(v) ? { t, v } : null
    case 'float':
      return typeof v === 'string' && v.length <= MAX_FLOAT && FLOAT.test(v) ? { t, v } : null
    case 'str':
    case 'bytes':
    case 'other':
      return typeof v === 'string' ? { t, v } : null
    case 'list':
    case 'tuple':
    case 'set': {
      const items = parseAll(v, depth)
      return items && { t, v: items }
    }
    case 'dict':
    case 'map': {
      if (!Array.isArray(v)) return null
      const entries: (readonly [TypedValue, TypedValue])[] = []
      for (const entry of v as unknown[]) {
        const pair = parseAll(entry, depth)
        const [key, item] = pair ?? []
        if (pair?.length !== 2 || !key || !item) return null
        entries.push([key, item])
      }
      return { t, v: entries }
    }
    default:
      return null
  }
}

function parseAll(value: unknown, depth: number): TypedValue[] | null {
  if (!Array.isArray(value)) return null
  const items: TypedValue[] = []
  for (const item of value as unknown[]) {
    const parsed = parseValue(item, depth + 1)
    if (!parsed) return null
    items.push(parsed)
  }
  return items
}

function parseError<K extends 'raised' | 'failed'>(
  fields: Record<string, unknown>,
  kind: K,
): { readonly kind: K; readonly error: string; readonly message: string } | null {
  const { error, message } = fields as { error?: unknown; message?: unknown }
  if (typeof error !== 'string' || typeof message !== 'string') return null
  return { kind, error: error.slice(0, 100), message: message.slice(0, 500) }
}

function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
}
