import { ASSERTION_EXPONENT, LIKENESS_WEIGHT, MEDOID_WEIGHT } from './agreement.ts'
import { counted, givenTests, share } from './count-words.ts'
import type { Decision, RankedContender, SuiteFacts } from './decision.ts'
import { agreementWords } from './describe-evidence.ts'
import { DOES_NOT_PARSE, isUsable, STRENGTH_RULE } from './structure-order.ts'
import { compareSuite } from './suite-facts.ts'
import { SCORE_EPSILON } from './tie-order.ts'

/** Returns in sentences why the winner won, and what put it before the next: by the rule that told the two apart, with its numbers. */
export function explainWinner(decision: Decision, winner: RankedContender): string[] {
  const second = decision.ranking.find((contender) => contender.id !== winner.id)
  const { abstain } = decision
  const notSolved = abstain === null ? [] : [`It is not called a solution: ${abstain}.`]
  switch (decision.method) {
    case 'execution-agreement':
      return [`${who(winner)} won: ${byCalls(decision, winner)}.`, ...notSolved, ...nextByCalls(decision, winner, second)]
    case 'test-suite': {
      const own = testsOf(decision, winner)
      const lines = [
        `${who(winner)} won: it passes ${givenTests(own?.passed ?? 0, own?.total ?? 0)}; ${decision.notExecuted ?? 'nothing was called'}.`,
        ...notSolved,
      ]
      return second === undefined ? lines : [...lines, `${second.id} is next: ${aheadOf(decision, winner, second)}.`]
    }
    case 'structure-medoid': {
      const why = decision.notExecuted ?? 'nothing was executed'
      return [`${winner.id} was chosen without execution, because ${why}: ${whyWithoutCalls(decision)}.`]
    }
    case 'none':
      return []
    default:
      return decision.method satisfies never
  }
}

/** Returns what put the winner first where no call was executed. */
export function whyWithoutCalls(decision: Decision): string {
  const winner = decision.ranking.find(({ id }) => id === decision.winner)
  const second = decision.ranking.find(({ id }) => id !== decision.winner)
  return winner === undefined || second === undefined ? 'there is no other program' : aheadOf(decision, winner, second)
}

function who({ id, agent, model }: RankedContender): string {
  return `${id} (${agent}, ${model})`
}

function byCalls(decision: Decision, winner: RankedContender): string {
  const { examples, assertions, evidence } = decision
  const doubted = evidence.assertions.filter(({ isBelieved }) => !isBelieved).length
  const passes = [
    ...(examples.total === 0 ? [] : [share(examples.passed, examples.total, 'example')]),
    ...(assertions.total === 0
      ? []
      : [`${share(assertions.passed, assertions.total, 'assertion')}${doubt(doubted, assertions.total)}`]),
  ]
  return [
    ...(passes.length === 0 ? [] : [`it passes ${passes.join(' and ')}`]),
    ...(examples.total === 0 ? ['the task gives no example'] : []),
    ...(assertions.total === 0 ? ['no assertion could be used'] : []),
    agreed(decision, winner),
  ].join(', ')
}

function doubt(doubted: number, total: number): string {
  return doubted === 0 ? '' : doubted === total ? ' (none believed)' : ` (${doubted} not believed)`
}

/** Agreement is about results: a program that gives none for a compared call agrees with nobody there, itself included. */
function agreed(decision: Decision, winner: RankedContender): string {
  const { evidence, agreement } = decision
  const at = evidence.candidates.indexOf(winner.id)
  const compared = evidence.probes.filter(({ isCompared }) => isCompared)
  const silent = compared.filter(({ answers }) => (answers[at] ?? null) === null).length
  if (silent > 0) return `it gives no result for ${share(silent, compared.length, 'compared input')}`
  const words = agreementWords(decision)
  return compared.length > 0 && agreement.total > 1 ? `${words} on every compared input` : words
}

