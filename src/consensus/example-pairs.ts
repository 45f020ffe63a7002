import type { TypedValue } from '../domain/value.ts'
import { constantAt, endOfLine, type FoundConstant, namedArguments, positionalArguments, restOfLine } from './example-value.ts'
import type { EntryPoint } from './signature.ts'

/** Arguments and a result that a text puts under the labels of input and output. */
export interface FoundPair {
  readonly args: readonly TypedValue[]
  readonly value: TypedValue
  readonly source: string
}

const INPUT = /\binputs?\b[*`]{0,3}[^\S\n]{0,9}:[*`]{0,3}[^\S\n]*/i
/** Labels of a result on the line of the input; the first that has arguments in front of it counts. */
const SAME_LINE_OUTPUT = /(?:\bexpected\s{1,3})?\boutputs?\b[*`]{0,3}[^\S\n]{0,9}:[*`]{0,3}[^\S\n]{0,9}[*`]{0,3}/gi
const NEXT_LINE_OUTPUT =
  /^[\s>*\-#/|•`]{0,40}(?:(?:expected|sample|example)\s{1,3})?outputs?\b[*`]{0,3}[^\S\n]{0,9}:[*`]{0,3}[^\S\n]{0,9}[*`]{0,3}/i
const MAX_LABELS = 5
/** What may follow a result on its line: nothing, a mark, a note. "Output: 9 numbers" states no result. */
const AFTER_RESULT = /^[*`]*\s*(?:$|[.,;)(#|]|\/\/|-|because\b|since\b)/
const MAX_LINES = 2_000

/**
 * Returns the `Input:` / `Output:` pairs of a text: on two lines or on one, the labels and the values plain, bold or in
 * backticks, the arguments named or in order. What is no constant is passed over.
 */
export function findPairs(prompt: string, entry: EntryPoint): FoundPair[] {
  const pairs: FoundPair[] = []
  let lineStart = 0
  for (let line = 0; line < MAX_LINES && lineStart < prompt.length; line += 1) {
    const lineEnd = endOfLine(prompt, lineStart)
    const label = INPUT.exec(prompt.slice(lineStart, lineEnd))
    if (label !== null) {
      const from = lineStart + label.index
      const pair =
        onOneLine(prompt, from, from + label[0].length, lineEnd, entry) ??
        onTwoLines(prompt, from, from + label[0].length, lineEnd, entry)
      if (pair !== null) pairs.push(pair)
    }
    lineStart = lineEnd + 1
  }
  return pairs
}

function onOneLine(prompt: string, labelAt: number, from: number, lineEnd: number, entry: EntryPoint): FoundPair | null {
  const rest = prompt.slice(from, lineEnd)
  let labels = 0
  for (const output of rest.matchAll(SAME_LINE_OUTPUT)) {
    if (labels === MAX_LABELS) return null
    labels += 1
    const args = argumentsIn(rest.slice(0, output.index).replace(/(?:[\s,;.|]|[-=]>|→|\band\b){1,20}$/, ''), entry)
    const found = args === null ? null : constantAt(prompt, from + output.index + output[0].length, entry)
    if (args === null || found === null || found.end > lineEnd) continue
    return AFTER_RESULT.test(restOfLine(prompt, found.end)) ? pairOf(prompt, labelAt, args, found) : null
  }
  return null
}

function onTwoLines(prompt: string, labelAt: number, from: number, lineEnd: number, entry: EntryPoint): FoundPair | null {
  const next = lineEnd + (/^\s*/.exec(prompt.slice(lineEnd))?.[0].length ?? 0)
  const output = NEXT_LINE_OUTPUT.exec(restOfLine(prompt, next))
  if (output === null || next === lineEnd) return null
  const args = argumentsIn(prompt.slice(from, lineEnd), entry)
  const found = args === null ? null : constantAt(prompt, next + output[0].length, entry)
  return args === null || found === null ? null : pairOf(prompt, labelAt, args, found)
}

function pairOf(prompt: string, from: number, args: readonly TypedValue[], { value, end }: FoundConstant): FoundPair {
  return { args, value, source: prompt.slice(from, end).trim() }
}

function argumentsIn(text: string, entry: EntryPoint): TypedValue[] | null {
  const bare = text
    .trim()
    .replace(/^[*`]{1,4}\s*/, '')
    .replace(/[*`]{1,4}$/, '')
  // Between quotes a backtick is a character; elsewhere it only sets off a name or value.
  const input = /['"]/.test(bare) ? bare : bare.replaceAll('`', '')
  return namedArguments(input, entry) ?? positionalArguments(input, entry)
}
