import type { Call, TypedValue } from '../domain/value.ts'
import { callsEntryPoint, entryPointCall } from './call-expression.ts'
import { checkKey, type Expectation, type FoundCheck, type FoundChecks, type RejectedCheck } from './check.ts'
import { evaluateConstant } from './constant-expression.ts'
import { type Expression, type ParsedExpression, parseExpression } from './expression.ts'
import { floatNumber } from './number-text.ts'
import { type EntryPoint, escapeName } from './signature.ts'
import { type Asked, approxTolerance, exactly, isCloseTolerance, roundedTo, type Tolerance } from './tolerance.ts'

/** Longest assertion kept in a record as its source; a value of any length is still read. */
const MAX_SOURCE = 400

/** Most statements looked at; a text with more was written by a model that never stopped. */
const MAX_STATEMENTS = 1_000

type Statement = { readonly call: Expression; readonly expected: Expectation }

const COMPARISONS = new Set(['==', '===', '!=', '!=='])
const TRUE: Expression = { kind: 'value', value: { t: 'bool', v: true } }

/**
 * Returns the assertions in a tester's text as checks of the entry point. Reads Python `assert` lines (`==`, `is`, `in`
 * reverse order, `not`, `abs(f(x) - v) < e`, `math.isclose`, `round`, `pytest.approx`). In JavaScript reads `assert(…)`,
 * `assert.strictEqual`, `assert.deepEqual` …, `console.assert`, `expect(…).toBe/toEqual/toBeCloseTo …`, the same plain
 * `assert f(x) == v` that every tester is asked for, and a line that is nothing but a comparison, `f(x) === v`. What does
 * not parse (a cut last line too), does not call the entry point, or asks of other than constants is refused with a
 * reason. With `source` a test file the checks of unittest are read too. The same statement twice counts once. Never throws, however long or deep the text; line ends may be of any kind.
 */
export function parseAssertions(text: string, entry: EntryPoint, source: 'writer' | 'suite' = 'writer'): FoundChecks {
  const checks: FoundCheck[] = []
  const rejected: RejectedCheck[] = []
  const seen = new Set<string>()
  for (const statement of findStatements(text.replace(/\r\n?/g, '\n'), entry, source === 'suite')) {
    const { expression } = statement
    const found = expression === null ? 'does not parse' : readStatements(expression, entry)
    if (typeof found === 'string') rejected.push({ source: statement.source, reason: found })
    else {
      for (const { call, expected } of found) {
        const check = { call, expected, source: statement.source }
        const key = checkKey(check, entry.language)
        if (!seen.has(key)) checks.push(check)
        seen.add(key)
      }
    }
  }
  return { checks, rejected }
}

interface FoundStatement {
  readonly source: string
  /** Null when what stands there does not parse. */
  readonly expression: Expression | null
}

