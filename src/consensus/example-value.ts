import type { TypedValue } from '../domain/value.ts'
import { evaluateConstant } from './constant-expression.ts'
import { parseExpression } from './expression.ts'
import type { EntryPoint } from './signature.ts'

/** A constant that stands in a text, and the offset just behind it. */
export interface FoundConstant {
  readonly value: TypedValue
  readonly end: number
}

/** How far behind a value the rest of its line is looked at. */
const MAX_REST = 400
const ARITHMETIC = /^[ \t]*(?:[+*/%^]|-(?!>)|\*\*)/
/** `9**` and then a space or the end is the end of bold type; `9**2` and `9 ** 2` are arithmetic. */
const CLOSING_MARKS = /^[*`]+(?=[\s.,;:)]|$)/
const LOWER_CASE_CONSTANTS: Readonly<Record<string, TypedValue>> = {
  true: { t: 'bool', v: true },
  false: { t: 'bool', v: false },
  null: { t: 'none' },
}

/**
 * Returns the constant at `from` in a task's text, or null. It must not be the first term of a sum, unless the line
 * closes with `= n`. Python's constants may be written in lower case.
 */
export function constantAt(prompt: string, from: number, entry: EntryPoint): FoundConstant | null {
  const lower = /^\s*(true|false|null)\b/.exec(prompt.slice(from, from + 40))
  const named = entry.language === 'python' ? LOWER_CASE_CONSTANTS[lower?.[1] ?? ''] : undefined
  if (lower !== null && named !== undefined) return { value: named, end: from + lower[0].length }
  const parsed =
    withoutFullStop(prompt, from, entry) ??
    parseExpression(prompt, entry.language, from, 'operand') ??
    withoutBoldEnd(prompt, from, entry)
  const value = parsed === null ? null : evaluateConstant(parsed.expression, entry.language)
  if (parsed === null || value === null) return null
  const rest = restOfLine(prompt, parsed.end).replace(CLOSING_MARKS, '')
  if (!ARITHMETIC.test(rest)) return { value, end: parsed.end }
  const last = rest.slice(rest.lastIndexOf('=') + 1).trim()
  const closing = rest.includes('=') ? parseExpression(last, entry.language, 0, 'operand') : null
  if (closing === null || last.slice(closing.end).trim() !== '') return null
  const result = evaluateConstant(closing.expression, entry.language)
  return result === null ? null : { value: result, end: endOfLine(prompt, parsed.end) }
}

/** Reads a number that ends a sentence: in "should be 10.5." the last point is the sentence's. */
function withoutFullStop(prompt: string, from: number, entry: EntryPoint): ReturnType<typeof parseExpression> {
  const number = /^\s*`?-?\d+(?:\.\d+)?(?=\.(?:\s|$|["'`]))/.exec(prompt.slice(from, from + 60))
  if (number === null) return null
  const parsed = parseExpression(number[0].replace('`', ' '), entry.language, 0, 'operand')
  return parsed === null ? null : { expression: parsed.expression, end: from + number[0].length }
}

/** Reads a value in bold type: in "**returns 9**" the last marks raise nothing to a power. */
function withoutBoldEnd(prompt: string, from: number, entry: EntryPoint): ReturnType<typeof parseExpression> {
  const marks = /(?<=\S)\*{2,3}(?=[\s.,;:)`]|$)/.exec(restOfLine(prompt, from))
  return marks === null ? null : parseExpression(prompt.slice(0, from + marks.index), entry.language, from, 'operand')
}

/**
 * Reads `a = 1, b = [2]` at the start of `text`; prose may follow. Returns as many arguments as the entry point has
 * parameters, put in their places by name; null when they do not fit.
 */
export function namedArguments(text: string, entry: EntryPoint): TypedValue[] | null {
  const byName = new Map<string, TypedValue>()
  let at = 0
  for (;;) {
    const name = /^[\s,]*(?:and\s+)?([A-Za-z_]\w*)\s*=(?!=)\s*/.exec(text.slice(at))
    if (name === null) break
    const parsed = parseExpression(text, entry.language, at + name[0].length, 'operand')
    const value = parsed === null ? null : evaluateConstant(parsed.expression, entry.language)
    if (parsed === null || value === null) return null
    byName.set(name[1] ?? '', value)
    at = parsed.end
  }
  if (byName.size === 0) return null
  const { parameters } = entry
  if (parameters === null) return byName.size === 1 ? [...byName.values()] : null
  const ordered = parameters.slice(0, byName.size).map((parameter) => byName.get(parameter))
  if (ordered.every((value) => value !== undefined)) return ordered
  // A text may call the only parameter by another name ("For num = …" of `f(n)`); with more, a guess could swap them.
  return byName.size === 1 && parameters.length === 1 ? [...byName.values()] : null
}

/** Reads `text` as a list of arguments with nothing behind it; null unless there are as many as parameters. */
export function positionalArguments(text: string, entry: EntryPoint): TypedValue[] | null {
  const parsed = parseExpression(`[${text}]`, entry.language)
  const all = parsed === null || parsed.end !== text.length + 2 ? null : evaluateConstant(parsed.expression, entry.language)
  if (all === null || all.t !== 'list') return null
  return all.v.length === (entry.parameters?.length ?? 1) ? [...all.v] : null
}

/** Returns the offset of the line end at or behind `from`. */
export function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at
}

/** Returns what stands on the line from `from` on, cut where nobody reads on. */
export function restOfLine(text: string, from: number): string {
  return text.slice(from, Math.min(endOfLine(text, from), from + MAX_REST))
}
