import type { TypedValue } from '../domain/value.ts'
import { type Scanner, scannerAt } from './expression-scanner.ts'
import type { ConsensusLanguage } from './language.ts'

/** A parsed expression of a test line or example: just enough of Python and JavaScript to read calls and values. */
export type Expression =
  | { readonly kind: 'value'; readonly value: TypedValue }
  | { readonly kind: 'sequence'; readonly of: 'list' | 'tuple' | 'set'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly object: Expression; readonly name: string }
  | {
      readonly kind: 'call'
      readonly callee: Expression
      readonly args: readonly Expression[]
      readonly named: readonly (readonly [string, Expression])[]
    }
  | { readonly kind: 'unary'; readonly op: string; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expression; readonly right: Expression }

/** An expression and the offset in the text just behind it. */
export interface ParsedExpression {
  readonly expression: Expression
  readonly end: number
}

/** How far a parse reaches: a whole expression, or one operand (a signed literal or a call) and no operator behind it. */
export type ExpressionReach = 'expression' | 'operand'

/** Deepest nesting read; anything deeper is not an example a person wrote. */
const MAX_DEPTH = 60
/** Most calls and members hung on one value, as in `expect(f(1)).not.toBe(2)`: they nest what is read like brackets. */
const MAX_LINKS = 12

const LEVELS: Readonly<Record<ConsensusLanguage, readonly (readonly string[])[]>> = {
  python: [
    ['or'],
    ['and'],
    ['==', '!=', '<=', '>=', '<', '>', 'is not', 'is', 'not in', 'in'],
    ['+', '-'],
    ['*', '//', '/', '%'],
  ],
  javascript: [['||', '??'], ['&&'], ['===', '!==', '==', '!='], ['<=', '>=', '<', '>'], ['+', '-'], ['*', '/', '%']],
}

/** The level of `and`/comparison above which Python's `not` binds. */
const PYTHON_NOT_LEVEL = 2

class Unreadable extends Error {}
/** Thrown again and again: a stack trace a time would be most of the cost of reading a text. */
const UNREADABLE = new Unreadable()

/**
 * Returns the expression that starts at `from` in `text`, or null when what stands there is not one this reader knows
 * (comprehensions, lambdas, f-strings, subscripts: nothing an example needs) or is nested deeper than a person nests.
 * Never throws. Operators of one level stand in a chain of `left`s as long as the text: walk it without recursion.
 */
export function parseExpression(
  text: string,
  language: ConsensusLanguage,
  from = 0,
  reach: ExpressionReach = 'expression',
): ParsedExpression | null {
  const scanner = scannerAt(text, language, from)
  try {
    const expression = reach === 'operand' ? parseUnary(scanner, 0) : parseLevel(scanner, 0, 0)
    return { expression, end: scanner.position() }
  } catch (error) {
    if (error instanceof Unreadable) return null
    throw error
  }
}

function parseLevel(scanner: Scanner, level: number, depth: number): Expression {
  if (depth > MAX_DEPTH) throw UNREADABLE
  const operators = LEVELS[scanner.language][level]
  if (operators === undefined) return parseUnary(scanner, depth + 1)
  if (scanner.language === 'python' && level === PYTHON_NOT_LEVEL && scanner.takeWord('not')) {
    return { kind: 'unary', op: 'not', operand: parseLevel(scanner, level, depth + 1) }
  }
  let left = parseLevel(scanner, level + 1, depth)
  for (;;) {
    const op = scanner.takeOperator(operators)
    if (op === null) return left
    left = { kind: 'binary', op, left, right: parseLevel(scanner, level + 1, depth) }
  }
}

function parseUnary(scanner: Scanner, depth: number): Expression {
  if (depth > MAX_DEPTH) throw UNREADABLE
  const op = scanner.takeOperator(scanner.language === 'python' ? ['-', '+', '~'] : ['-', '+', '!', '~'])
  if (op !== null) return { kind: 'unary', op, operand: parseUnary(scanner, depth + 1) }
  if (scanner.language === 'javascript') scanner.takeWord('new')
  const base = parsePostfix(scanner, depth)
  if (scanner.takeOperator(['**']) === null) return base
  return { kind: 'binary', op: '**', left: base, right: parseUnary(scanner, depth + 1) }
}

