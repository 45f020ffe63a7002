import { counted, share } from './count-words.ts'
import type { Decision, DissentingView } from './decision.ts'
import { explainWinner, shown } from './explain-winner.ts'
import { resultWords } from './result-words.ts'
import { DOES_NOT_PARSE } from './structure-order.ts'

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
    explainConfidence(decision),
    ...explainWriters(decision),
    ...explainCounterfactuals(decision),
    ...decision.dissent.slice(0, 3).map(explainDissent),
    ...explainBroken(decision),
    ...explainOpen(decision),
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
        `The assertions of ${writer.writer} did not count: ${share(writer.wrong, writer.known, 'known answer')} in them ${writer.wrong === 1 ? 'is' : 'are'} wrong.`,
      )
    } else if (writer.contradicted > 0) {
      lines.push(
        `${counted(writer.contradicted, 'assertion')} of ${writer.writer} did not count: candidates ${decision.examples.total === 0 ? 'that load' : 'that pass every example'} agree on another answer.`,
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
  const who = `${view.candidate} (${view.agent}, ${counted(view.votes, 'answer')})`
  if (view.call === null) return `${who} disagrees in a part of a value that is too long to show.`
  return `${who} disagrees: for ${view.call} it ${resultWords(view.gave)}, the winner ${resultWords(view.winnerGave)}.`
}

function explainBroken(decision: Decision): string[] {
  return decision.ranking.flatMap(({ id, problem }) => {
    if (problem === null) return []
    return [problem === DOES_NOT_PARSE ? `${id} does not parse.` : `${id} could not be run: ${problem}.`]
  })
}

function explainOpen(decision: Decision): string[] {
  const { open } = decision
  switch (open.kind) {
    case 'none':
      return []
    case 'repair':
      return open.repairs.map((repair) =>
        repair.call === null
          ? `Open: ${repair.candidate} could not be run: ${repair.actual}.`
          : repair.isTest === true
            ? `Open: ${repair.candidate} fails ${repair.call}: ${repair.actual}.`
            : `Open: ${repair.candidate} fails an example: ${repair.call} should give ${repair.expected} and ${resultWords(repair.actual)}.`,
      )
    case 'distinguish':
      return [`Open: for ${open.question.call}, is ${open.question.options.map((option) => option.result).join(' or ')} right?`]
    case 'another-model':
      return [`Open: one more candidate from another model than ${open.usedModels.join(', ')} would tell more.`]
    default:
      return open satisfies never
  }
}
