import type { CallOutcome, TypedValue } from '../../domain/value.ts'

/*
 * What a candidate's process says of the calls of a suite, which hostile code may have written, before it goes into the process that
 * holds the tests. Invariants:
 *  1. An answer is made of the words its caller uses and of nothing else; a word, a number of items or a kind that it never uses breaks it.
 *  2. A reference is the number of a list, dict or set that was in the very call; a change names one of those, once, and its own kind.
 *  3. A name can be written into a module as it is, once, and is none of those a module has by itself.
 * The process of the tests looks again (`harness/suite-proxy-*.ts`): neither relies on the other.
 */

/** A call of the tests, as the stub told it: `(name, args, keyword names, keyword values)`. */
export type SuiteCall = TypedValue

/**
 * What became of a call. `told`: a value or an exception, packed, with what changed and was printed; `dead`: it hung, ended its process
 * or broke the channel, which no test may take for an exception; `lost`: the sandbox gave up, which is not the code's doing.
 */
export type Answer =
  | { readonly kind: 'told'; readonly value: TypedValue }
  | { readonly kind: 'dead'; readonly why: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'cannot'; readonly why: string }
  | { readonly kind: 'lost'; readonly why: string }

/** CPU time a call of a suite may take, and all that are made in one process together. */
export const CALL_CPU_MS = 1_000
export const CALLS_CPU_MS = 20_000

const MAX_DEPTH = 20
/** Classes an exception may descend from. */
const MAX_KINDS = 32
const MALFORMED: Answer = { kind: 'dead', why: 'its answer was malformed' }

/** Returns what an outcome of the caller means, one answer for each of `calls`, or why there is nothing to tell. Hostile input. */
export function readAnswers(outcome: CallOutcome, calls: readonly SuiteCall[]): readonly Answer[] {
  switch (outcome.kind) {
    case 'timeout':
      return calls.length > CALLS_CPU_MS / CALL_CPU_MS
        ? [{ kind: 'cannot', why: 'the calls take too long in one process' }]
        : [{ kind: 'dead', why: 'the call took too long' }]
    case 'raised':
      return [{ kind: 'dead', why: `the call ended its process: ${outcome.error}` }]
    case 'not-run':
      // What the session says of a candidate begins with it; all else is said of the sandbox.
      return [{ kind: outcome.reason.startsWith('the candidate ') ? 'dead' : 'lost', why: outcome.reason }]
    case 'value': {
      if (hasOther(outcome.value)) return [{ kind: 'cannot', why: 'a result of a type of its own' }]
      const rows = itemsOf(outcome.value)
      return rows.length === calls.length ? rows.map((row, at) => readAnswer(row, kindsIn(calls[at]))) : [MALFORMED]
    }
  }
}

/** `kinds` are those of what the call can change, in the order in which both processes number it. */
function readAnswer(row: TypedValue, kinds: readonly string[]): Answer {
  const [kind, what, changes, out, err, ...more] = itemsOf(row)
  if (kind?.t !== 'str') return MALFORMED
  if (kind.v === 'odd') return { kind: 'cannot', why: what?.t === 'str' ? what.v.slice(0, 100) : 'no reason' }
  const isResult = kind.v === 'value' ? isPacked(what, kinds) : kind.v === 'raised' && isException(what)
  const isWhole = out?.t === 'str' && err?.t === 'str' && more.length === 0
  return isResult && isWhole && areChanges(changes, kinds) ? { kind: 'told', value: row } : MALFORMED
}

function isPacked(packed: TypedValue | undefined, kinds: readonly string[], depth = 0): boolean {
  const [tag, what, ...more] = itemsOf(packed)
  if (tag?.t !== 'str' || what === undefined || more.length > 0 || depth > MAX_DEPTH) return false
  switch (tag.v) {
    case 'v':
      return true
    case 'r':
      return indexOf(what, kinds) >= 0
    case 'list':
    case 'tuple':
    case 'set':
    case 'dict':
      if (!isRow(what) || (tag.v === 'dict' && what.v.length % 2 !== 0)) return false
      return what.v.every((item) => isPacked(item, kinds, depth + 1))
    default:
      return false
  }
}

