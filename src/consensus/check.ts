import type { Call, CallOutcome, TypedValue } from '../domain/value.ts'
import { fingerprint, isTruthy, valuesClose } from './fingerprint.ts'
import type { ConsensusLanguage } from './language.ts'
import type { Tolerance } from './tolerance.ts'

/** What a call must give; a tolerance of null asks for equality. */
export type Expectation =
  | { readonly kind: 'equals'; readonly value: TypedValue; readonly tolerance: Tolerance | null }
  | { readonly kind: 'differs'; readonly value: TypedValue }
  | { readonly kind: 'truthy' }
  | { readonly kind: 'falsy' }

/** A statement found in the task or written by a tester: this call gives that. `source` is the text it was read from. */
export interface FoundCheck {
  readonly call: Call
  readonly expected: Expectation
  readonly source: string
}

/** A text that looked like a check and is none, with the reason in words. */
export interface RejectedCheck {
  readonly source: string
  readonly reason: string
}

/** The checks read from a text, in its order, and what was refused. */
export interface FoundChecks {
  readonly checks: readonly FoundCheck[]
  readonly rejected: readonly RejectedCheck[]
}

/** Returns whether `outcome` meets `expected`. A call that raised, timed out or did not run meets nothing. */
export function meetsExpectation(outcome: CallOutcome, expected: Expectation, language: ConsensusLanguage): boolean {
  if (outcome.kind !== 'value') return false
  switch (expected.kind) {
    case 'equals':
      if (expected.tolerance !== null) return valuesClose(outcome.value, expected.value, expected.tolerance, language)
      return isSame(outcome.value, expected.value, language)
    case 'differs':
      return fingerprint(outcome.value, language) !== null && !isSame(outcome.value, expected.value, language)
    case 'truthy':
      return isTruthy(outcome.value, language) === true
    case 'falsy':
      return isTruthy(outcome.value, language) === false
    default:
      return expected satisfies never
  }
}

function isSame(a: TypedValue, b: TypedValue, language: ConsensusLanguage): boolean {
  const text = fingerprint(a, language)
  return text !== null && text === fingerprint(b, language)
}

/** Returns a key that is equal for equal calls of one language, however their literals were written. */
export function callKey(call: Call, language: ConsensusLanguage): string {
  return `${call.fn}(${call.args.map((arg) => exactKey(arg, language)).join(',')})`
}

/** Like `fingerprint`, but keeps `1`, `1.0` and `True` apart: as arguments they are different inputs. */
function exactKey(value: TypedValue, language: ConsensusLanguage): string {
  switch (value.t) {
    case 'list':
    case 'tuple':
    case 'set':
      return `${value.t}[${value.v.map((item) => exactKey(item, language)).join(',')}]`
    case 'dict':
    case 'map':
      return `${value.t}[${value.v.map(([key, item]) => `${exactKey(key, language)}:${exactKey(item, language)}`).join(',')}]`
    case 'str':
    case 'bytes':
    case 'other':
    case 'digest':
      return `${value.t}${JSON.stringify(value.v)}`
    case 'none':
    case 'undefined':
      return value.t
    case 'bool':
    case 'int':
      return `${value.t}${value.v}`
    case 'float':
      return `float${fingerprint(value, language)}`
    default:
      return value satisfies never
  }
}

/** Returns a key equal for two checks that state the same: plain equality and what an example shows are one. */
export function checkKey(check: FoundCheck, language: ConsensusLanguage): string {
  const { expected } = check
  const value = 'value' in expected ? fingerprint(expected.value, language) : ''
  const tolerance = expected.kind === 'equals' ? expected.tolerance : null
  const within = tolerance === null || tolerance.areIntegersExact === true ? '' : ` ${JSON.stringify(tolerance)}`
  return `${callKey(check.call, language)} ${expected.kind} ${value}${within}`
}
