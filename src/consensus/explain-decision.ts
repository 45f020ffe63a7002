import { ASSERTION_EXPONENT, LIKENESS_WEIGHT, MEDOID_WEIGHT } from './agreement.ts'
import type { Decision, DissentingView, RankedContender } from './decision.ts'

/**
 * Returns a decision in words, one sentence a line: who won and why, how sure that is, what would have changed it, who
 * disagrees about what, and what is still open. Names of candidates only; the texts in it come from models and callers
 * must treat them as inert.
 */
export function explainDecision(decision: Decision): string[] {
  const winner = decision.ranking.find((contender) => contender.id === decision.winner)
  if (winner === undefined)
    return [`No candidate was chosen: ${decision.abstain ?? decision.stop.why}.`, ...explainBroken(decision)]
  return [
    ...explainWinner(decision, winner),
    ...explainRunnerUp(decision, winner),
    explainConfidence(decision),
    ...explainWriters(decision),
    ...explainCounterfactuals(decision),
    ...decision.dissent.slice(0, 3).map(explainDissent),
    ...explainBroken(decision),
    ...explainOpen(decision),
  ]
}

function explainWinner(decision: Decision, winner: RankedContender): string[] {
  if (decision.method === 'test-suite') {
    const own = decision.suite?.find(({ candidate }) => candidate === winner.id)
    return [
      `${winner.id} (${winner.agent}, ${winner.model}) won: it passes ${own?.passed ?? 0} of the ${own?.total ?? 0} tests that were given; ${decision.notExecuted ?? 'nothing was called'}.`,
    ]
  }
  if (decision.method === 'structure-medoid') {
    const why = decision.notExecuted ?? 'nothing was executed'
    return [
      `${winner.id} was chosen without execution, because ${why}: its structure is closest to the other candidates (likeness ${shown(winner.medoid)}).`,
    ]
  }
  const { examples, assertions, agreement } = decision
  const parts = [
    examples.total === 0 ? 'the task gives no example' : `it passes ${examples.passed} of ${examples.total} examples`,
    assertions.total === 0 ? 'nobody wrote assertions' : `${assertions.passed} of ${assertions.total} assertions`,
    `${agreement.count} of ${agreement.total} answers behave alike on every compared input`,
  ]
  const lines = [`${winner.id} (${winner.agent}, ${winner.model}) won: ${parts.join(', ')}.`]
  if (decision.abstain !== null) lines.push(`It is not called a solution: ${decision.abstain}.`)
  return lines
}

function explainRunnerUp(decision: Decision, winner: RankedContender): string[] {
  const second = decision.ranking.find((contender) => contender.id !== winner.id)
  if (second === undefined || decision.method !== 'execution-agreement') return []
  if (!second.isLive) return ['No other candidate could be run.']
  if (second.examplesPassed < winner.examplesPassed) {
    return [`${second.id} is next; it passes ${second.examplesPassed} examples to the winner's ${winner.examplesPassed}.`]
  }
  if (decision.tiesBrokenBy.length > 0) {
    return [`${second.id} has the same evidence; the tie was broken by: ${decision.tiesBrokenBy.join(', then ')}.`]
  }
  const terms = [
    ['agreement', Math.log(winner.agreement + 1e-9) - Math.log(second.agreement + 1e-9)],
    ['assertions', ASSERTION_EXPONENT * (Math.log(winner.tests + 1e-3) - Math.log(second.tests + 1e-3))],
    ['structure', MEDOID_WEIGHT * (Math.log(winner.medoid + 1e-6) - Math.log(second.medoid + 1e-6))],
    ['answering everything alike', second.penalty - winner.penalty],
    ['likeness', LIKENESS_WEIGHT * (winner.likeness - second.likeness)],
  ] as const
  const [decisive] = terms.toSorted((a, b) => b[1] - a[1])
  return [
    `${second.id} is next, ${shown((winner.score ?? 0) - (second.score ?? 0))} behind; the largest part of that is ${decisive?.[0] ?? 'agreement'} (${shown(decisive?.[1] ?? 0)}).`,
  ]
}

function explainConfidence(decision: Decision): string {
  const caps = decision.confidence.caps.map((cap) => `at most ${shown(cap.at)} because ${cap.why}`)
  return `Confidence ${shown(decision.confidence.value)}${caps.length === 0 ? '' : ` (${caps.join('; ')})`}: ${decision.stop.why}.`
}

function explainWriters(decision: Decision): string[] {
  return decision.writers.flatMap((writer) => {
    const lines: string[] = []
    if (!writer.isBelieved) {
      lines.push(
        `The assertions of ${writer.writer} did not count: ${writer.wrong} of ${writer.known} known answers in them are wrong.`,
      )
    } else if (writer.contradicted > 0) {
      lines.push(
        `${writer.contradicted} assertions of ${writer.writer} did not count: candidates that pass every example agree on another answer.`,
      )
    }
    return lines
  })
}

function explainCounterfactuals(decision: Decision): string[] {
  const changed = decision.counterfactuals.filter((each) => each.winner !== decision.winner)
  if (decision.counterfactuals.length === 0) return []
  if (changed.length === 0) return ['Leaving out any one kind of evidence gives the same winner.']
  return changed.map((each) => `Without ${each.without}, ${each.winner ?? 'nobody'} would have won.`)
}

function explainDissent(view: DissentingView): string {
  const who = `${view.candidate} (${view.agent}, ${view.votes} ${view.votes === 1 ? 'answer' : 'answers'})`
  if (view.call === null) return `${who} differs in no compared input.`
  return `${who} disagrees: for ${view.call} it gives ${view.gave}, the winner ${view.winnerGave}.`
}

function explainBroken(decision: Decision): string[] {
  return decision.ranking
    .filter((contender) => contender.problem !== null)
    .map((contender) => `${contender.id} could not be used: ${contender.problem}.`)
}

function explainOpen(decision: Decision): string[] {
  const { open } = decision
  switch (open.kind) {
    case 'none':
      return []
    case 'repair':
      return open.repairs.map((repair) =>
        repair.call === null
          ? `Open: ${repair.candidate} does not load (${repair.actual}).`
          : repair.isTest === true
            ? `Open: ${repair.candidate} fails ${repair.call}: ${repair.actual}.`
            : `Open: ${repair.candidate} fails an example: ${repair.call} should give ${repair.expected} and gives ${repair.actual}.`,
      )
    case 'distinguish':
      return [`Open: for ${open.question.call}, is ${open.question.options.map((option) => option.result).join(' or ')} right?`]
    case 'another-model':
      return [`Open: one more candidate from another model than ${open.usedModels.join(', ')} would tell more.`]
    default:
      return open satisfies never
  }
}

function shown(value: number): string {
  // A difference in likeness alone is far below a thousandth; it is not nothing.
  return Math.abs(value) < 0.001 && value !== 0 ? value.toExponential(1) : String(Math.round(value * 1000) / 1000)
}
