import type { DigestValue, TypedValue } from '../domain/value.ts'
import { evaluateConstant } from './constant-expression.ts'
import { parseExpression } from './expression.ts'
import type { ConsensusLanguage } from './language.ts'
import { floatNumber } from './number-text.ts'

/**
 * Returns the value that the whole of `text` denotes, or null when it is not a constant: literals, signed numbers,
 * small constant arithmetic and the few constructors `evaluateConstant` knows. Nothing is ever executed.
 */
export function parseLiteral(text: string, language: ConsensusLanguage): TypedValue | null {
  const parsed = parseExpression(text, language)
  if (parsed === null || text.slice(parsed.end).trim() !== '') return null
  return evaluateConstant(parsed.expression, language)
}

/** Returns `value` as source text of `language` that `parseLiteral` reads back to an equal value. */
export function printLiteral(value: TypedValue, language: ConsensusLanguage): string {
  return language === 'python' ? printPython(value) : printJavaScript(value)
}

function printPython(value: TypedValue): string {
  switch (value.t) {
    case 'none':
    case 'undefined':
      return 'None'
    case 'bool':
      return value.v ? 'True' : 'False'
    case 'int':
      return value.v
    case 'float':
      return printPythonFloat(value.v)
    case 'str':
      return quote(value.v)
    case 'bytes':
      return `b${quote(value.v)}`
    case 'list':
      return `[${value.v.map(printPython).join(', ')}]`
    case 'tuple':
      return value.v.length === 1 ? `(${value.v.map(printPython).join('')},)` : `(${value.v.map(printPython).join(', ')})`
    case 'set':
      return value.v.length === 0 ? 'set()' : `{${value.v.map(printPython).join(', ')}}`
    case 'dict':
    case 'map':
      return `{${value.v.map(([key, item]) => `${printPython(key)}: ${printPython(item)}`).join(', ')}}`
    case 'other':
      return `<${value.v}>`
    case 'digest':
      return printDigest(value)
    default:
      return value satisfies never
  }
}

function printPythonFloat(text: string): string {
  const number = floatNumber(text)
  if (!Number.isFinite(number)) return `float(${quote(text)})`
  const digits = Object.is(number, -0) ? '-0.0' : String(number)
  return /[.e]/.test(digits) ? digits : `${digits}.0`
}

function printJavaScript(value: TypedValue): string {
  switch (value.t) {
    case 'none':
      return 'null'
    case 'undefined':
      return 'undefined'
    case 'bool':
      return String(value.v)
    case 'int':
      return Number.isSafeInteger(Number(value.v)) ? value.v : `${value.v}n`
    case 'float':
      return printJavaScriptFloat(value.v)
    case 'str':
    case 'bytes':
      return quote(value.v)
    case 'list':
    case 'tuple':
      return `[${value.v.map(printJavaScript).join(', ')}]`
    case 'set':
      return `new Set([${value.v.map(printJavaScript).join(', ')}])`
    case 'dict':
      return printJavaScriptDict(value.v)
    case 'map':
      return printMap(value.v)
    case 'other':
      return `<${value.v}>`
    case 'digest':
      return printDigest(value)
    default:
      return value satisfies never
  }
}

function printJavaScriptFloat(text: string): string {
  const number = floatNumber(text)
  return Object.is(number, -0) ? '-0' : String(number)
}

function printDigest({ v, of, sizeBytes }: DigestValue): string {
  return `<${of} of ${sizeBytes} bytes${v === null ? '' : `, ${v.slice(0, 12)}`}>`
}

type Entries = readonly (readonly [TypedValue, TypedValue])[]

function printJavaScriptDict(entries: Entries): string {
  if (entries.some(([key]) => key.t !== 'str')) return printMap(entries)
  return `{${entries.map(([key, item]) => `${printJavaScript(key)}: ${printJavaScript(item)}`).join(', ')}}`
}

function printMap(entries: Entries): string {
  return `new Map([${entries.map(([key, item]) => `[${printJavaScript(key)}, ${printJavaScript(item)}]`).join(', ')}])`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function quote(text: string): string {
  const escaped = text.replace(/[\\'\n\r\t]|[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/g, (char) => {
    return ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `'${escaped}'`
}
