import type { TypedValue } from '../domain/value.ts'
import type { Expression } from './expression.ts'
import type { ConsensusLanguage } from './language.ts'
import { floatNumber, numberValue } from './number-text.ts'

/** Largest string, list or integer (in bits) one operation may build: `'a' * 10**9` is refused, not computed. */
const MAX_BUILT = 10_000
/** Characters, items and digits that all operations of one expression may build: `[[0] * 9999, [0] * 9999, …]` is refused. */
const MAX_BUILT_TOGETHER = 100_000

/** What one evaluation carries along: its language, and how much it may still build. */
interface Evaluation {
  readonly language: ConsensusLanguage
  left: number
}

type Binary = Extract<Expression, { kind: 'binary' }>

/**
 * Returns the value of an expression made of constants, or null. Knows literals, signs, `+ - * / // % **`, string and
 * list repetition, and the constructors a test line uses: `set()`, `list(range(3))`, `float('inf')`, `math.pi`,
 * `new Set([…])`, `new Map([…])`, `'a'.repeat(3)`, `Array(3).fill(0)`. Never throws: a sum of any length is worked off
 * from the left without recursion, and what would build a very large value is no constant.
 */
export function evaluateConstant(expression: Expression, language: ConsensusLanguage): TypedValue | null {
  return evaluate(expression, { language, left: MAX_BUILT_TOGETHER })
}

function evaluate(expression: Expression, state: Evaluation): TypedValue | null {
  switch (expression.kind) {
    case 'value':
      return expression.value
    case 'name':
      return null
    case 'sequence':
      return sequence(expression.of, evaluateAll(expression.items, state))
    case 'dict':
      return dict(expression.entries, state)
    case 'unary':
      return negate(expression.op, evaluate(expression.operand, state), state.language)
    case 'binary':
      return chain(expression, state)
    case 'member':
      return namedConstant(expression)
    case 'call':
      return construct(expression, state)
    default:
      return expression satisfies never
  }
}

/** Works off `((a + b) + c) + …` from its left end: a looping model writes sums deeper than a call stack. */
function chain(expression: Binary, state: Evaluation): TypedValue | null {
  const steps: Binary[] = []
  let first: Expression = expression
  while (first.kind === 'binary') {
    steps.push(first)
    first = first.left
  }
  let value = evaluate(first, state)
  for (let at = steps.length - 1; at >= 0 && value !== null; at -= 1) {
    const step = steps[at]
    const right = step === undefined ? null : evaluate(step.right, state)
    value = step === undefined || right === null ? null : charge(combine(step.op, value, right, state.language), state)
  }
  return value
}

/** Returns what an operation built, or null when the expression has then built more than a person would write. */
function charge(built: TypedValue | null, state: Evaluation): TypedValue | null {
  if (built === null) return null
  state.left -= sizeOf(built)
  return state.left < 0 ? null : built
}

/** Returns how much a value holds: characters, digits, and items with all that is in them. */
function sizeOf(value: TypedValue): number {
  switch (value.t) {
    case 'list':
    case 'tuple':
    case 'set':
      return value.v.reduce((total, item) => total + sizeOf(item), 1)
    case 'dict':
    case 'map':
      return value.v.reduce((total, [key, item]) => total + sizeOf(key) + sizeOf(item), 1)
    case 'str':
    case 'bytes':
    case 'int':
    case 'other':
      return 1 + value.v.length
    default:
      return 1
  }
}

function evaluateAll(items: readonly Expression[], state: Evaluation): TypedValue[] | null {
  const values: TypedValue[] = []
  for (const item of items) {
    const value = evaluate(item, state)
    if (value === null) return null
    values.push(value)
  }
  return values
}

function sequence(of: 'list' | 'tuple' | 'set', items: TypedValue[] | null): TypedValue | null {
  return items === null ? null : { t: of, v: items }
}

function dict(entries: readonly (readonly [Expression, Expression])[], state: Evaluation): TypedValue | null {
  const pairs: (readonly [TypedValue, TypedValue])[] = []
  for (const [key, item] of entries) {
    const [keyValue, itemValue] = [evaluate(key, state), evaluate(item, state)]
    if (keyValue === null || itemValue === null) return null
    pairs.push([keyValue, itemValue])
  }
  return { t: 'dict', v: pairs }
}

