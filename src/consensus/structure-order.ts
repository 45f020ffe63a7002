import type { ContenderFacts, RankedContender, SuiteFacts } from './decision.ts'
import { type ExecutionMatrix, loadProblem } from './execution-matrix.ts'
import type { LiveRanking, Pool } from './rank-contenders.ts'
import { compareSuite } from './suite-facts.ts'
import { compareTied, SCORE_EPSILON, type TieFacts, tieRulesUsed } from './tie-order.ts'

/** What tells programs apart that are equally like the pool, before the tie order. */
export const STRENGTH_RULE = 'larger model'

/** Why a program that nobody loaded cannot be used. */
export const DOES_NOT_PARSE = 'does not parse'

/**
 * Returns those not ranked by calls: live or passing the user's tests before those without a problem before those that parse before broken,
 * then by the user's tests, then by likeness to all that parse, then by the size of the model, then by the tie order.
 */
export function structureOrder(
  pool: Pool,
  ranked: ReadonlySet<string>,
  ranking: LiveRanking,
  matrix: ExecutionMatrix | null,
): RankedContender[] {
  const live = new Set(ranking.live)
  const parsing = pool.contenders.map((contender, index) => (contender.parses ? index : -1)).filter((index) => index >= 0)
  const weight = parsing.reduce((total, index) => total + (pool.contenders[index]?.count ?? 0), 0)
  const others = pool.contenders.flatMap((contender, index): RankedContender[] => {
    if (ranked.has(contender.id)) return []
    const shared = parsing.reduce(
      (total, other) => total + (pool.contenders[other]?.count ?? 0) * (pool.similarity[index]?.[other] ?? 0),
      0,
    )
    const isLive = live.has(index)
    const medoid = weight > 0 ? shared / weight : 0
    return [
      {
        ...identity(contender),
        isLive,
        problem: isLive || (ranked.size === 0 && isShownToRun(pool, contender.id)) ? null : problemOf(contender, matrix),
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
        likeness: pool.likeness[index] ?? 0,
        modelCount: new Set(contender.models).size,
      },
    ]
  })
  return others.sort((a, b) => compareByStructure(a, b, pool.suite) || b.strength - a.strength || compareTied(toTie(a), toTie(b)))
}

/** Returns the rules that were looked at until one told the first of two apart that are alike in all that comes before; else none. */
export function structureTies(
  first: RankedContender,
  second: RankedContender | undefined,
  suite: readonly SuiteFacts[],
): string[] {
  if (second === undefined || compareByStructure(first, second, suite) !== 0) return []
  return first.strength !== second.strength ? [STRENGTH_RULE] : [STRENGTH_RULE, ...tieRulesUsed(toTie(first), toTie(second))]
}

function compareByStructure(a: RankedContender, b: RankedContender, suite: readonly SuiteFacts[]): number {
  const testsOf = (id: string): SuiteFacts | undefined => suite.find(({ candidate }) => candidate === id)
  return (
    Number(isUsable(b, suite)) - Number(isUsable(a, suite)) ||
    Number(b.problem === null) - Number(a.problem === null) ||
    Number(b.parses) - Number(a.parses) ||
    compareSuite(testsOf(a.id), testsOf(b.id)) ||
    Math.round(b.medoid / SCORE_EPSILON) - Math.round(a.medoid / SCORE_EPSILON)
  )
}

/** Returns whether a program is known to run: it loads and can be called, or it passes the user's tests. */
export function isUsable({ id, isLive }: Pick<RankedContender, 'id' | 'isLive'>, suite: readonly SuiteFacts[]): boolean {
  return isLive || suite.some(({ candidate, isGreen }) => candidate === id && isGreen)
}

/** What the user's tests ran on need not hold a function that we could call: a constant or an object does as well. */
function isShownToRun({ matrix, suite }: Pool, id: string): boolean {
  const own = suite.find(({ candidate }) => candidate === id)
  const load = matrix.find(({ candidate }) => candidate === id)?.load
  return own !== undefined && (own.isGreen || load?.kind === 'no-entry-point')
}

function toTie(of: RankedContender): TieFacts {
  return { models: of.modelCount, medoid: of.medoid, nodes: of.nodes, codeHash: of.codeHash, id: of.id }
}

/** Loading tells more than a grammar of ours, which nobody needs to ask about a program that loads. */
function problemOf({ id, parses }: ContenderFacts, matrix: ExecutionMatrix | null): string | null {
  const load = matrix?.find((row) => row.candidate === id)?.load
  const problem = matrix === null ? null : load === undefined ? 'not executed' : loadProblem(load)
  return problem ?? (parses ? null : DOES_NOT_PARSE)
}

/** Returns what is known of a contender before anything was run. */
export function identity(
  contender: ContenderFacts,
): Pick<RankedContender, 'id' | 'agent' | 'model' | 'count' | 'parses' | 'strength' | 'nodes' | 'codeHash'> {
  const { id, agent, model, count, parses, strength = 0, nodes, codeHash } = contender
  return { id, agent, model, count, parses, strength, nodes, codeHash }
}
