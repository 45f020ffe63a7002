import type { EvidenceTable } from './evidence-table.ts'

/** Weight of structural likeness beside behaviour in a vote: as much as one answer in twenty. It moves what evidence leaves close. */
export const STRUCTURE_VOTE = 0.05
/** Voice left to a voter that passes no example. */
export const EXAMPLE_FLOOR = 0.05
/** Exponent of the assertions' term. */
export const ASSERTION_EXPONENT = 2
/** Weight of the structural medoid in the score. */
export const MEDOID_WEIGHT = 0.05
/** Weight of CodeBLEU likeness in the score: less than one vote among the most agents a run can have. It only tells equals apart. */
export const LIKENESS_WEIGHT = 0.001
/** Taken from a program that answers everything alike while most programs do not. */
export const CONSTANT_PENALTY = 1
/** Fewest compared calls on which a constant answer is suspicious. */
const CONSTANT_PROBES = 3

/** Every number the scores are made of, one entry per candidate unless said otherwise. */
export interface AgreementScores {
  /** Trust in each candidate as a voter on assertions; sums to 1, or all 0. */
  readonly trust: readonly number[]
  /** Per assertion: the trusted share of candidates that pass it, r_t. */
  readonly reliability: readonly number[]
  /** Per assertion: its weight w_t, 0 when it does not count. */
  readonly weights: readonly number[]
  /** Weighted assertions passed, scaled to a maximum of 1; all 1 when there are none or all pass none. */
  readonly tests: readonly number[]
  /** Share of examples passed; 1 when there are none. */
  readonly examples: readonly number[]
  /** Votes of agreeing candidates, scaled to a maximum of 1. */
  readonly votes: readonly number[]
  /** Mean structural similarity to all candidates. */
  readonly medoid: readonly number[]
  readonly isConstant: readonly boolean[]
  readonly penalty: readonly number[]
  readonly score: readonly number[]
}

/**
 * Returns execution-grounded agreement scores: with G = A + 0.05·S, T the assertions passed (each counted w_t·r_t, r_t
 * being the trusted share of candidates that pass it) and d the share of examples passed, V = G·(c·T·(0.05 + d)) and
 * score = ln(V + 1e-9) + 2·ln(T + 1e-3) + 0.05·ln(M + 1e-6) + 0.001·L − penalty, L being the CodeBLEU likeness to the pool where
 * it is known. All scores are finite. O(n²).
 */
export function scoreAgreement(
  table: EvidenceTable,
  similarity: readonly (readonly number[])[],
  counts: readonly number[],
  believed: readonly number[],
  weightsOf: (reliability: readonly number[]) => readonly number[],
  likeness: readonly number[] = [],
): AgreementScores {
  const n = counts.length
  const at = range(n)
  const together = at.map((i) => at.map((j) => cell(table.agreement, i, j) + STRUCTURE_VOTE * cell(similarity, i, j)))
  const passed = table.assertions.map((row) => sum(row.map((pass, t) => (pass ? (believed[t] ?? 1) : 0))))
  const firstPass = scaled(passed)
  const backed = at.map((i) => (counts[i] ?? 0) * dot(together[i], at, (j) => (counts[j] ?? 0) * (firstPass[j] ?? 0)))
  const backing = sum(backed)
  const trust = backed.map((value) => (backing > 0 ? value / backing : 0))
  const tests = range(table.assertions[0]?.length ?? 0)
  const reliability = tests.map((t) => sum(at.map((i) => (table.assertions[i]?.[t] ? (trust[i] ?? 0) : 0))))
  const weights = weightsOf(reliability)
  const weighted = scaled(
    at.map((i) => sum(tests.map((t) => (table.assertions[i]?.[t] ? (weights[t] ?? 1) * (reliability[t] ?? 0) : 0)))),
  )
  const examples = table.examples.map((row) => (row.length === 0 ? 1 : row.filter(Boolean).length / row.length))
  const voice = at.map((j) => {
    const factor = (table.examples[j]?.length ?? 0) === 0 ? 1 : EXAMPLE_FLOOR + (examples[j] ?? 0)
    return (counts[j] ?? 0) * (weighted[j] ?? 0) * factor
  })
  const raw = at.map((i) => dot(together[i], at, (j) => voice[j] ?? 0))
  const highest = Math.max(0, ...raw)
  const votes = raw.map((value) => (highest > 0 ? value / highest : 0))
  const total = sum(counts)
  const medoid = at.map((i) => (total > 0 ? sum(at.map((j) => (counts[j] ?? 0) * cell(similarity, i, j))) / total : 0))
  const isConstant = at.map((i) => answersAlike(table, i))
  const live = at.filter((i) => table.isLive[i])
  const constants = live.filter((i) => isConstant[i]).length
  const penalty = at.map((i) => (isConstant[i] && constants * 2 < live.length ? CONSTANT_PENALTY : 0))
  const score = at.map(
    (i) =>
      Math.log((votes[i] ?? 0) + 1e-9) +
      ASSERTION_EXPONENT * Math.log((weighted[i] ?? 0) + 1e-3) +
      MEDOID_WEIGHT * Math.log((medoid[i] ?? 0) + 1e-6) +
      LIKENESS_WEIGHT * (likeness[i] ?? 0) -
      (penalty[i] ?? 0),
  )
  return { trust, reliability, weights, tests: weighted, examples, votes, medoid, isConstant, penalty, score }
}

function answersAlike(table: EvidenceTable, candidate: number): boolean {
  if (table.probes.length < CONSTANT_PROBES) return false
  const given = table.probes.map((call) => table.values[candidate]?.[call] ?? null)
  return given.every((value) => value !== null && value === given[0])
}

function scaled(values: readonly number[]): number[] {
  const highest = Math.max(0, ...values)
  return values.map((value) => (highest > 0 ? value / highest : 1))
}

function dot(row: readonly number[] | undefined, at: readonly number[], of: (index: number) => number): number {
  return sum(at.map((j) => (row?.[j] ?? 0) * of(j)))
}

function cell(matrix: readonly (readonly number[])[], i: number, j: number): number {
  return matrix[i]?.[j] ?? 0
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
