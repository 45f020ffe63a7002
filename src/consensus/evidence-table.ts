import { meetsExpectation } from './check.ts'
import { type ExecutionMatrix, type ExecutionRow, NOT_RUN } from './execution-matrix.ts'
import { outcomeFingerprint } from './fingerprint.ts'
import type { EvidencePlan, PlannedCheck } from './plan-evidence.ts'

/** What the executions say, one entry per candidate in the given order. A candidate that is not live has passed nothing. */
export interface EvidenceTable {
  readonly isLive: readonly boolean[]
  /** `examples[i][e]`: candidate i passes example e. */
  readonly examples: readonly (readonly boolean[])[]
  readonly assertions: readonly (readonly boolean[])[]
  /** `values[i][c]`: fingerprint of what call c gave; null agrees with nothing. */
  readonly values: readonly (readonly (string | null)[])[]
  /** Calls compared between candidates: the plan's probes that at least half of the live candidates answer. */
  readonly probes: readonly number[]
  /** `agreement[i][j]` in [0, 1]: share of `probes` on which i and j give equal values; 0 without probes. */
  readonly agreement: readonly (readonly number[])[]
}

/** Returns the table of `candidates` (ids) under `matrix`. Pure; O(candidates² · probes). */
export function tabulateEvidence(candidates: readonly string[], plan: EvidencePlan, matrix: ExecutionMatrix): EvidenceTable {
  const { language } = plan
  const byId = new Map(matrix.map((row) => [row.candidate, row]))
  const rows = candidates.map((id) => byId.get(id))
  const isLive = rows.map((row) => row?.load.kind === 'loaded')
  const values = rows.map((row) =>
    plan.calls.map((_, call) => (language === null ? null : outcomeFingerprint(outcomeOf(row, call), language))),
  )
  const passes = (checks: readonly PlannedCheck[]): boolean[][] =>
    rows.map((row) =>
      checks.map((check) => language !== null && meetsExpectation(outcomeOf(row, check.call), check.expected, language)),
    )
  const live = isLive.filter(Boolean).length
  const probes = plan.probes.filter((call) => {
    const answered = values.filter((given) => given[call] !== null).length
    return answered > 0 && answered * 2 >= live
  })
  return {
    isLive,
    examples: passes(plan.examples),
    assertions: passes(plan.assertions),
    values,
    probes,
    agreement: values.map((a) => values.map((b) => shareEqual(a, b, probes))),
  }
}

function outcomeOf(row: ExecutionRow | undefined, call: number): ExecutionRow['outcomes'][number] {
  return row?.load.kind === 'loaded' ? (row.outcomes[call] ?? NOT_RUN) : NOT_RUN
}

function shareEqual(a: readonly (string | null)[], b: readonly (string | null)[], probes: readonly number[]): number {
  if (probes.length === 0) return 0
  const equal = probes.filter((call) => a[call] !== null && a[call] === b[call]).length
  return equal / probes.length
}

/** Returns the groups of live candidates (indices) that agree on every compared call, each group and all in given order. */
export function behaviourClusters(table: EvidenceTable): number[][] {
  const clusters: number[][] = []
  table.isLive.forEach((isLive, index) => {
    if (!isLive) return
    const home = clusters.find((cluster) => cluster[0] !== undefined && table.agreement[index]?.[cluster[0]] === 1)
    if (home === undefined) clusters.push([index])
    else home.push(index)
  })
  return clusters
}
