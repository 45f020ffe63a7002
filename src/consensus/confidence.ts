import { givenTests } from './count-words.ts'
import type { ConfidenceParts, SuiteFacts } from './decision.ts'

/** Agreement inside one model is weak evidence: its samples share their mistakes. */
export const ONE_MODEL_CAP = 0.84
/** Without execution there is no evidence of correctness at all. */
export const UNEXECUTED_CAP = 0.5
/** Likeness assumed for a program that stands alone: like none and unlike none. */
export const LONE_LIKENESS = 0.5
/** Share assumed for assertions nobody wrote: neither passed nor failed. */
const NO_ASSERTIONS = 0.5

export interface ConfidenceFacts {
  /** Share of examples the winner passes; null when there are none. */
  readonly examples: number | null
  /** Share of assertions the winner passes; null when there are none. */
  readonly assertions: number | null
  /** Mean agreement of all answers with the winner; null when it is the only candidate. */
  readonly softAgreement: number | null
  /** Answers that agree with the winner everywhere. */
  readonly votes: number
  /** Distinct models among them. */
  readonly models: number
}

/**
 * Returns the confidence that the winner is right, in [0, 1]: σ(4.37·d + 1.10·t + 1.87·s + 0.62·min(v, 5)/5
 * − 1.30·[no examples] − 5.01), fitted on recorded decisions (area under the curve 0.92 on pools left out), capped at
 * 0.84 when no other answer agrees or all that do come from one model. Over-sure below 0.4: use it to order and to gate.
 */
export function confidenceOf(facts: ConfidenceFacts): ConfidenceParts {
  const examples = 4.37 * (facts.examples ?? 1) - (facts.examples === null ? 1.3 : 0)
  const agreement = facts.softAgreement === null ? 0 : 1.87 * facts.softAgreement + (0.62 * Math.min(facts.votes, 5)) / 5
  const uncapped = 1 / (1 + Math.exp(-(examples + 1.1 * (facts.assertions ?? NO_ASSERTIONS) + agreement - 5.01)))
  const isOneModel = facts.models <= 1
  const why = facts.votes < 2 ? 'no other answer agrees with it' : 'all agreeing answers come from one model'
  const caps = isOneModel ? [{ at: ONE_MODEL_CAP, why }] : []
  return { value: isOneModel ? Math.min(uncapped, ONE_MODEL_CAP) : uncapped, uncapped, caps }
}

/**
 * Returns the confidence where no call was executed: half of the winner's likeness to the pool, so at most 0.5. `likeness` is null for
 * the only program there is.
 */
export function unverifiedConfidence(likeness: number | null): ConfidenceParts {
  return {
    value: Math.min(UNEXECUTED_CAP, UNEXECUTED_CAP * Math.max(0, likeness ?? LONE_LIKENESS)),
    uncapped: null,
    caps: [{ at: UNEXECUTED_CAP, why: 'no call was executed' }],
  }
}

/** A winner that misses an example was right in 12 % of recorded decisions, one that passes all and stands alone in 72 %. */
export const FAILS_CAP = 0.12
export const ALONE = 0.72

/**
 * Returns the confidence with what the user's tests say: next to none where the winner fails them; where they are all there is, that of
 * a winner that passes and stands alone. What could be forged raises nothing, and what proves nothing changes nothing.
 */
export function capForTests(found: ConfidenceParts, tests: SuiteFacts | undefined, isExecuted: boolean): ConfidenceParts {
  if (tests === undefined || tests.grade === 'unverified') return found
  if (!tests.isGreen) {
    const others = isExecuted ? found.caps : [{ at: UNEXECUTED_CAP, why: 'nothing but the tests that were given was executed' }]
    return { ...found, value: Math.min(found.value, FAILS_CAP), caps: [...others, { at: FAILS_CAP, why: whyFailed(tests) }] }
  }
  if (isExecuted) return found
  if (tests.grade === 'forgeable') {
    const why = 'nothing but the tests that were given was executed, where a program could forge their result'
    return { ...found, caps: [{ at: UNEXECUTED_CAP, why }] }
  }
  return { value: ALONE, uncapped: null, caps: [{ at: ALONE, why: 'the tests that were given are all there is' }] }
}

function whyFailed({ passed, total }: SuiteFacts): string {
  if (total === 0) return 'none of the tests that were given ran on it'
  return passed < total ? `it fails ${givenTests(total - passed, total)}` : 'the run of the tests that were given did not pass'
}
