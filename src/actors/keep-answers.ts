import { fingerprint } from '../consensus/fingerprint.ts'
import type { ConsensusLanguage } from '../consensus/language.ts'
import { floatNumber } from '../consensus/number-text.ts'
import type { TypedValue } from '../domain/value.ts'
import type { AnswerKeeper } from '../ports/sandbox.ts'

/** An answer above this many bytes, as it would stand in the log, is kept as its digest. */
export const MAX_ANSWER_BYTES = 64 * 1024
/** One candidate's answers take at most this many bytes together. */
export const MAX_CANDIDATE_BYTES = 8 * 1024 * 1024
/** Characters kept of the name of an object with behaviour of its own, which nothing is compared with. */
const MAX_NAME = 200

/**
 * Returns a keeper for one candidate. Equal answers stay equal and different ones different: a digest has the fingerprint of its value.
 * Only a value with a fraction somewhere inside can be close to an expected one without being equal, so such values are kept whole.
 */
export function createAnswerKeeper(language: ConsensusLanguage): AnswerKeeper {
  let keptBytes = 0
  let why: string | null = null
  return {
    keep: (outcome) => {
      if (outcome.kind !== 'value') return outcome
      const { value, sizeBytes } = shrink(outcome.value, language)
      keptBytes += sizeBytes
      if (keptBytes > MAX_CANDIDATE_BYTES) why ??= `its answers took more than ${MAX_CANDIDATE_BYTES / 2 ** 20} MiB`
      return why === null ? { kind: 'value', value } : { kind: 'not-run', reason: why }
    },
    full: () => why,
  }
}

function shrink(value: TypedValue, language: ConsensusLanguage): { readonly value: TypedValue; readonly sizeBytes: number } {
  const sizeBytes = Buffer.byteLength(JSON.stringify(value))
  if (sizeBytes <= MAX_ANSWER_BYTES) return { value, sizeBytes }
  switch (value.t) {
    case 'int':
    case 'str':
    case 'bytes':
    case 'list':
    case 'tuple':
    case 'set':
    case 'dict':
    case 'map':
      if (hasFraction(value)) return { value, sizeBytes }
      return { value: { t: 'digest', v: fingerprint(value, language), of: value.t, sizeBytes }, sizeBytes: MAX_NAME }
    case 'other':
      return { value: { t: 'other', v: value.v.slice(0, MAX_NAME) }, sizeBytes: MAX_NAME }
    // What is left has no size to speak of, whoever sent it.
    case 'none':
    case 'undefined':
    case 'bool':
    case 'float':
    case 'digest':
      return { value, sizeBytes }
    default:
      return value satisfies never
  }
}

function hasFraction(value: TypedValue): boolean {
  switch (value.t) {
    case 'float':
      return Number.isFinite(floatNumber(value.v)) && !Number.isInteger(floatNumber(value.v))
    case 'list':
    case 'tuple':
    case 'set':
      return value.v.some(hasFraction)
    case 'dict':
    case 'map':
      return value.v.some(([key, item]) => hasFraction(key) || hasFraction(item))
    default:
      return false
  }
}
