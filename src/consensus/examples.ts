import type { Call, TypedValue } from '../domain/value.ts'
import { entryPointCall } from './call-expression.ts'
import { checkKey, type FoundCheck, type FoundChecks, type RejectedCheck } from './check.ts'
import { refusedByContext } from './example-context.ts'
import { findPairs } from './example-pairs.ts'
import { constantAt, endOfLine, namedArguments, restOfLine } from './example-value.ts'
import { parseExpression } from './expression.ts'
import { type EntryPoint, escapeName } from './signature.ts'
import { roundedTo, withinPart } from './tolerance.ts'

/** An example's numbers may differ by this much: people round what they write. */
const EXAMPLE_TOLERANCE = withinPart(1e-6)
/** More examples than a person reads add nothing but executions. */
const MAX_EXAMPLES = 40
/** Most calls and sentences looked at; a text with more is no task, and every one costs a reading. */
const MAX_MENTIONS = 300

const ARROW =
  /^\s*[`'"]?\s*(?:==>|===|==|=>|->|→|⇒|➞|⟶|➜|=|(?:should\s+)?(?:returns?|gives?|yields?|outputs?|produces?|evaluates\s+to|equals?)\b:?|(?:should\s+(?:be|equal)|is|#\s*(?:=>|->|returns)?|\/\/\s*(?:=>|->|→|returns)?)(?=\s))\s*[`]?/
const RESULT_WORDS =
  /\b(?:output|result|answer|function)[^\S\n]{1,9}(?:should|will|would|must)?[^\S\n]{0,9}(?:be|is|return|returns)\s{0,9}:?\s{0,9}[`]?/i
/** Longest sentence read as an example. */
const MAX_SENTENCE = 2_000

/**
 * Returns the examples written in a task's text: doctest lines, `f(x) == v` and its spellings (`=>`, `➞`, `returns` …),
 * `Input:` / `Output:` pairs, and "For x = … the output should be …". Arguments and results must be constants; a number
 * that arithmetic follows is refused unless the line ends in `= n`, and so is a call that is a term of something larger
 * (`2 * f(3) == 12`): a false example would rule out every right program. No example appears twice. Line ends may be of
 * any kind. Never throws; time grows with the length of the text.
 */
export function findExamples(prompt: string, entry: EntryPoint): FoundChecks {
  const text = prompt.replace(/\r\n?/g, '\n')
  const rejected: RejectedCheck[] = []
  const pairs = findPairs(text, entry).map(({ args, value, source }) => example({ fn: entry.name, args }, value, source))
  const found = [...findCalls(text, entry, rejected), ...pairs, ...findSentences(text, entry)]
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
  let mentions = 0
  for (const match of prompt.matchAll(new RegExp(`(?<![\\w$])${escapeName(entry.name)}\\(`, 'g'))) {
    mentions += 1
    if (mentions > MAX_MENTIONS) {
      rejected.push({ source: entry.name, reason: `of its calls in the text only the first ${MAX_MENTIONS} were read` })
      break
    }
    const parsed = parseExpression(prompt, entry.language, match.index, 'operand')
    const call = parsed === null ? null : entryPointCall(parsed.expression, entry)
    if (parsed === null || call === null) continue
    const source = prompt.slice(match.index, parsed.end)
    const rounding = roundingAround(prompt, match.index, parsed.end)
    const start = match.index - (rounding?.before ?? 0)
    const value = valueBehind(prompt, rounding?.end ?? parsed.end, isDoctest(prompt, start), entry)
    const reason = value === null ? 'no constant result stands behind the call' : refusedByContext(prompt, start)
    if (value === null || reason !== null) rejected.push({ source, reason: reason ?? '' })
    else checks.push(example(call, value, source, rounding === null ? EXAMPLE_TOLERANCE : roundedTo(rounding.digits, value)))
  }
  return checks
}

/** `round(f(x), 2)` in an example asks for the value within half of the last digit. */
function roundingAround(prompt: string, from: number, to: number): { before: number; end: number; digits: number } | null {
  const before = /\bround\(\s*$/.exec(prompt.slice(Math.max(0, from - 20), from))
  const after = /^\s*(?:,\s*(\d))?\s*\)(?:[ \t]*#[^\n]*)?/.exec(prompt.slice(to, to + 200))
  if (before === null || after === null) return null
  return {
    before: before[0].length,
    end: to + after[0].length,
    digits: Number(after[1] ?? 0),
  }
}

function isDoctest(prompt: string, callAt: number): boolean {
  const lineStart = prompt.lastIndexOf('\n', callAt - 1) + 1
  return /^\s*(?:>>>|>)\s*$/.test(prompt.slice(lineStart, callAt))
}

function valueBehind(prompt: string, from: number, doctest: boolean, entry: EntryPoint): TypedValue | null {
  const rest = restOfLine(prompt, from)
  const lineEnd = endOfLine(prompt, from)
  const nextLine = restOfLine(prompt, lineEnd + 1)
  const arrow = ARROW.exec(rest)
  if (arrow !== null) {
    const found = constantAt(prompt, from + arrow[0].length, entry)
    if (found === null || isDenied(restOfLine(prompt, found.end), doctest ? nextLine : '')) return null
    return found.value
  }
  if (!doctest) return null
  if (rest.trim() !== '') {
    // `>>> f(3)[0]` and `>>> f(3) + 1` show something else than the result of the call.
    return /^[[.]|^\s*(?:\+|-\s)/.test(rest) ? null : (constantAt(prompt, from, entry)?.value ?? null)
  }
  if (/^\s*(?:>>>.*|['"]{3}.*)?$/.test(nextLine)) {
    return entry.language === 'python' && /\bNone\b/.test(prompt) ? { t: 'none' } : null
  }
  return constantAt(prompt, lineEnd + 1, entry)?.value ?? null
}

/** Returns whether a text shows an equation to be false: `f(3) == 12  # False`, or `False` under it in a doctest. */
function isDenied(behind: string, under: string): boolean {
  return /^\s*(?:#|\/\/|[-=]>|→|is\b|returns?\b|gives?\b)?\s*(?:[Ff]alse)\b/.test(behind) || /^\s*[Ff]alse\s*$/.test(under)
}

function findSentences(prompt: string, entry: EntryPoint): FoundCheck[] {
  const checks: FoundCheck[] = []
  let mentions = 0
  for (const match of prompt.matchAll(/\b(?:for|if|when|given)\s+(?=[A-Za-z_]\w*\s*=[^=])/gi)) {
    mentions += 1
    if (mentions > MAX_MENTIONS) break
    const from = match.index + match[0].length
    const lineEnd = Math.min(endOfLine(prompt, from), from + MAX_SENTENCE)
    const line = prompt.slice(from, lineEnd)
    const words = RESULT_WORDS.exec(line)
    if (words === null) continue
    const args = namedArguments(line.slice(0, words.index), entry)
    const found = constantAt(prompt, from + words.index + words[0].length, entry)
    if (args === null || found === null) continue
    checks.push(example({ fn: entry.name, args }, found.value, prompt.slice(match.index, lineEnd)))
  }
  return checks
}

function example(call: Call, value: TypedValue, source: string, tolerance = EXAMPLE_TOLERANCE): FoundCheck {
  return { call, expected: { kind: 'equals', value, tolerance }, source }
}
