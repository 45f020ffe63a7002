import type { ContenderFacts, RankedContender } from './decision.ts'
import { type ExecutionMatrix, loadProblem } from './execution-matrix.ts'
import type { LiveRanking, Pool } from './rank-contenders.ts'
import { compareSuite } from './suite-facts.ts'
import { compareTied, type TieFacts } from './tie-order.ts'

/** Returns those not ranked by calls: live before parsing before broken, then by the user's tests, then by likeness to all that parse. */
export function structureOrder(
  pool: Pool,
  ranked: ReadonlySet<string>,
  ranking: LiveRanking,
  matrix: ExecutionMatrix | null,
): RankedContender[] {
  const live = new Set(ranking.live)
  const parsing = pool.contenders.map((contender, index) => (contender.parses ? index : -1)).filter((index) => index >= 0)
  const weight = parsing.reduce((total, index) => total + (pool.contenders[index]?.count ?? 0), 0)
  const entries = pool.contenders.flatMap((contender, index) => {
    if (ranked.has(contender.id)) return []
    const shared = parsing.reduce(
      (total, other) => total + (pool.contenders[other]?.count ?? 0) * (pool.similarity[index]?.[other] ?? 0),
      0,
    )
    const load = matrix?.find((row) => row.candidate === contender.id)?.load
    const medoid = weight > 0 ? shared / weight : 0
    const tie: TieFacts = {
      models: new Set(contender.models).size,
      medoid,
      nodes: contender.nodes,
      codeHash: contender.codeHash,
      id: contender.id,
    }
    const problem = matrix === null || live.has(index) ? null : load === undefined ? 'not executed' : loadProblem(load)
    const suite = pool.suite.find(({ candidate }) => candidate === contender.id)
    const likeness = pool.likeness[index] ?? 0
    const why = contender.parses ? problem : (problem ?? 'does not parse')
    return [{ contender, isLive: live.has(index), medoid, tie, suite, likeness, problem: why }]
  })
  entries.sort(
    (a, b) =>
      Number(b.isLive) - Number(a.isLive) ||
      Number(b.contender.parses) - Number(a.contender.parses) ||
      compareSuite(a.suite, b.suite) ||
      Math.round(b.medoid * 1e9) - Math.round(a.medoid * 1e9) ||
      (b.contender.strength ?? 0) - (a.contender.strength ?? 0) ||
      compareTied(a.tie, b.tie),
  )
  return entries.map(({ contender, isLive, medoid, likeness, problem }) => ({
    ...identity(contender),
    isLive,
    problem,
    examplesPassed: 0,
    assertionsPassed: 0,
    votes: contender.count,
    score: ranked.size > 0 ? null : medoid,
    tests: 0,
    agreement: 0,
    medoid,
    examples: 0,
    trust: 0,
    penalty: 0,
    likeness,
  }))
}

/** Returns what is known of a contender before anything was run. */
export function identity(contender: ContenderFacts): Pick<RankedContender, 'id' | 'agent' | 'model' | 'count' | 'parses'> {
  const { id, agent, model, count, parses } = contender
  return { id, agent, model, count, parses }
}
