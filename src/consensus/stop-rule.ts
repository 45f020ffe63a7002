/** Whether the matter is settled, and the facts it was read from. */
export interface StopReading {
  readonly isSettled: boolean
  readonly why: string
}

export interface StopFacts {
  readonly hasWinner: boolean
  readonly isExecuted: boolean
  readonly examplesPassed: number
  readonly examples: number
  /** Answers that agree with the winner on every compared call, itself included. */
  readonly votes: number
  /** Answers in the pool, broken ones included. */
  readonly answers: number
  /** Compared calls. */
  readonly probes: number
  /** The user's own tests on the winner; null where none were run. */
  readonly tests: { readonly passed: number; readonly total: number; readonly isGreen: boolean } | null
}

/**
 * Returns whether drafting can stop: the winner passes every test and every example (or none is given), at least two answers agree on
 * every compared call, and these are at least half of all answers. On recorded pools the winner is right in 95 % of the
 * cases where this holds.
 */
export function readStopRule(facts: StopFacts): StopReading {
  const open = (why: string): StopReading => ({ isSettled: false, why })
  if (!facts.hasWinner) return open('there is no winner')
  if (facts.tests !== null && !facts.tests.isGreen && (facts.isExecuted || facts.examples === 0)) {
    return open(`the winner passes ${facts.tests.passed} of the ${facts.tests.total} tests that were given`)
  }
  if (!facts.isExecuted && facts.tests?.isGreen)
    return { isSettled: true, why: `all ${facts.tests.total} tests that were given pass` }
  if (!facts.isExecuted) return open('nothing was executed')
  if (facts.examplesPassed < facts.examples) {
    return open(`the winner misses ${facts.examples - facts.examplesPassed} of ${facts.examples} examples`)
  }
  if (facts.probes === 0) return open('there is no input on which candidates can be compared')
  if (facts.votes < 2) return open('the winner stands alone')
  if (facts.votes * 2 < facts.answers) return open(`only ${facts.votes} of ${facts.answers} answers agree with the winner`)
  const examples = facts.examples === 0 ? 'no example is given' : `all ${facts.examples} examples pass`
  return {
    isSettled: true,
    why: `${examples} and ${facts.votes} of ${facts.answers} answers agree on all ${facts.probes} inputs`,
  }
}
