import type { Call, CallOutcome } from '../domain/value.ts'
import type { Expectation } from './check.ts'
import { clip, clipApart, isShownWhole } from './clip-text.ts'
import type { Decision, JudgedCheck, JudgedProbe } from './decision.ts'
import type { ConsensusLanguage } from './language.ts'
import { printLiteral } from './literal.ts'
import type { EvidencePlan, PlannedCheck } from './plan-evidence.ts'
import type { LiveRanking, Pool } from './rank-contenders.ts'

/** Returns a call as source text of `language`, clipped. */
export function printCall(call: Call, language: ConsensusLanguage): string {
  return clip(wholeCall(call, language))
}

/** Returns in a phrase how a call ended, clipped. */
export function printOutcome(outcome: CallOutcome | undefined, language: ConsensusLanguage): string {
  return clip(wholeOutcome(outcome, language))
}

/** Returns how one call ended for several candidates that it tells apart, as texts that differ where the results do, each clipped. */
export function printOutcomesApart(outcomes: readonly (CallOutcome | undefined)[], language: ConsensusLanguage): string[] {
  const texts = outcomes.map((outcome) => wholeOutcome(outcome, language))
  // Source text can hide a kind: JavaScript writes bytes as it writes a string.
  const marked = texts.map((text, at) => {
    const outcome = outcomes[at]
    const isAmbiguous = texts.some((other, place) => place !== at && other === text)
    return isAmbiguous && outcome?.kind === 'value' ? `${text} (${outcome.value.t})` : text
  })
  return clipApart(marked)
}

/** Returns what a check asks for and what came instead, each clipped so that the difference is seen. */
export function printMiss(
  expected: Expectation,
  outcome: CallOutcome | undefined,
  language: ConsensusLanguage,
): { expected: string; actual: string } {
  const [asked = '', actual = ''] = clipApart([wholeExpectation(expected, language), wholeOutcome(outcome, language)])
  return { expected: asked, actual }
}

/** Returns whether a call and its results are shown whole: what is cut nobody can state an assertion about. */
export function areShownWhole(call: Call, outcomes: readonly (CallOutcome | undefined)[], language: ConsensusLanguage): boolean {
  const isWhole = (outcome: CallOutcome | undefined): boolean =>
    !(outcome?.kind === 'value' && outcome.value.t === 'digest') && isShownWhole(wholeOutcome(outcome, language))
  return isShownWhole(wholeCall(call, language)) && outcomes.every(isWhole)
}

/** Returns in a phrase how many answers behave as the winner does, where calls were executed. */
export function agreementWords({ agreement, evidence }: Decision): string {
  if (agreement.total <= 1) return 'it is the only answer'
  if (!evidence.probes.some(({ isCompared }) => isCompared)) return 'no input could be compared'
  if (agreement.count <= 1) return `no other of ${agreement.total} answers behaves like it`
  return `${agreement.count} of ${agreement.total} answers behave alike`
}

function wholeCall(call: Call, language: ConsensusLanguage): string {
  return `${call.fn}(${call.args.map((arg) => printLiteral(arg, language)).join(', ')})`
}

function wholeOutcome(outcome: CallOutcome | undefined, language: ConsensusLanguage): string {
  switch (outcome?.kind) {
    case undefined:
      return 'not run'
    case 'value':
      return printLiteral(outcome.value, language)
    case 'raised':
      return `raises ${outcome.error}${outcome.message === '' ? '' : `: ${outcome.message}`}`
    case 'timeout':
      return 'runs out of time'
    case 'not-run':
      return 'not run'
    default:
      return outcome satisfies never
  }
}

/** Returns in a phrase what a check asks for, clipped. */
export function printExpectation(expected: Expectation, language: ConsensusLanguage): string {
  return clip(wholeExpectation(expected, language))
}

function wholeExpectation(expected: Expectation, language: ConsensusLanguage): string {
  switch (expected.kind) {
    case 'equals':
      return printLiteral(expected.value, language)
    case 'differs':
      return `anything but ${printLiteral(expected.value, language)}`
    case 'truthy':
      return 'a true value'
    case 'falsy':
      return 'a false value'
    default:
      return expected satisfies never
  }
}

/** Returns examples and assertions with who passed them, and the compared calls with the groups of equal answers. */
export function describeEvidence(
  pool: Pool,
  ranking: LiveRanking,
): { examples: JudgedCheck[]; assertions: JudgedCheck[]; probes: JudgedProbe[] } {
  const { plan } = pool
  const { language } = plan
  if (language === null) return { examples: [], assertions: [], probes: [] }
  const ids = ranking.live.map((index) => pool.contenders[index]?.id ?? '')
  const judged = (checks: readonly PlannedCheck[], passed: readonly (readonly boolean[])[], own: boolean): JudgedCheck[] =>
    checks.map((check, at) => ({
      call: callText(plan, check.call, language),
      expected: printExpectation(check.expected, language),
      source: clip(check.source),
      writer: check.writer,
      passedBy: ids.filter((_, i) => passed[i]?.[at]),
      isBelieved: own ? ranking.believed[at] === 1 : true,
      reliability: own ? (ranking.scores.reliability[at] ?? 0) : 1,
      weight: own ? (ranking.scores.weights[at] ?? 1) : 1,
    }))
  return {
    examples: judged(plan.examples, ranking.table.examples, false),
    assertions: judged(plan.assertions, ranking.table.assertions, true),
    probes: plan.probes.map((call) => describeProbe(pool, ranking, call, language)),
  }
}

function callText(plan: EvidencePlan, call: number, language: ConsensusLanguage): string {
  const found = plan.calls[call]
  return found === undefined ? '' : printCall(found, language)
}

function describeProbe(pool: Pool, ranking: LiveRanking, call: number, language: ConsensusLanguage): JudgedProbe {
  const liveAt = new Map(ranking.live.map((index, at) => [index, at]))
  const groups: string[] = []
  const results: (CallOutcome | undefined)[] = []
  const answers = pool.contenders.map((contender, index) => {
    const at = liveAt.get(index)
    const value = at === undefined ? null : (ranking.table.values[at]?.[call] ?? null)
    if (value === null) return null
    if (!groups.includes(value)) {
      groups.push(value)
      results.push(outcomeOf(pool, contender.id, call))
    }
    return groups.indexOf(value)
  })
  const values = printOutcomesApart(results, language)
  return { call: callText(pool.plan, call, language), isCompared: ranking.table.probes.includes(call), answers, values }
}

/** Returns how call `call` of the plan ended for a candidate; undefined when it has no row. */
export function outcomeOf(pool: Pool, candidate: string, call: number): CallOutcome | undefined {
  return pool.matrix.find((row) => row.candidate === candidate)?.outcomes[call]
}
