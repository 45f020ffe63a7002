import type { Call, TypedValue } from '../domain/value.ts'
import { entryPointCall } from './call-expression.ts'
import { checkKey, type Expectation, type FoundCheck, type FoundChecks, type RejectedCheck } from './check.ts'
import { evaluateConstant } from './constant-expression.ts'
import { parseExpression } from './expression.ts'
import { type EntryPoint, escapeName } from './signature.ts'

/** An example's numbers may differ by this much: people round what they write. */
const EXAMPLE_TOLERANCE = 1e-6
/** More examples than a person reads add nothing but executions. */
const MAX_EXAMPLES = 40

const ARROW =
  /^\s*[`'"]?\s*(?:==>|===|==|=>|->|→|⇒|➞|⟶|➜|=|(?:should\s+)?(?:returns?|gives?|yields?|outputs?|produces?|evaluates\s+to|equals?)\b:?|(?:should\s+(?:be|equal)|is|#\s*(?:=>|->|returns)?|\/\/\s*(?:=>|->|→|returns)?)(?=\s))\s*[`]?/
const ARITHMETIC = /^[ \t]*(?:[+*/%^]|-(?!>)|\*\*)/
const RESULT_WORDS = /\b(?:output|result|answer|function)\s+(?:should|will|would|must)?\s*(?:be|is|return|returns)\s*:?\s*[`]?/i
const LOWER_CASE_CONSTANTS: Readonly<Record<string, TypedValue>> = {
  true: { t: 'bool', v: true },
  false: { t: 'bool', v: false },
  null: { t: 'none' },
}

/**
 * Returns the examples written in a task's text: doctest lines, `f(x) == v` and its spellings (`=>`, `➞`, `returns` …),
 * `Input:` / `Output:` pairs, and "For x = … the output should be …". Arguments and results must be constants; a number
 * that arithmetic follows is refused unless the line ends in `= n`. No example appears twice.
 */
export function findExamples(prompt: string, entry: EntryPoint): FoundChecks {
  const rejected: RejectedCheck[] = []
  const found = [...findCalls(prompt, entry, rejected), ...findInputOutput(prompt, entry), ...findSentences(prompt, entry)]
  const seen = new Set<string>()
  const checks = found.filter((check) => {
    const key = checkKey(check, entry.language)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  return { checks: checks.slice(0, MAX_EXAMPLES), rejected }
}

function findCalls(prompt: string, entry: EntryPoint, rejected: RejectedCheck[]): FoundCheck[] {
  const checks: FoundCheck[] = []
  const pattern = new RegExp(`(?<![\\w.$])${escapeName(entry.name)}\\(`, 'g')
  for (const match of prompt.matchAll(pattern)) {
    const parsed = parseExpression(prompt, entry.language, match.index, 'operand')
    const call = parsed === null ? null : entryPointCall(parsed.expression, entry)
    if (parsed === null || call === null) continue
    const source = prompt.slice(match.index, parsed.end)
    const rounding = roundingAround(prompt, match.index, parsed.end)
    const start = match.index - (rounding?.before ?? 0)
    const value = valueBehind(prompt, rounding?.end ?? parsed.end, isDoctest(prompt, start), entry)
    if (value === null) rejected.push({ source, reason: 'no constant result stands behind the call' })
    else checks.push(example(call, value, source, rounding?.tolerance))
  }
  return checks
}

/** `round(f(x), 2)` in an example asks for the value within half of the last digit. */
function roundingAround(prompt: string, from: number, to: number): { before: number; end: number; tolerance: number } | null {
  const before = /\bround\(\s*$/.exec(prompt.slice(Math.max(0, from - 20), from))
  const after = /^\s*(?:,\s*(\d))?\s*\)(?:[ \t]*#[^\n]*)?/.exec(prompt.slice(to, to + 200))
  if (before === null || after === null) return null
  return { before: before[0].length, end: to + after[0].length, tolerance: 0.5 * 10 ** -Number(after[1] ?? 0) }
}

function isDoctest(prompt: string, callAt: number): boolean {
  const lineStart = prompt.lastIndexOf('\n', callAt - 1) + 1
  return /^\s*(?:>>>|>)\s*$/.test(prompt.slice(lineStart, callAt))
}

function valueBehind(prompt: string, from: number, doctest: boolean, entry: EntryPoint): TypedValue | null {
  const lineEnd = endOfLine(prompt, from)
  const rest = prompt.slice(from, lineEnd)
  const arrow = ARROW.exec(rest)
  if (arrow !== null) return constantAt(prompt, from + arrow[0].length, entry)
  if (!doctest) return null
  if (rest.trim() !== '') return constantAt(prompt, from, entry)
  const next = prompt.slice(lineEnd + 1, endOfLine(prompt, lineEnd + 1))
  if (/^\s*(?:>>>.*|['"]{3}.*)?$/.test(next)) return entry.language === 'python' && /\bNone\b/.test(prompt) ? { t: 'none' } : null
  return constantAt(prompt, lineEnd + 1, entry)
}

/** Returns the constant at `from`. It must not be the first term of a sum, unless the line closes with `= n`. */
function constantAt(prompt: string, from: number, entry: EntryPoint): TypedValue | null {
  const lower = /^\s*(true|false|null)\b/.exec(prompt.slice(from, from + 40))?.[1]
  if (lower !== undefined && entry.language === 'python') return LOWER_CASE_CONSTANTS[lower] ?? null
  const parsed = withoutFullStop(prompt, from, entry) ?? parseExpression(prompt, entry.language, from, 'operand')
  if (parsed === null) return null
  const value = evaluateConstant(parsed.expression, entry.language)
  const rest = prompt.slice(parsed.end, endOfLine(prompt, parsed.end))
  if (!ARITHMETIC.test(rest)) return value
  const last = /=\s*([^=]+?)\s*$/.exec(rest)?.[1]
  const closing = last === undefined ? null : parseExpression(last, entry.language, 0, 'operand')
  if (last === undefined || closing === null || last.slice(closing.end).trim() !== '') return null
  return evaluateConstant(closing.expression, entry.language)
}

/** Reads a number that ends a sentence: in "should be 10.5." the last point is the sentence's. */
function withoutFullStop(prompt: string, from: number, entry: EntryPoint): ReturnType<typeof parseExpression> {
  const number = /^\s*`?-?\d+(?:\.\d+)?(?=\.(?:\s|$|["'`]))/.exec(prompt.slice(from, from + 60))
  if (number === null) return null
  const parsed = parseExpression(number[0].replace('`', ' '), entry.language, 0, 'operand')
  return parsed === null ? null : { expression: parsed.expression, end: from + number[0].length }
}

function findInputOutput(prompt: string, entry: EntryPoint): FoundCheck[] {
  const checks: FoundCheck[] = []
  for (const match of prompt.matchAll(/\binputs?\b[^\S\n]*:[^\S\n]*(.+)\n\s*(?:expected\s+)?outputs?\b[^\S\n]*:[^\S\n]*/gi)) {
    const input = (match[1] ?? '').trim().replace(/^`|`$/g, '')
    const args = bindings(input, entry) ?? positional(input, entry)
    const value = constantAt(prompt, match.index + match[0].length, entry)
    if (args !== null && value !== null) checks.push(example({ fn: entry.name, args }, value, match[0].trim()))
  }
  return checks
}

function findSentences(prompt: string, entry: EntryPoint): FoundCheck[] {
  const checks: FoundCheck[] = []
  for (const match of prompt.matchAll(/\b(?:for|if|when|given)\s+(?=[A-Za-z_]\w*\s*=[^=])/gi)) {
    const from = match.index + match[0].length
    const lineEnd = endOfLine(prompt, from)
    const line = prompt.slice(from, lineEnd)
    const words = RESULT_WORDS.exec(line)
    if (words === null) continue
    const args = bindings(line.slice(0, words.index), entry)
    const value = constantAt(prompt, from + words.index + words[0].length, entry)
    if (args !== null && value !== null) checks.push(example({ fn: entry.name, args }, value, prompt.slice(match.index, lineEnd)))
  }
  return checks
}

/** Reads `a = 1, b = [2]` at the start of `text`; prose may follow. As many as the parameters, in their order or by name. */
function bindings(text: string, entry: EntryPoint): TypedValue[] | null {
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

function positional(text: string, entry: EntryPoint): TypedValue[] | null {
  const parsed = parseExpression(`[${text}]`, entry.language)
  const all = parsed === null ? null : evaluateConstant(parsed.expression, entry.language)
  if (all === null || all.t !== 'list') return null
  return all.v.length === (entry.parameters?.length ?? 1) ? [...all.v] : null
}

function example(call: Call, value: TypedValue, source: string, tolerance = EXAMPLE_TOLERANCE): FoundCheck {
  const expected: Expectation = { kind: 'equals', value, tolerance }
  return { call, expected, source }
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at
}