function nextByCalls(decision: Decision, winner: RankedContender, second: RankedContender | undefined): string[] {
  if (second === undefined) return []
  if (!second.isLive) return ['No other candidate could be run.']
  const { id } = second
  if (second.examplesPassed < winner.examplesPassed) {
    return [`${id} is next: it passes ${counted(second.examplesPassed, 'example')}, the winner ${winner.examplesPassed}.`]
  }
  const byTests = suiteLead(decision, winner, second)
  if (byTests !== null) return [`${id} is next: ${byTests}.`]
  const rule = decision.tiesBrokenBy.at(-1)
  if (rule !== undefined) return [`${id} is next, with the same score; the tie was broken by: ${rule}.`]
  const terms = [
    ['agreement', Math.log(winner.agreement + 1e-9) - Math.log(second.agreement + 1e-9)],
    ['assertions', ASSERTION_EXPONENT * (Math.log(winner.tests + 1e-3) - Math.log(second.tests + 1e-3))],
    ['structure', MEDOID_WEIGHT * (Math.log(winner.medoid + 1e-6) - Math.log(second.medoid + 1e-6))],
    ['answering everything alike', second.penalty - winner.penalty],
    ['likeness', LIKENESS_WEIGHT * (winner.likeness - second.likeness)],
  ] as const
  const [decisive] = terms.toSorted((a, b) => b[1] - a[1])
  return [
    `${id} is next, ${shown((winner.score ?? 0) - (second.score ?? 0))} behind; the largest part of that is ${decisive?.[0] ?? 'agreement'} (${shown(decisive?.[1] ?? 0)}).`,
  ]
}

/** What put the winner before the next where no call was executed. */
function aheadOf(decision: Decision, winner: RankedContender, second: RankedContender): string {
  const { id } = second
  // Where the tests decided, the sentence is about the next one: the winner has to be named, and the other is known to be next.
  const isOfNext = decision.method === 'test-suite'
  const [it, its] = isOfNext ? ['the winner', "the winner's"] : ['it', 'its']
  const [next, nextAtEnd] = isOfNext ? [id, id] : [`${id}, which is next,`, `${id}, which is next`]
  const { problem } = second
  if (winner.problem === null && problem !== null && problem !== DOES_NOT_PARSE)
    return `${it} loads, and ${next} could not be run: ${problem}`
  const byTests = suiteLead(decision, winner, second)
  if (!isUsable(second, decision.suite ?? [])) {
    if (winner.isLive) return `${it} can be called, and ${next} defines no function to call`
    if (byTests !== null && testsOf(decision, winner)?.isGreen) return byTests
  }
  if (winner.parses && !second.parses) return `${it} parses, and ${next} does not`
  if (byTests !== null) return byTests
  const rule = decision.tiesBrokenBy.at(-1)
  if (rule === undefined) {
    const [own, other] = shownApart(winner.medoid, second.medoid)
    const isClosest = decision.ranking.every(({ medoid }) => medoid < winner.medoid + SCORE_EPSILON)
    return isClosest
      ? `${its} structure is closest to the other candidates (likeness ${own}; that of ${next} is ${other})`
      : `${its} structure is closer to the other candidates than that of ${nextAtEnd} (likeness ${own} and ${other})`
  }
  const alike = `${its} structure is as close to the other candidates as that of ${nextAtEnd} (likeness ${shown(winner.medoid)})`
  if (rule !== STRENGTH_RULE) return `${alike}; the tie was broken by: ${rule}`
  const size = (strength: number): string => (strength === 0 ? 'unknown' : `${shown(strength)} billion`)
  return `${alike}, and ${its} model is larger (parameters: ${size(winner.strength)} and ${size(second.strength)})`
}

/** How the winner did in the user's tests and how the next did; null where they did equally well. */
function suiteLead(decision: Decision, winner: RankedContender, second: RankedContender): string | null {
  const [own, other] = [testsOf(decision, winner), testsOf(decision, second)]
  if (own === undefined || compareSuite(own, other) === 0) return null
  const shown = `the winner passes ${givenTests(own.passed, own.total)}`
  if (other === undefined) return `${shown}, and they were not run on ${second.id}`
  if (other.grade === 'unverified') return `${shown}, and what they show of ${second.id} proves nothing`
  if (own.passed !== other.passed || own.total !== other.total) return `${shown}, ${second.id} ${other.passed} of ${other.total}`
  if (own.isGreen !== other.isGreen) return `${shown}, and so does ${second.id}, whose run as a whole did not pass`
  return `${shown}, and so does ${second.id}, where it could forge the result`
}

function testsOf({ suite }: Decision, of: RankedContender): SuiteFacts | undefined {
  return suite?.find(({ candidate }) => candidate === of.id)
}

/** Returns a number for people, to a thousandth; one that is smaller than that is not nothing. */
export function shown(value: number): string {
  return Math.abs(value) < 0.001 && value !== 0 ? value.toExponential(1) : String(Math.round(value * 1000) / 1000)
}

/** Returns two numbers with as many digits as it takes to see that they differ. */
function shownApart(a: number, b: number): readonly [string, string] {
  for (let digits = 3; digits < 9; digits += 1) {
    const [left, right] = [a, b].map((value) => String(Number(value.toFixed(digits))))
    if (left !== undefined && right !== undefined && left !== right) return [left, right]
  }
  return [a.toFixed(9), b.toFixed(9)]
}