/** Python's statements in a test file: behind `def test_a(self):` too, and the checks of unittest. */
const PYTHON_SUITE = /^[ \t]*(?:def \w{1,200}\([^)\n]{0,200}\):[ \t]*)?(?:assert\b[ \t]*|(?=self\.assert\w{1,40}\())/gm
const PYTHON = /^[ \t]*assert\b[ \t]*/gm

function* findStatements(text: string, entry: EntryPoint, isSuite: boolean): Generator<FoundStatement> {
  const isPython = entry.language === 'python'
  let readTo = 0
  let statements = 0
  for (const start of text.matchAll(isPython ? (isSuite ? PYTHON_SUITE : PYTHON) : javaScriptStarts(entry))) {
    statements += 1
    if (statements > MAX_STATEMENTS) return
    const from = start.index + start[0].length
    const parsed = parseExpression(text, entry.language, from)
    // Only in JavaScript: a line that starts with the call itself claims something if it is a comparison and no more.
    const isPlain = start.groups?.['plain'] !== undefined
    if (isPlain && (from < readTo || parsed === null || !isWholeComparison(parsed, text))) continue
    readTo = parsed?.end ?? readTo
    const source = text.slice(from, Math.min(parsed?.end ?? endOfLine(text, from), from + MAX_SOURCE)).trim()
    yield { source, expression: parsed?.expression ?? null }
  }
}

/** The starts of a JavaScript statement: a checking call, the word `assert` with a condition behind it, the call itself. */
function javaScriptStarts(entry: EntryPoint): RegExp {
  const checkingCall = '(?:console\\s*\\.\\s*)?assert[.(]|(?:await\\s+)?expect\\s*\\('
  const word = 'assert[ \\t]+(?=[^\\s=.])'
  return new RegExp(`^[ \\t]*(?:(?=${checkingCall})|${word}|(?<plain>(?=${escapeName(entry.name)}\\()))`, 'gm')
}

function isWholeComparison({ expression, end }: ParsedExpression, text: string): boolean {
  if (expression.kind !== 'binary' || !COMPARISONS.has(expression.op)) return false
  return /^[ \t]*[;,]?[ \t]*(?:\/\/|$)/.test(text.slice(end, endOfLine(text, end)))
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at
}

function readStatements(expression: Expression, entry: EntryPoint): { call: Call; expected: Expectation }[] | string {
  const statements = entry.language === 'python' ? readPython(expression, entry) : readJavaScript(expression, entry)
  if (statements === null) return 'states nothing this reader can compare'
  const found: { call: Call; expected: Expectation }[] = []
  for (const { call, expected } of statements) {
    if (!callsEntryPoint(call, entry)) return 'does not call the entry point'
    const made = entryPointCall(call, entry)
    if (made === null) return 'calls the entry point with other than constants'
    found.push({ call: made, expected })
  }
  return found
}

function readPython(expression: Expression, entry: EntryPoint): Statement[] | null {
  if (isCheckOfUnittest(expression)) return readUnittest(expression, entry)
  return allOf(expression, 'and', (condition) => readPythonCondition(condition, entry))
}

type CallExpression = Extract<Expression, { kind: 'call' }>

function isCheckOfUnittest(expression: Expression): expression is CallExpression {
  if (expression.kind !== 'call' || expression.callee.kind !== 'member') return false
  const { object, name } = expression.callee
  return object.kind === 'name' && object.name === 'self' && name.startsWith('assert')
}

const UNITTEST_EQUAL = /^assert(?:(?:List|Dict|Tuple|Set|Sequence|MultiLine)?Equals?|Is)$/

function readUnittest({ callee, args, named }: CallExpression, entry: EntryPoint): Statement[] | null {
  const [first, second] = args
  const name = callee.kind === 'member' ? callee.name : ''
  if (first === undefined) return null
  if (name === 'assertTrue') return readPython(first, entry)
  if (name === 'assertFalse') return [{ call: first, expected: { kind: 'falsy' } }]
  if (name === 'assertIsNone') return [equals(first, { t: 'none' }, null)]
  if (second === undefined) return null
  if (UNITTEST_EQUAL.test(name)) return one(readEquality(first, second, entry))
  if (name === 'assertNotEqual') return one(differing(readEquality(first, second, entry)))
  if (name !== 'assertAlmostEqual' || named.some(([key]) => key !== 'places' && key !== 'delta')) return null
  const asked = askedOf(named, entry)
  const places = asked('places') ?? (args[2] === undefined ? 7 : (numberOf(args[2], entry) ?? 7))
  const tolerance = asked('delta') ?? 0.5 * 10 ** -places
  const equality = readEquality(first, second, entry)
  return equality?.expected.kind === 'equals' ? [equals(equality.call, equality.expected.value, exactly(tolerance))] : null
}

/** Reads every part of `a and b and …`; null when one states nothing. Without recursion: a looping model writes thousands. */
function allOf(expression: Expression, op: 'and' | '&&', read: (condition: Expression) => Statement | null): Statement[] | null {
  const statements: Statement[] = []
  const open = [expression]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'binary' && next.op === op) {
      open.push(next.right, next.left)
      continue
    }
    const statement = read(next)
    if (statement === null) return null
    statements.push(statement)
  }
  return statements
}