function negate(op: string, operand: TypedValue | null, language: ConsensusLanguage): TypedValue | null {
  if (operand === null) return null
  if (op === 'not' || op === '!') return operand.t === 'bool' ? { t: 'bool', v: !operand.v } : null
  if (operand.t === 'int') {
    if (op === '+') return operand
    // JavaScript's -0 is a float of its own; as an integer it would lose its sign.
    if (op === '-' && language === 'javascript' && operand.v === '0') return { t: 'float', v: '-0.0' }
    return { t: 'int', v: (op === '-' ? -BigInt(operand.v) : ~BigInt(operand.v)).toString() }
  }
  if (operand.t !== 'float' || op === '~') return null
  return op === '+' ? operand : numberValue(-floatNumber(operand.v), language)
}

function combine(op: string, left: TypedValue, right: TypedValue, language: ConsensusLanguage): TypedValue | null {
  if (left.t === 'int' && right.t === 'int') return combineIntegers(op, BigInt(left.v), BigInt(right.v), language)
  const [a, b] = [asNumber(left), asNumber(right)]
  if (a !== null && b !== null) return combineFloats(op, a, b, language)
  if (language === 'javascript') return op === '+' && left.t === 'str' && right.t === 'str' ? join(left, right) : null
  if (op === '+') return join(left, right)
  if (op !== '*') return null
  return left.t === 'int' ? repeat(right, left.v) : right.t === 'int' ? repeat(left, right.v) : null
}

function combineIntegers(op: string, a: bigint, b: bigint, language: ConsensusLanguage): TypedValue | null {
  if (op === '+') return { t: 'int', v: (a + b).toString() }
  if (op === '-') return { t: 'int', v: (a - b).toString() }
  if (op === '*') return { t: 'int', v: (a * b).toString() }
  if (op === '**') {
    const bits = BigInt(a.toString(2).length) * b
    return b >= 0n && bits <= BigInt(MAX_BUILT) ? { t: 'int', v: (a ** b).toString() } : null
  }
  if (b === 0n) return null
  if (op === '/') return numberValue(Number(a) / Number(b), language)
  const isFloored = language === 'python' && a % b !== 0n && a < 0n !== b < 0n
  if (op === '//') return { t: 'int', v: (a / b - (isFloored ? 1n : 0n)).toString() }
  if (op === '%') return { t: 'int', v: (isFloored ? (a % b) + b : a % b).toString() }
  return null
}

function combineFloats(op: string, a: number, b: number, language: ConsensusLanguage): TypedValue | null {
  if (op === '+') return numberValue(a + b, language)
  if (op === '-') return numberValue(a - b, language)
  if (op === '*') return numberValue(a * b, language)
  if (op === '**') return numberValue(a ** b, language)
  return op === '/' && b !== 0 ? numberValue(a / b, language) : null
}

function asNumber(value: TypedValue): number | null {
  return value.t === 'int' ? Number(value.v) : value.t === 'float' ? floatNumber(value.v) : null
}

function join(left: TypedValue, right: TypedValue): TypedValue | null {
  if (left.t === 'str' && right.t === 'str') return { t: 'str', v: left.v + right.v }
  if (left.t === 'list' && right.t === 'list') return { t: 'list', v: [...left.v, ...right.v] }
  if (left.t === 'tuple' && right.t === 'tuple') return { t: 'tuple', v: [...left.v, ...right.v] }
  return null
}

function repeat(value: TypedValue, times: string): TypedValue | null {
  if (value.t !== 'str' && value.t !== 'list' && value.t !== 'tuple') return null
  const count = value.v.length === 0 ? 0 : Math.max(0, Number(times))
  // Items count with all that is in them: `[[0] * 9999] * 9999` is a short list of a great many values.
  if (count * value.v.length > MAX_BUILT || count * sizeOf(value) > MAX_BUILT_TOGETHER) return null
  if (value.t === 'str') return { t: 'str', v: value.v.repeat(count) }
  return { t: value.t, v: Array.from({ length: count }, () => value.v).flat() }
}

const NAMED: Readonly<Record<string, TypedValue>> = {
  'math.inf': { t: 'float', v: 'inf' },
  'math.nan': { t: 'float', v: 'nan' },
  'math.pi': { t: 'float', v: String(Math.PI) },
  'math.e': { t: 'float', v: String(Math.E) },
  'Math.PI': { t: 'float', v: String(Math.PI) },
  'Math.E': { t: 'float', v: String(Math.E) },
  'Number.MAX_SAFE_INTEGER': { t: 'int', v: String(Number.MAX_SAFE_INTEGER) },
  'Number.MIN_SAFE_INTEGER': { t: 'int', v: String(Number.MIN_SAFE_INTEGER) },
  'Number.POSITIVE_INFINITY': { t: 'float', v: 'inf' },
  'Number.NEGATIVE_INFINITY': { t: 'float', v: '-inf' },
}