function parsePostfix(scanner: Scanner, depth: number): Expression {
  let base = parseAtom(scanner, depth)
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    if (scanner.takeTight('(')) {
      base = { kind: 'call', callee: base, ...parseArguments(scanner, depth) }
    } else if (scanner.takeMemberDot()) {
      base = { kind: 'member', object: base, name: orFail(scanner.takeIdentifier()) }
    } else {
      return base
    }
  }
  throw UNREADABLE
}

function parseArguments(scanner: Scanner, depth: number): Pick<Extract<Expression, { kind: 'call' }>, 'args' | 'named'> {
  const args: Expression[] = []
  const named: [string, Expression][] = []
  while (!scanner.take(')')) {
    const name = scanner.language === 'python' ? scanner.takeArgumentName() : null
    const value = parseLevel(scanner, 0, depth + 1)
    if (name !== null) named.push([name, value])
    else if (named.length > 0) throw UNREADABLE
    else args.push(value)
    if (!scanner.take(',') && !scanner.sees(')')) throw UNREADABLE
  }
  return { args, named }
}

function parseAtom(scanner: Scanner, depth: number): Expression {
  const literal = scanner.takeLiteral()
  if (literal !== null) return { kind: 'value', value: literal }
  if (scanner.take('[')) return { kind: 'sequence', of: 'list', items: parseItems(scanner, ']', depth).items }
  if (scanner.take('(')) return parseParenthesised(scanner, depth)
  if (scanner.take('{')) return scanner.language === 'python' ? parsePythonBraces(scanner, depth) : parseObject(scanner, depth)
  const name = orFail(scanner.takeIdentifier())
  const constant = scanner.constantNamed(name)
  return constant === null ? { kind: 'name', name } : { kind: 'value', value: constant }
}

function parseItems(scanner: Scanner, close: string, depth: number): { items: Expression[]; endedWithComma: boolean } {
  const items: Expression[] = []
  let endedWithComma = false
  while (!scanner.take(close)) {
    items.push(parseLevel(scanner, 0, depth + 1))
    endedWithComma = scanner.take(',')
    if (!endedWithComma && !scanner.sees(close)) throw UNREADABLE
  }
  return { items, endedWithComma }
}

function parseParenthesised(scanner: Scanner, depth: number): Expression {
  const { items, endedWithComma } = parseItems(scanner, ')', depth)
  const [only] = items
  if (only !== undefined && items.length === 1 && !endedWithComma) return only
  if (scanner.language === 'javascript') throw UNREADABLE
  return { kind: 'sequence', of: 'tuple', items }
}

function parsePythonBraces(scanner: Scanner, depth: number): Expression {
  if (scanner.take('}')) return { kind: 'dict', entries: [] }
  const first = parseLevel(scanner, 0, depth + 1)
  if (!scanner.take(':')) {
    if (!scanner.take(',') && !scanner.sees('}')) throw UNREADABLE
    return { kind: 'sequence', of: 'set', items: [first, ...parseItems(scanner, '}', depth).items] }
  }
  const entries: [Expression, Expression][] = [[first, parseLevel(scanner, 0, depth + 1)]]
  while (!scanner.take('}')) {
    if (!scanner.take(',')) throw UNREADABLE
    if (scanner.take('}')) break
    const key = parseLevel(scanner, 0, depth + 1)
    if (!scanner.take(':')) throw UNREADABLE
    entries.push([key, parseLevel(scanner, 0, depth + 1)])
  }
  return { kind: 'dict', entries }
}

function parseObject(scanner: Scanner, depth: number): Expression {
  const entries: [Expression, Expression][] = []
  while (!scanner.take('}')) {
    const literal = scanner.takeLiteral()
    const key = literal === null ? orFail(scanner.takeIdentifier()) : 'v' in literal ? String(literal.v) : ''
    if (!scanner.take(':')) throw UNREADABLE
    entries.push([{ kind: 'value', value: { t: 'str', v: key } }, parseLevel(scanner, 0, depth + 1)])
    if (!scanner.take(',') && !scanner.sees('}')) throw UNREADABLE
  }
  return { kind: 'dict', entries }
}

function orFail(identifier: string | null): string {
  if (identifier === null) throw UNREADABLE
  return identifier
}