/** JavaScript tells `[name, message]`; Python `(classes, args, message)`, each class as `(module, name)`. */
function isException(what: TypedValue | undefined): boolean {
  const [first, second, third, ...more] = itemsOf(what)
  if (first?.t === 'str') return second?.t === 'str' && third === undefined
  return areKinds(first) && itemsOf(first).length > 0 && isRow(second) && third?.t === 'str' && more.length === 0
}

function areKinds(value: TypedValue | undefined): boolean {
  const isKind = (row: TypedValue): boolean => itemsOf(row).length === 2 && itemsOf(row).every(({ t }) => t === 'str')
  return isRow(value) && value.v.length <= MAX_KINDS && value.v.every(isKind)
}

function areChanges(changes: TypedValue | undefined, kinds: readonly string[]): boolean {
  if (!isRow(changes)) return false
  let last = -1
  return changes.v.every((change) => {
    const [at, tag, items, ...more] = itemsOf(change)
    const index = indexOf(at, kinds)
    const isNext = index > last
    last = index
    if (!isNext || tag?.t !== 'str' || tag.v !== kinds[index] || !isRow(items) || more.length > 0) return false
    return (tag.v !== 'dict' || items.v.length % 2 === 0) && items.v.every((item) => isPacked(item, kinds))
  })
}

/** Returns the number `value` is, when it is one of something in `kinds`; -1 otherwise. */
function indexOf(value: TypedValue | undefined, kinds: readonly string[]): number {
  const index = value?.t === 'int' && /^\d{1,9}$/.test(value.v) ? Number(value.v) : -1
  return index < kinds.length ? index : -1
}

/** The kinds of all that is mutable in a call's arguments and keyword values, a container before what it holds. */
function kindsIn(call: SuiteCall | undefined): readonly string[] {
  const [, args, , values] = itemsOf(call)
  const kinds: string[] = []
  const walk = (value: TypedValue): void => {
    if (value.t === 'list' || value.t === 'dict' || value.t === 'set') kinds.push(value.t)
    if (value.t === 'dict') for (const pair of value.v) for (const each of pair) walk(each)
    else if (value.t === 'list' || value.t === 'tuple' || value.t === 'set') for (const each of value.v) walk(each)
  }
  for (const value of [...itemsOf(args), ...itemsOf(values)]) walk(value)
  return kinds
}

const NAME_KINDS: ReadonlySet<string> = new Set(['function', 'value', 'error', 'class'])

/**
 * Returns the names it told; without them every name is missing, which no right program's tests survive. Hostile input. In JavaScript only
 * those that the tests ask for are taken (`wanted`), for there they are written into a module.
 */
export function readNames(outcome: CallOutcome, wanted: readonly string[] | null): TypedValue {
  const rows = outcome.kind === 'value' ? itemsOf(outcome.value) : []
  const taken = new Set<string>()
  const isGood = (row: TypedValue): boolean => {
    const [name, kind, bases, ...more] = itemsOf(row)
    if (name?.t !== 'str' || kind?.t !== 'str' || !NAME_KINDS.has(kind.v) || !areKinds(bases) || more.length > 0) return false
    if (taken.has(name.v) || !/^(?!__)[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name.v)) return false
    taken.add(name.v)
    return wanted === null || (wanted.includes(name.v) && /^[\w$]+$/.test(name.v))
  }
  return { t: 'list', v: rows.filter(isGood) }
}

/** Returns the items of a list or tuple: JavaScript has but the one, Python tells both. */
export function itemsOf(value: TypedValue | undefined): readonly TypedValue[] {
  return isRow(value) ? value.v : []
}

function isRow(value: TypedValue | undefined): value is Extract<TypedValue, { readonly t: 'list' | 'tuple' | 'set' }> {
  return value?.t === 'list' || value?.t === 'tuple'
}

function hasOther(value: TypedValue): boolean {
  switch (value.t) {
    case 'other':
      return true
    case 'list':
    case 'tuple':
    case 'set':
      return value.v.some(hasOther)
    case 'dict':
      return value.v.some(([key, item]) => hasOther(key) || hasOther(item))
    default:
      return false
  }
}
