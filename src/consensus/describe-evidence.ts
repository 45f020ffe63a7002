import type { Call, CallOutcome } from '../domain/value.ts'
import type { Expectation } from './check.ts'
import type { JudgedCheck, JudgedProbe } from './decision.ts'
import type { ConsensusLanguage } from './language.ts'
import { printLiteral } from './literal.ts'
import type { EvidencePlan, PlannedCheck } from './plan-evidence.ts'
import type { LiveRanking, Pool } from './rank-contenders.ts'

/** Longest value shown in a decision; the execution records hold the whole. */
const MAX_SHOWN = 200

/** Returns a call as source text of `language`, clipped. */
export function printCall(call: Call, language: ConsensusLanguage): string {
  return clip(`${call.fn}(${call.args.map((arg) => printLiteral(arg, language)).join(', ')})`)
}

/** Returns in a phrase how a call ended, clipped. */
export function printOutcome(outcome: CallOutcome | undefined, language: ConsensusLanguage): string {
  switch (outcome?.kind) {
    case undefined:
      return 'not run'
    case 'value':
      return clip(printLiteral(outcome.value, language))
    case 'raised':
      return clip(`raises ${outcome.error}${outcome.message === '' ? '' : `: ${outcome.message}`}`)
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
  switch (expected.kind) {
    case 'equals':
      return clip(printLiteral(expected.value, language))
    case 'differs':
      return clip(`anything but ${printLiteral(expected.value, language)}`)
    case 'truthy':
      return 'a true value'
    case 'falsy':
      return 'a false value'
    default:
      return expected satisfies never
  }
}

function clip(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`
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
  const values: string[] = []
  const answers = pool.contenders.map((contender, index) => {
    const at = liveAt.get(index)
    const value = at === undefined ? null : (ranking.table.values[at]?.[call] ?? null)
    if (value === null) return null
    if (!groups.includes(value)) {
      groups.push(value)
      values.push(printOutcome(outcomeOf(pool, contender.id, call), language))
    }
    return groups.indexOf(value)
  })
  return { call: callText(pool.plan, call, language), isCompared: ranking.table.probes.includes(call), answers, values }
}

/** Returns how call `call` of the plan ended for a candidate; undefined when it has no row. */
export function outcomeOf(pool: Pool, candidate: string, call: number): CallOutcome | undefined {
  return pool.matrix.find((row) => row.candidate === candidate)?.outcomes[call]
}