function readPythonCondition(expression: Expression, entry: EntryPoint): Statement | null {
  if (expression.kind === 'unary' && expression.op === 'not') return { call: expression.operand, expected: { kind: 'falsy' } }
  if (expression.kind === 'call') return readIsClose(expression, entry) ?? { call: expression, expected: { kind: 'truthy' } }
  if (expression.kind !== 'binary') return null
  if (expression.op === '<' || expression.op === '<=') return readDistance(expression, entry)
  if (expression.op === '==' || expression.op === 'is') return readEquality(expression.left, expression.right, entry)
  if (expression.op !== '!=' && expression.op !== 'is not') return null
  return differing(readEquality(expression.left, expression.right, entry))
}

/** Turns "gives v" into "gives other than v"; null for anything else, which has no plain opposite. */
function differing(equality: Statement | null): Statement | null {
  if (equality?.expected.kind !== 'equals') return null
  return { ...equality, expected: { kind: 'differs', value: equality.expected.value } }
}

function one(statement: Statement | null): Statement[] | null {
  return statement === null ? null : [statement]
}

function readEquality(left: Expression, right: Expression, entry: EntryPoint): Statement | null {
  for (const [call, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const rounded = roundedCall(call, entry)
    const approx = isNamedCall(other, 'approx') ? other : null
    const value = evaluateConstant(approx?.args[0] ?? other, entry.language)
    if (value === null) continue
    if (callsEntryPoint(call, entry)) {
      return equals(call, value, approx === null ? null : approxTolerance(askedOf(approx.named, entry)))
    }
    if (rounded !== null) return equals(rounded.call, value, roundedTo(rounded.digits, value))
  }
  return null
}

function equals(call: Expression, value: TypedValue, tolerance: Tolerance | null): Statement {
  return { call, expected: { kind: 'equals', value, tolerance } }
}

/** `round(f(x), 2)` compared with a value asks for that value within half of the last digit. */
function roundedCall(expression: Expression, entry: EntryPoint): { call: Expression; digits: number } | null {
  if (!isNamedCall(expression, 'round') || expression.args[0] === undefined) return null
  const digits = expression.args[1] === undefined ? 0 : numberOf(expression.args[1], entry)
  return digits === null ? null : { call: expression.args[0], digits }
}

function readDistance(expression: Extract<Expression, { kind: 'binary' }>, entry: EntryPoint): Statement | null {
  const tolerance = numberOf(expression.right, entry)
  const distance = isNamedCall(expression.left, 'abs') ? expression.left.args[0] : undefined
  if (tolerance === null || distance?.kind !== 'binary' || distance.op !== '-') return null
  const equality = readEquality(distance.left, distance.right, entry)
  if (equality?.expected.kind !== 'equals') return null
  const most = expression.op === '<' ? tolerance * (1 - Number.EPSILON) : tolerance
  return equals(equality.call, equality.expected.value, exactly(most))
}

function readIsClose(expression: Extract<Expression, { kind: 'call' }>, entry: EntryPoint): Statement | null {
  if (!isNamedCall(expression, 'isclose') || expression.args.length < 2) return null
  const [left, right] = expression.args
  if (left === undefined || right === undefined) return null
  const { callee } = expression
  const isNumpy = callee.kind === 'member' && callee.object.kind === 'name' && /^(?:np|numpy)$/.test(callee.object.name)
  const tolerance = isCloseTolerance(askedOf(expression.named, entry), isNumpy)
  const equality = readEquality(left, right, entry)
  return equality?.expected.kind === 'equals' ? equals(equality.call, equality.expected.value, tolerance) : null
}

function isNamedCall(expression: Expression, name: string): expression is Extract<Expression, { kind: 'call' }> {
  if (expression.kind !== 'call') return false
  return (expression.callee.kind === 'name' || expression.callee.kind === 'member') && expression.callee.name === name
}

function askedOf(named: CallExpression['named'], entry: EntryPoint): Asked {
  const given = new Map(named)
  return (name) => {
    const value = given.get(name)
    return value === undefined ? null : numberOf(value, entry)
  }
}

function numberOf(expression: Expression, entry: EntryPoint): number | null {
  const value = evaluateConstant(expression, entry.language)
  if (value?.t === 'int') return Number(value.v)
  return value?.t === 'float' ? floatNumber(value.v) : null
}

const EQUAL_METHODS = new Set(['equal', 'strictEqual', 'deepEqual', 'deepStrictEqual', 'toBe', 'toEqual', 'toStrictEqual'])
const NOT_EQUAL_METHODS = new Set(['notEqual', 'notStrictEqual', 'notDeepEqual', 'notDeepStrictEqual'])
const FIXED_MATCHERS: Readonly<Record<string, Expectation>> = {
  toBeTruthy: { kind: 'truthy' },
  toBeFalsy: { kind: 'falsy' },
  toBeNull: { kind: 'equals', value: { t: 'none' }, tolerance: null },
  toBeUndefined: { kind: 'equals', value: { t: 'undefined' }, tolerance: null },
  toBeDefined: { kind: 'differs', value: { t: 'undefined' } },
  toBeNaN: { kind: 'equals', value: { t: 'float', v: 'nan' }, tolerance: null },
}

function readJavaScript(expression: Expression, entry: EntryPoint): Statement[] | null {
  if (expression.kind !== 'call' || callsEntryPoint(expression, entry)) return readConditions(expression, entry)
  const { callee, args } = expression
  const [first, second] = args
  if (callee.kind === 'name') return callee.name === 'assert' && first !== undefined ? readConditions(first, entry) : null
  if (callee.kind !== 'member') return null
  if (isNamedCall(callee.object, 'expect')) return one(readMatcher(callee.object.args[0], callee.name, first, second, entry))
  if (callee.object.kind === 'member' && callee.object.name === 'not' && isNamedCall(callee.object.object, 'expect')) {
    return one(differing(readMatcher(callee.object.object.args[0], callee.name, first, second, entry)))
  }
  if (first === undefined) return null
  if (callee.name === 'ok' || callee.name === 'assert') return readConditions(first, entry)
  if (second === undefined) return null
  if (EQUAL_METHODS.has(callee.name)) return one(readEquality(first, second, entry))
  return NOT_EQUAL_METHODS.has(callee.name) ? one(differing(readEquality(first, second, entry))) : null
}

function readMatcher(
  subject: Expression | undefined,
  matcher: string,
  first: Expression | undefined,
  second: Expression | undefined,
  entry: EntryPoint,
): Statement | null {
  if (subject === undefined) return null
  const fixed = Object.hasOwn(FIXED_MATCHERS, matcher) ? FIXED_MATCHERS[matcher] : undefined
  if (fixed !== undefined) return { call: subject, expected: fixed }
  if (EQUAL_METHODS.has(matcher)) return readEquality(subject, first ?? TRUE, entry)
  const value = first === undefined || matcher !== 'toBeCloseTo' ? null : evaluateConstant(first, entry.language)
  if (value === null) return null
  const digits = second === undefined ? 2 : (numberOf(second, entry) ?? 2)
  return equals(subject, value, exactly(0.5 * 10 ** -digits))
}

function readConditions(expression: Expression, entry: EntryPoint): Statement[] | null {
  return allOf(expression, '&&', (condition) => readCondition(condition, entry))
}

function readCondition(expression: Expression, entry: EntryPoint): Statement | null {
  if (expression.kind === 'unary' && expression.op === '!') return { call: expression.operand, expected: { kind: 'falsy' } }
  if (expression.kind === 'call') return { call: expression, expected: { kind: 'truthy' } }
  if (expression.kind !== 'binary') return null
  if (expression.op === '<' || expression.op === '<=') return readDistance(expression, entry)
  if (!COMPARISONS.has(expression.op)) return null
  const equality = readEquality(expression.left, expression.right, entry)
  return expression.op.startsWith('!') ? differing(equality) : equality
}
