import type { TypedValue } from '../domain/value.ts'
import type { ConsensusLanguage } from './language.ts'

/** A literal read from text and the offset just behind it. */
export interface ReadLiteral {
  readonly value: TypedValue
  readonly end: number
}

const RADIX = /0(?:[xX][\da-fA-F](?:_?[\da-fA-F])*|[oO][0-7](?:_?[0-7])*|[bB][01](?:_?[01])*)/y
const DECIMAL = /(?:\d(?:_?\d)*)?(?:\.(?:\d(?:_?\d)*)?)?(?:[eE][+-]?\d+)?/y
/** Longest integer read: a value nobody wrote by hand must not cost quadratic time. */
const MAX_DIGITS = 5000

/** Returns the number literal at `start`, or null. A JavaScript number with no fraction is an `int`, however written. */
export function readNumber(text: string, start: number, language: ConsensusLanguage): ReadLiteral | null {
  RADIX.lastIndex = start
  const radix = RADIX.exec(text)?.[0]
  if (radix !== undefined) return finish(text, start + radix.length, BigInt(radix.replaceAll('_', '')).toString(), language)
  DECIMAL.lastIndex = start
  const found = DECIMAL.exec(text)?.[0] ?? ''
  if (!/\d/.test(found) || found.length > MAX_DIGITS || found.startsWith('e') || found.startsWith('E')) return null
  return finish(text, start + found.length, found.replaceAll('_', ''), language)
}

function finish(text: string, end: number, digits: string, language: ConsensusLanguage): ReadLiteral | null {
  const isWhole = /^\d+$/.test(digits)
  // A bigint of JavaScript is none of these: what a program gives of that kind compares with nothing.
  if (/[\w$]/.test(text[end] ?? '')) return null
  // A JavaScript number is a double, however many digits it is written with.
  if (isWhole && language === 'python') return { value: { t: 'int', v: BigInt(digits).toString() }, end }
  return { value: numberValue(Number(digits), language), end }
}

/** Returns a JavaScript number as a typed value: a float in Python's sense; in JavaScript's, an `int` when it is whole. */
export function numberValue(value: number, language: ConsensusLanguage): TypedValue {
  if (language === 'javascript' && Number.isSafeInteger(value)) return { t: 'int', v: String(value) }
  return { t: 'float', v: floatText(value) }
}

/** Returns the decimal text of a float: `inf`, `-inf`, `nan`, else the shortest digits that give the number back. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return Object.is(value, -0) ? '-0.0' : String(value)
}

/** Returns the number a float's decimal text stands for. */
export function floatNumber(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY
  if (text === '-inf') return Number.NEGATIVE_INFINITY
  return text === 'nan' ? Number.NaN : Number(text)
}
