import type { WriterTrust } from './decision.ts'
import { behaviourClusters, type EvidenceTable } from './evidence-table.ts'
import { type EvidencePlan, isRuling } from './plan-evidence.ts'

/** When a test writer is not believed. The defaults were validated by split halves; see `bench:consensus`. */
export interface ReliabilityRule {
  /** Share of known answers a writer must have right, one right answer given in advance; below it, nothing it wrote counts. */
  readonly leastRight: number
  /** So many judges that agree on another answer, and outnumber those that pass, void an assertion. */
  readonly contradicting: number
  /** So many suffice where they agree on every compared call besides, of which there must be `COMPARED_BESIDES`. */
  readonly alike: number
}

export const RELIABILITY_RULE: ReliabilityRule = { leastRight: 0.5, contradicting: 3, alike: 2 }

/** On fewer compared calls beside the one asserted, that two programs agree on all of them says nothing. */
export const COMPARED_BESIDES = 3
/** Fewest programs whose common answer counts as known. */
const KNOWN_BY = 2

/** What is believed of assertions before any candidate is scored: 1 or 0 each, and what was found of their writers. */
export interface AbsoluteTrust {
  readonly believed: readonly number[]
  readonly writers: readonly WriterTrust[]
}

/**
 * Returns which assertions count, judged by the programs that pass every example of the task; without examples, by all live ones.
 *
 * A single assertion does not count when three judges agree on another answer and outnumber those that pass it, or two that
 * behave alike in all that was compared; on recorded pools such assertions were true in one case of seven, whoever wrote them.
 * An arbiter's ruling stands: it was asked because such a group exists. A writer is judged as a whole too, where there are
 * examples: on calls that are no example and to which at least two judges give one and the same answer; when it is wrong about
 * more of them than it is right, nothing it wrote counts. This is absolute: it also holds for an only writer.
 */
export function absoluteTrust(plan: EvidencePlan, table: EvidenceTable, rule: ReliabilityRule = RELIABILITY_RULE): AbsoluteTrust {
  const judges = table.examples.flatMap((row, index) => (table.isLive[index] && row.every(Boolean) ? [index] : []))
  const groups = behaviourClusters(table).map((group) => group.filter((index) => judges.includes(index)))
  const restated = new Set(plan.examples.map((check) => check.call))
  const facts = plan.assertions.map((check, at) => {
    const passing = judges.filter((judge) => table.assertions[judge]?.[at]).length
    const failing = (some: readonly number[]): number => {
      const others = some.filter((judge) => !table.assertions[judge]?.[at])
      return Math.max(0, ...answersOf(table, check.call, others).values())
    }
    const against = failing(judges)
    const alike = Math.max(0, ...groups.map(failing))
    const isTold = table.probes.filter((call) => call !== check.call).length >= COMPARED_BESIDES
    const outvoted = (count: number, least: number): boolean => count >= least && count > passing
    const known = answersOf(table, check.call, judges)
    const isKnown =
      plan.examples.length > 0 &&
      !restated.has(check.call) &&
      known.size === 1 &&
      [...known.values()].every((count) => count >= KNOWN_BY)
    return {
      writer: check.writer ?? '',
      isKnown,
      isWrong: isKnown && passing === 0,
      isVoid: !isRuling(check.writer ?? '') && (outvoted(against, rule.contradicting) || (isTold && outvoted(alike, rule.alike))),
    }
  })
  const writers = [...new Set(facts.map((fact) => fact.writer))].sort().map((writer) => {
    const own = facts.filter((fact) => fact.writer === writer)
    const known = own.filter((fact) => fact.isKnown).length
    const wrong = own.filter((fact) => fact.isWrong).length
    const right = (known - wrong + 1) / (known + 1)
    const isBelieved = right >= rule.leastRight
    return { writer, assertions: own.length, known, wrong, contradicted: own.filter((fact) => fact.isVoid).length, isBelieved }
  })
  const distrusted = new Set(writers.filter((each) => !each.isBelieved).map((each) => each.writer))
  return { believed: facts.map((fact) => (fact.isVoid || distrusted.has(fact.writer) ? 0 : 1)), writers }
}

function answersOf(table: EvidenceTable, call: number, judges: readonly number[]): Map<string, number> {
  const answers = new Map<string, number>()
  for (const judge of judges) {
    const value = table.values[judge]?.[call]
    if (value !== null && value !== undefined) answers.set(value, (answers.get(value) ?? 0) + 1)
  }
  return answers
}

/**
 * Returns the weight of each assertion by how its writer compares with the best one: (mean reliability of its believed
 * assertions / the best such mean)², times what is believed of it at all. One writer alone: what is believed.
 */
export function assertionWeights(plan: EvidencePlan, believed: readonly number[], reliability: readonly number[]): number[] {
  const means = new Map<string, number>()
  for (const writer of new Set(plan.assertions.map((check) => check.writer ?? ''))) {
    const own = reliability.filter((_, at) => plan.assertions[at]?.writer === writer && believed[at] === 1)
    means.set(writer, own.length === 0 ? 0 : own.reduce((total, value) => total + value, 0) / own.length)
  }
  const best = Math.max(0, ...means.values())
  return plan.assertions.map((check, at) => {
    const relative = best > 0 ? (means.get(check.writer ?? '') ?? 0) / best : 1
    return (believed[at] ?? 0) * relative ** 2
  })
}