function namedConstant(expression: Extract<Expression, { kind: 'member' }>): TypedValue | null {
  if (expression.object.kind !== 'name') return null
  const key = `${expression.object.name}.${expression.name}`
  return Object.hasOwn(NAMED, key) ? (NAMED[key] ?? null) : null
}

function construct(call: Extract<Expression, { kind: 'call' }>, state: Evaluation): TypedValue | null {
  if (call.named.length > 0) return null
  const { callee } = call
  const { language } = state
  if (callee.kind === 'member')
    return language === 'javascript' ? charge(constructByMethod(callee, call.args, state), state) : null
  if (callee.kind !== 'name') return null
  const range = language === 'python' && callee.name !== 'range' ? charge(rangeOf(call.args[0], state), state) : null
  const args = range === null ? evaluateAll(call.args, state) : [range]
  if (args === null || args.length > 1) return null
  const [arg] = args
  return language === 'python' ? constructPython(callee.name, arg) : constructJavaScript(callee.name, arg)
}

function constructPython(name: string, arg: TypedValue | undefined): TypedValue | null {
  const items = arg === undefined ? [] : arg.t === 'list' || arg.t === 'tuple' || arg.t === 'set' ? arg.v : null
  if (name === 'set' || name === 'frozenset') return sequence('set', items === null ? charactersOf(arg) : [...items])
  if (name === 'list' || name === 'tuple') return sequence(name, items === null ? charactersOf(arg) : [...items])
  if (name === 'dict') return arg === undefined || arg.t === 'dict' ? (arg ?? { t: 'dict', v: [] }) : null
  if (name === 'float' && arg?.t === 'str') {
    const word = arg.v.trim().toLowerCase().replace('infinity', 'inf')
    return /^[+-]?(inf|nan)$/.test(word) ? { t: 'float', v: word.replace('+', '') } : null
  }
  return name === 'float' && arg !== undefined && asNumber(arg) !== null ? { t: 'float', v: String(asNumber(arg)) } : null
}

function charactersOf(value: TypedValue | undefined): TypedValue[] | null {
  return value?.t === 'str' ? [...value.v].map((char) => ({ t: 'str', v: char })) : null
}

function constructJavaScript(name: string, arg: TypedValue | undefined): TypedValue | null {
  if (name === 'Set') return arg === undefined ? { t: 'set', v: [] } : arg.t === 'list' ? { t: 'set', v: arg.v } : null
  if (name !== 'Map' || (arg !== undefined && arg.t !== 'list')) return null
  const pairs = (arg?.v ?? []).map((pair) => (pair.t === 'list' && pair.v.length === 2 ? pair.v : null))
  if (pairs.some((pair) => pair === null)) return null
  return { t: 'map', v: pairs.map((pair) => [pair?.[0] ?? { t: 'none' }, pair?.[1] ?? { t: 'none' }] as const) }
}

function constructByMethod(
  callee: Extract<Expression, { kind: 'member' }>,
  args: readonly Expression[],
  state: Evaluation,
): TypedValue | null {
  const [first] = evaluateAll(args, state) ?? []
  if (first === undefined) return null
  if (callee.name === 'repeat' && first.t === 'int') {
    const text = evaluate(callee.object, state)
    return text?.t === 'str' ? repeat(text, first.v) : null
  }
  if (callee.name !== 'fill' || callee.object.kind !== 'call') return null
  const [length] = evaluateAll(callee.object.args, state) ?? []
  return length?.t === 'int' ? repeat({ t: 'list', v: [first] }, length.v) : null
}

function rangeOf(expression: Expression | undefined, state: Evaluation): TypedValue | null {
  if (expression?.kind !== 'call' || expression.callee.kind !== 'name' || expression.callee.name !== 'range') return null
  const bounds = (evaluateAll(expression.args, state) ?? []).map(asNumber)
  if (bounds.length < 1 || bounds.length > 3 || bounds.some((bound) => bound === null)) return null
  const [start, stop, step] = bounds.length === 1 ? [0, bounds[0] ?? 0, 1] : [bounds[0] ?? 0, bounds[1] ?? 0, bounds[2] ?? 1]
  if (step === 0 || Math.abs((stop - start) / step) > MAX_BUILT) return null
  const count = Math.max(0, Math.ceil((stop - start) / step))
  return { t: 'list', v: Array.from({ length: count }, (_, index) => ({ t: 'int', v: String(start + index * step) })) }
}
