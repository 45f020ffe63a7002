import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { CallOutcome, TypedValue } from '../domain/value.ts'
import type { ConsensusLanguage } from './language.ts'
import { floatNumber } from './number-text.ts'
import type { Tolerance } from './tolerance.ts'

/** Significant digits at which two floats count as the same answer. */
const FLOAT_DIGITS = 9

/** Longest text that is its own fingerprint: of a longer one the hash is, so that large values cost no more than small ones. */
const MAX_TEXT = 1024

/**
 * Returns a text that is equal for equal values and different for different ones, or null for a value that can equal
 * nothing (an object with behaviour of its own, anywhere inside). In Python `1`, `1.0` and `True` are one value and a
 * list is not a tuple; in JavaScript `1` is not `true` and `null` is not `undefined`. Floats count to nine digits, sets
 * and dicts do not depend on order. Strings are quoted, so no string can imitate another kind of value. At most
 * `MAX_TEXT` characters; a value and its digest have the same.
 */
export function fingerprint(value: TypedValue, language: ConsensusLanguage): string | null {
  if (value.t === 'digest') return value.v
  const text = canonicalText(value, language)
  return text === null || text.length <= MAX_TEXT ? text : `#${bytesToHex(sha256(utf8ToBytes(text)))}`
}

function canonicalText(value: TypedValue, language: ConsensusLanguage): string | null {
  switch (value.t) {
    case 'none':
    case 'undefined':
      return value.t === 'undefined' && language === 'javascript' ? 'undefined' : 'none'
    case 'bool':
      return language === 'python' ? (value.v ? '1' : '0') : String(value.v)
    case 'int':
      return value.v
    case 'float':
      return floatFingerprint(value.v)
    case 'str':
    case 'bytes':
      return `${value.t === 'bytes' ? 'b' : ''}${JSON.stringify(value.v)}`
    case 'list':
    case 'tuple':
    case 'set':
      return sequenceFingerprint(value, language)
    case 'dict':
    case 'map':
      return dictFingerprint(value, language)
    case 'other':
    case 'digest':
      return null
    default:
      return value satisfies never
  }
}

/** Returns the fingerprint of a call's outcome: null unless a comparable value came back, and null agrees with nothing. */
export function outcomeFingerprint(outcome: CallOutcome, language: ConsensusLanguage): string | null {
  return outcome.kind === 'value' ? fingerprint(outcome.value, language) : null
}

function floatFingerprint(text: string): string {
  const number = floatNumber(text)
  if (!Number.isFinite(number)) return text
  if (Number.isSafeInteger(number)) return String(number + 0)
  if (Number.isInteger(number)) return BigInt(number).toString()
  const rounded = Number(number.toPrecision(FLOAT_DIGITS))
  return String(rounded === 0 ? 0 : rounded)
}

function sequenceFingerprint(
  value: Extract<TypedValue, { t: 'list' | 'tuple' | 'set' }>,
  language: ConsensusLanguage,
): string | null {
  const items = value.v.map((item) => canonicalText(item, language))
  if (items.some((item) => item === null)) return null
  if (value.t === 'set') return `{${[...new Set(items)].sort().join(',')}}`
  return value.t === 'tuple' && language === 'python' ? `(${items.join(',')})` : `[${items.join(',')}]`
}

type Keyed = Extract<TypedValue, { t: 'dict' | 'map' }>

function dictFingerprint({ t, v }: Keyed, language: ConsensusLanguage): string | null {
  const byKey = itemsByKey(v, language)
  if (byKey === null) return null
  const texts: string[] = []
  for (const [key, item] of byKey) {
    const text = canonicalText(item, language)
    if (text === null) return null
    texts.push(`${key}:${text}`)
  }
  return `{${t === 'map' ? 'map' : ''}:${texts.sort().join(',')}}`
}

/**
 * Returns whether two values are equal when numbers anywhere inside may differ by `tolerance`. What is not finite is close to itself alone, and an integer that no double holds is close to no float: any part of infinity
 * is infinity.
 */
export function valuesClose(a: TypedValue, b: TypedValue, tolerance: Tolerance, language: ConsensusLanguage): boolean {
  const [left, right] = [numeric(a, language), numeric(b, language)]
  if (left !== null && right !== null) {
    const areIntegers = a.t !== 'float' && b.t !== 'float'
    const areHeld = Number.isSafeInteger(left) && Number.isSafeInteger(right)
    if (areIntegers && (tolerance.areIntegersExact === true || !areHeld)) {
      return fingerprint(a, language) === fingerprint(b, language)
    }
    if (!Number.isFinite(left) || !Number.isFinite(right)) return a.t === b.t && Object.is(left, right)
    return Math.abs(left - right) <= Math.max(tolerance.absolute, tolerance.relative * Math.max(Math.abs(left), Math.abs(right)))
  }
  if ((a.t === 'list' || a.t === 'tuple') && (b.t === 'list' || b.t === 'tuple')) {
    const isSameKind = a.t === b.t || language === 'javascript'
    return (
      isSameKind && a.v.length === b.v.length && a.v.every((item, at) => valuesClose(item, b.v[at] ?? item, tolerance, language))
    )
  }
  if ((a.t === 'dict' || a.t === 'map') && (b.t === 'dict' || b.t === 'map')) {
    if (a.t !== b.t) return false
    const [items, others] = [itemsByKey(a.v, language), itemsByKey(b.v, language)]
    if (items === null || others === null || items.size !== others.size) return false
    return [...items].every(([key, item]) => {
      const other = others.get(key)
      return other !== undefined && valuesClose(item, other, tolerance, language)
    })
  }
  const text = fingerprint(a, language)
  return text !== null && text === fingerprint(b, language)
}

/** The last item under each key, as a language would keep it: a candidate may send one key twice. Null where a key equals nothing. */
function itemsByKey(entries: Keyed['v'], language: ConsensusLanguage): ReadonlyMap<string, TypedValue> | null {
  const byKey = new Map<string, TypedValue>()
  for (const [key, item] of entries) {
    const text = canonicalText(key, language)
    if (text === null) return null
    byKey.set(text, item)
  }
  return byKey
}

function numeric(value: TypedValue, language: ConsensusLanguage): number | null {
  if (value.t === 'int') return Number(value.v)
  if (value.t === 'float') return floatNumber(value.v)
  return value.t === 'bool' && language === 'python' ? Number(value.v) : null
}

/** Returns whether `value` counts as true in a condition of `language`; null when that cannot be known from data. */
export function isTruthy(value: TypedValue, language: ConsensusLanguage): boolean | null {
  switch (value.t) {
    case 'none':
    case 'undefined':
      return false
    case 'bool':
      return value.v
    case 'int':
      return value.v !== '0' && value.v !== '-0'
    case 'float':
      return language === 'python' ? floatNumber(value.v) !== 0 : Boolean(floatNumber(value.v))
    case 'str':
    case 'bytes':
      return value.v.length > 0
    case 'list':
    case 'tuple':
    case 'set':
    case 'dict':
    case 'map':
      return language === 'javascript' || value.v.length > 0
    case 'digest':
      return true
    case 'other':
      return null
    default:
      return value satisfies never
  }
}
