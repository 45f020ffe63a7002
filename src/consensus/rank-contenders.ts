import { type AgreementScores, scoreAgreement } from './agreement.ts'
import type { ContenderFacts, SuiteFacts, WriterTrust } from './decision.ts'
import { behaviourClusters, type EvidenceTable, tabulateEvidence } from './evidence-table.ts'
import type { ExecutionMatrix } from './execution-matrix.ts'
import type { EvidencePlan } from './plan-evidence.ts'
import { compareSuite } from './suite-facts.ts'
import { compareTied, SCORE_EPSILON, type TieFacts } from './tie-order.ts'
import { absoluteTrust, assertionWeights, type ReliabilityRule } from './writer-reliability.ts'

/** The pool in a fixed order, with everything the score needs. `similarity` is in the order of `contenders`. */
export interface Pool {
  readonly contenders: readonly ContenderFacts[]
  readonly similarity: readonly (readonly number[])[]
  readonly plan: EvidencePlan
  readonly matrix: ExecutionMatrix
  /** CodeBLEU likeness of each contender to the pool, in [0, 1]; empty where it was not measured. */
  readonly likeness: readonly number[]
  /** The user's own tests, by candidate; empty where none were run. */
  readonly suite: readonly SuiteFacts[]
}

/** The live candidates of a pool, ranked. Indices are into `live`, which holds indices into the pool. */
export interface LiveRanking {
  readonly live: readonly number[]
  readonly table: EvidenceTable
  readonly scores: AgreementScores
  readonly writers: readonly WriterTrust[]
  /** Groups that agree on every compared call. */
  readonly clusters: readonly (readonly number[])[]
  /** Best first. */
  readonly order: readonly number[]
  readonly ties: readonly TieFacts[]
  readonly examplesPassed: readonly number[]
  readonly suite: readonly (SuiteFacts | undefined)[]
  /** Per assertion: 1 when it counts at all. */
  readonly believed: readonly number[]
}

/** Returns the live candidates ranked by (examples passed, the user's tests, score, tie order). Without executed calls all scores are the medoid's. */
export function rankLive(pool: Pool, rule?: ReliabilityRule): LiveRanking {
  const ids = pool.contenders.map((contender) => contender.id)
  const loaded = new Set(pool.matrix.filter((row) => row.load.kind === 'loaded').map((row) => row.candidate))
  // What an interpreter has loaded parses, whatever a grammar of ours thinks of it.
  const live = ids.map((_, index) => index).filter((index) => loaded.has(ids[index] ?? ''))
  const facts = live.map((index) => pool.contenders[index]).filter((contender) => contender !== undefined)
  const similarity = live.map((i) => live.map((j) => pool.similarity[i]?.[j] ?? 0))
  const counts = facts.map((contender) => contender.count)
  const table = tabulateEvidence(
    facts.map((contender) => contender.id),
    pool.plan,
    pool.matrix,
  )
  const trusted = absoluteTrust(pool.plan, table, rule)
  const likeness = live.map((index) => pool.likeness[index] ?? 0)
  const scores = scoreAgreement(
    table,
    similarity,
    counts,
    trusted.believed,
    (reliability) => assertionWeights(pool.plan, trusted.believed, reliability),
    likeness,
  )
  const clusters = behaviourClusters(table)
  const ties = facts.map((contender, index) => ({
    models: modelsOf(clusters.find((cluster) => cluster.includes(index)) ?? [index], facts).size,
    medoid: scores.medoid[index] ?? 0,
    nodes: contender.nodes,
    codeHash: contender.codeHash,
    id: contender.id,
  }))
  const examplesPassed = table.examples.map((row) => row.filter(Boolean).length)
  const suite = facts.map(({ id }) => pool.suite.find(({ candidate }) => candidate === id))
  const order = live
    .map((_, index) => index)
    .sort((a, b) => {
      const byExamples = (examplesPassed[b] ?? 0) - (examplesPassed[a] ?? 0)
      return byExamples || compareSuite(suite[a], suite[b]) || steps(scores.score[b]) - steps(scores.score[a]) || tied(ties, a, b)
    })
  return {
    live,
    table,
    scores,
    writers: trusted.writers,
    clusters,
    order,
    ties,
    examplesPassed,
    suite,
    believed: trusted.believed,
  }
}

/** Scores in whole steps of the epsilon: a comparison with a tolerance would not be transitive. */
function steps(score: number | undefined): number {
  return Math.round((score ?? 0) / SCORE_EPSILON)
}

function tied(ties: readonly TieFacts[], a: number, b: number): number {
  const [left, right] = [ties[a], ties[b]]
  return left === undefined || right === undefined ? 0 : compareTied(left, right)
}

/** Returns whether two ranked candidates differ in nothing but the tie order. */
export function areTied(ranking: LiveRanking, a: number, b: number): boolean {
  return (
    ranking.examplesPassed[a] === ranking.examplesPassed[b] &&
    compareSuite(ranking.suite[a], ranking.suite[b]) === 0 &&
    steps(ranking.scores.score[a]) === steps(ranking.scores.score[b])
  )
}

/** Returns the distinct models behind some candidates, given by index. */
export function modelsOf(indices: readonly number[], contenders: readonly ContenderFacts[]): Set<string> {
  return new Set(indices.flatMap((index) => contenders[index]?.models ?? []))
}
