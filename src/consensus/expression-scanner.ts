import type { TypedValue } from '../domain/value.ts'
import type { ConsensusLanguage } from './language.ts'
import { readNumber } from './number-text.ts'
import { readString } from './string-text.ts'

/** A cursor over expression text. Every `take*` skips white space (and, in brackets, line ends) and moves only on success. */
export interface Scanner {
  readonly language: ConsensusLanguage
  position(): number
  sees(text: string): boolean
  take(text: string): boolean
  /** Takes `text` only if nothing, not even a space, stands before it: `f(x)` is a call and `f (x)` is prose. */
  takeTight(text: string): boolean
  takeMemberDot(): boolean
  takeWord(word: string): boolean
  takeOperator(operators: readonly string[]): string | null
  takeIdentifier(): string | null
  takeArgumentName(): string | null
  takeLiteral(): TypedValue | null
  constantNamed(name: string): TypedValue | null
}

const IDENTIFIER = /[A-Za-z_$][\w$]*/y
const ARGUMENT_NAME = /([A-Za-z_]\w*)\s*=(?!=)/y
const SPACE = /[ \t\r\n]*(?:\\\r?\n[ \t\r\n]*)*/y
const WORD_OPERATOR = /^[a-z]/
/** Operators that a shorter one must not be mistaken for: `*` in `**`, `=` in `==`, `<` in `<<`. */
const LONGER: Readonly<Record<string, RegExp>> = {
  '*': /^\*\*/,
  '/': /^\/\//,
  '<': /^<</,
  '>': /^>>/,
  '-': /^(->|-=)/,
  '==': /^===/,
  '!=': /^!==/,
  '!': /^!=/,
}

const PYTHON_CONSTANTS: Readonly<Record<string, TypedValue>> = {
  None: { t: 'none' },
  True: { t: 'bool', v: true },
  False: { t: 'bool', v: false },
}
const JAVASCRIPT_CONSTANTS: Readonly<Record<string, TypedValue>> = {
  null: { t: 'none' },
  undefined: { t: 'undefined' },
  true: { t: 'bool', v: true },
  false: { t: 'bool', v: false },
  NaN: { t: 'float', v: 'nan' },
  Infinity: { t: 'float', v: 'inf' },
}

/** Returns a scanner over `text` at offset `from`. */
export function scannerAt(text: string, language: ConsensusLanguage, from: number): Scanner {
  let at = from
  let skippedAt = -1
  let skippedTo = -1
  const constants = language === 'python' ? PYTHON_CONSTANTS : JAVASCRIPT_CONSTANTS

  // Every level of operators asks at the same place; the space behind it is read once.
  const skipSpace = (): number => {
    if (skippedAt === at) return skippedTo
    SPACE.lastIndex = at
    skippedAt = at
    skippedTo = at + (SPACE.exec(text)?.[0].length ?? 0)
    return skippedTo
  }
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = skipSpace()
    const found = pattern.exec(text)
    if (found !== null) at = pattern.lastIndex
    return found
  }
  const take = (token: string): boolean => {
    const start = skipSpace()
    if (!text.startsWith(token, start)) return false
    at = start + token.length
    return true
  }
  const takeWord = (word: string): boolean => {
    const start = skipSpace()
    if (text[start] !== word[0]) return false
    const pattern = new RegExp(`${word.replaceAll(' ', '\\s+')}(?![\\w$])`, 'y')
    pattern.lastIndex = start
    const found = pattern.exec(text)
    if (found === null) return false
    at = pattern.lastIndex
    return true
  }
  const takeOperator = (operators: readonly string[]): string | null => {
    for (const operator of operators) {
      if (WORD_OPERATOR.test(operator)) {
        if (takeWord(operator)) return operator
        continue
      }
      const longer = LONGER[operator]
      if (longer !== undefined && operator !== '//' && longer.test(text.slice(skipSpace(), skipSpace() + 3))) continue
      if (take(operator)) return operator
    }
    return null
  }

  return {
    language,
    position: () => at,
    sees: (token) => text.startsWith(token, skipSpace()),
    take,
    takeTight: (token) => text.startsWith(token, at) && take(token),
    takeMemberDot: () => /^\.[A-Za-z_$]/.test(text.slice(at, at + 2)) && take('.'),
    takeWord,
    takeOperator,
    takeIdentifier: () => match(IDENTIFIER)?.[0] ?? null,
    takeArgumentName: () => match(ARGUMENT_NAME)?.[1] ?? null,
    takeLiteral: () => {
      const start = skipSpace()
      const read = readString(text, start, language) ?? readNumber(text, start, language)
      if (read === null) return null
      at = read.end
      return read.value
    },
    constantNamed: (name) => (Object.hasOwn(constants, name) ? (constants[name] ?? null) : null),
  }
}
