import { randomBytes } from 'node:crypto'
import type { CallOutcome, TypedValue } from '../domain/value.ts'
import type { LoadOutcome, Sandbox } from '../ports/sandbox.ts'
import { javascriptSuiteCaller, pythonSuiteCaller } from './harness/suite-candidate-harness.ts'
import type { SuiteSpec } from './suite.ts'

/** A call of the tests, as the stub told it: `(name, args, keyword names, keyword values)`. Not looked into here. */
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

/** A candidate in a sandbox of its own, that answers the calls of a suite. */
export interface SuiteCandidate {
  /** What it has at its top level: `(name, kind, bases)` each. */
  readonly names: TypedValue
  /** Whether all calls of a session share one process; else each `ask` begins with a fresh one. */
  readonly keepsState: boolean
  /** Runs `calls` in order, in one process; one answer each, fewer when one of them is the end of it. */
  ask(calls: readonly SuiteCall[]): Promise<readonly Answer[]>
  close(): Promise<void>
}

/** CPU time a call of a suite may take, and all of them together. */
const CALL_CPU_MS = 1_000
const CALLS_CPU_MS = 20_000
/** Calls that hang are slow; after this many, the others are not asked. */
const MAX_DEAD = 4

const text = (v: string): TypedValue => ({ t: 'str', v })

/** Loads a candidate with the suite's caller behind it. Returns how loading ended where it did not go well. */
export async function openSuiteCandidate(
  sandbox: Sandbox,
  { candidate, names, signal, toModule }: SuiteSpec,
): Promise<SuiteCandidate | Exclude<LoadOutcome, { kind: 'loaded' }>> {
  const caller = `_suite_${randomBytes(8).toString('hex')}`
  const isPython = candidate.language === 'python'
  const code = isPython
    ? `${candidate.code}\n${pythonSuiteCaller(caller)}`
    : javascriptSuiteCaller(caller, toModule?.(candidate.code) ?? candidate.code)
  const session = await sandbox.open({ ...candidate, code, entryPoint: caller }, signal === undefined ? {} : { signal })
  const ask = (op: string, calls: readonly SuiteCall[]): Promise<CallOutcome> => {
    const cpuMs = Math.min(CALLS_CPU_MS, CALL_CPU_MS * Math.max(1, calls.length))
    return session.call({ fn: caller, args: [text(op), { t: 'list', v: calls }] }, { cpuMs, wallMs: 10 * cpuMs })
  }
  let dead = 0
  try {
    const load = await session.load()
    if (load.kind !== 'loaded') {
      await session.close()
      return load
    }
    const told = await ask('names', names.map(text))
    if (told.kind === 'not-run' || told.kind === 'timeout') {
      await session.close()
      return told
    }
    return {
      names: readNames(told, isPython ? null : names),
      keepsState: !isPython,
      ask: async (calls) => {
        if (dead >= MAX_DEAD) return [{ kind: 'dead', why: 'not asked: too many calls before did not end' }]
        const outcome = await ask('calls', calls)
        const answers = readAnswers(outcome, calls.length)
        if (answers.some(({ kind }) => kind === 'dead')) dead++
        return answers
      },
      close: () => session.close(),
    }
  } catch (error) {
    await session.close()
    throw error
  }
}

/**
 * Whether a program that does not load as a module of the tests loads as it is: then what was added to it is at fault, and nothing is known of
 * the program.
 */
export async function loadsByItself(sandbox: Sandbox, { candidate, signal, toModule }: SuiteSpec): Promise<boolean> {
  if (toModule === undefined || toModule(candidate.code) === candidate.code) return false
  const session = await sandbox.open(candidate, signal === undefined ? {} : { signal })
  try {
    const { kind } = await session.load()
    return kind === 'loaded' || kind === 'no-entry-point'
  } finally {
    await session.close()
  }
}

/** Returns what an outcome of the caller means, for each of `count` calls, or why there is nothing to tell. Hostile input. */
export function readAnswers(outcome: CallOutcome, count: number): readonly Answer[] {
  switch (outcome.kind) {
    case 'timeout':
      return count > CALLS_CPU_MS / CALL_CPU_MS
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
      if (rows.length !== count) return [{ kind: 'dead', why: 'its answer was malformed' }]
      return rows.map(readAnswer)
    }
  }
}

function readAnswer(row: TypedValue): Answer {
  const [kind, what, ...more] = itemsOf(row)
  if (kind?.t !== 'str') return { kind: 'dead', why: 'its answer was malformed' }
  if (kind.v === 'odd') return { kind: 'cannot', why: what?.t === 'str' ? what.v.slice(0, 100) : 'no reason' }
  const isTold = (kind.v === 'value' || kind.v === 'raised') && (what?.t === 'tuple' || what?.t === 'list') && more.length === 3
  return isTold ? { kind: 'told', value: row } : { kind: 'dead', why: 'its answer was malformed' }
}

/**
 * Returns the names it told; without them every name is missing, which no right program's tests survive. Hostile input: JavaScript has to
 * write names into a module of the tests' process, so there only those that the tests ask for are taken.
 */
export function readNames(outcome: CallOutcome, wanted: readonly string[] | null): TypedValue {
  const rows = outcome.kind === 'value' ? itemsOf(outcome.value) : []
  const isGood = (row: TypedValue): boolean => {
    const [name, kind, bases] = itemsOf(row)
    if (name?.t !== 'str' || kind?.t !== 'str' || bases === undefined || itemsOf(row).length !== 3 || hasOther(row)) return false
    return wanted === null || (wanted.includes(name.v) && /^[A-Za-z_$][\w$]*$/.test(name.v))
  }
  return { t: 'list', v: rows.filter(isGood) }
}

/** Returns the items of a list or tuple: JavaScript has but the one, Python tells both. */
export function itemsOf(value: TypedValue | undefined): readonly TypedValue[] {
  return value?.t === 'list' || value?.t === 'tuple' ? value.v : []
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
