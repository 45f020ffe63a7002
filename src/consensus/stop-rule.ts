import { counted, givenTests, share } from './count-words.ts'

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
  /** The user's own tests on the winner, none where `total` is 0; null where none were run, or where their result proves nothing. */
  readonly tests: { readonly passed: number; readonly total: number; readonly isGreen: boolean } | null
}

/**
 * Returns whether drafting can stop: the winner passes every test and every example (or none is given), at least two answers agree on
 * every compared call, and these are at least half of all answers. On recorded pools the winner is right in 95 % of the
 * cases where this holds. Tests whose result proves nothing are no tests.
 */
export function readStopRule(facts: StopFacts): StopReading {
  const { tests, examples, votes, answers, probes } = facts
  const open = (why: string): StopReading => ({ isSettled: false, why })
  if (!facts.hasWinner) return open('there is no winner')
  if (tests !== null && !tests.isGreen && (facts.isExecuted || examples === 0)) return open(missedTests(tests))
  if (!facts.isExecuted && tests?.isGreen) {
    return {
      isSettled: true,
      why: tests.total === 1 ? 'the test that was given passes' : `all ${tests.total} tests that were given pass`,
    }
  }
  if (!facts.isExecuted) return open('no call was executed')
  if (facts.examplesPassed < examples)
    return open(`the winner misses ${share(examples - facts.examplesPassed, examples, 'example')}`)
  if (probes === 0) return open('there is no input on which candidates can be compared')
  if (votes < 2) return open('the winner stands alone')
  if (votes * 2 < answers) return open(`only ${share(votes, answers, 'answer')} agree with the winner`)
  return { isSettled: true, why: `${passes(examples)} and ${share(votes, answers, 'answer')} agree on ${inputs(probes)}` }
}

function missedTests(tests: { readonly passed: number; readonly total: number }): string {
  if (tests.total === 0) return 'none of the tests that were given ran on the winner'
  const shown = `the winner passes ${givenTests(tests.passed, tests.total)}`
  return tests.passed < tests.total ? shown : `${shown}, yet their run as a whole did not pass`
}

function passes(examples: number): string {
  if (examples === 0) return 'no example is given'
  return examples === 1 ? 'the example passes' : `all ${counted(examples, 'example')} pass`
}

function inputs(probes: number): string {
  return probes === 1 ? 'the one input' : `all ${probes} inputs`
}
