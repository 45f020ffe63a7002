import { capForTests, confidenceOf, unverifiedConfidence } from './confidence.ts'
import type { ContenderFacts, Counterfactual, Decision, RankedContender, SuiteFacts } from './decision.ts'
import { describeEvidence } from './describe-evidence.ts'
import { dissentingViews, openQuestion, suiteRepairs, votesOf } from './escalation.ts'
import { type ExecutionMatrix, whyNoneIsLive } from './execution-matrix.ts'
import type { EvidencePlan } from './plan-evidence.ts'
import { areTied, type LiveRanking, modelsOf, type Pool, rankLive } from './rank-contenders.ts'
import { readStopRule, type StopFacts } from './stop-rule.ts'
import { identity, isUsable, structureOrder, structureTies } from './structure-order.ts'
import { tieRulesUsed } from './tie-order.ts'

export interface DecideInput {
  readonly candidates: readonly ContenderFacts[]
  readonly plan: EvidencePlan
  /** Null when nothing could be executed. */
  readonly matrix: ExecutionMatrix | null
  /** Structural similarity in [0, 1], symmetric, in the order of `candidates`; 1 on the diagonal. */
  readonly similarity: readonly (readonly number[])[]
  /** CodeBLEU likeness to the pool, in [0, 1], in the order of `candidates`; absent = not measured. */
  readonly likeness?: readonly number[]
  /** How each candidate did in the user's own tests; null or absent = none were run. */
  readonly suite?: readonly SuiteFacts[] | null
}

/**
 * Returns which candidate the evidence speaks for, with every number behind it.
 *
 * 1. A candidate that cannot be called never wins while one that can exists, unless nothing was called and it passes the user's tests.
 * 2. The order of `candidates` changes nothing; equal input gives an equal decision.
 * 3. With executed calls: ranked by (live, examples passed, the user's tests, agreement score, tie order).
 * 4. With none, or none that loads: those that parse, by the user's tests, then structural likeness, then the size of the model, then tie
 *    order; confidence at most 0.5 without tests.
 * 5. No candidate parses: no winner.
 * 6. Where none can be called the winner is called a solution only if it passes the user's tests.
 */
export function decide(input: DecideInput): Decision {
  const pool = poolOf(input)
  const ranking = rankLive(pool)
  // A sandbox that refused every program has shown nothing: that is no failure of theirs and more of them do not help.
  const wasTried = pool.matrix.some((row) => row.load.kind !== 'not-run')
  const isExecuted = input.matrix !== null && ranking.live.length > 0 && pool.plan.calls.length > 0
  const ranked = isExecuted ? liveContenders(pool, ranking) : []
  const others = structureOrder(pool, new Set(ranked.map((contender) => contender.id)), ranking, input.matrix)
  const all = [...ranked, ...others]
  const [first, second] = all
  const winner = first !== undefined && (isUsable(first, pool.suite) || first.parses) ? first : null
  const examples = { passed: winner?.examplesPassed ?? 0, total: pool.plan.examples.length }
  const answers = pool.contenders.reduce((total, contender) => total + contender.count, 0)
  const tests = pool.suite.find(({ candidate }) => candidate === winner?.id)
  const byTests = tests !== undefined && tests.grade !== 'unverified'
  const stop = readStopRule({
    hasWinner: winner !== null,
    isExecuted,
    examplesPassed: examples.passed,
    examples: examples.total,
    votes: winner?.votes ?? 0,
    answers,
    probes: ranking.table.probes.length,
    tests: testsToPass(pool.suite, tests),
  })
  return {
    method: winner === null ? 'none' : isExecuted ? 'execution-agreement' : byTests ? 'test-suite' : 'structure-medoid',
    notExecuted: isExecuted ? null : whyNotExecuted(pool, ranking, wasTried),
    winner: winner?.id ?? null,
    ranking: all,
    tiesBrokenBy: isExecuted ? tiesUsed(ranking) : winner === null ? [] : structureTies(winner, second, pool.suite),
    examples,
    assertions: { passed: winner?.assertionsPassed ?? 0, total: pool.plan.assertions.length },
    suite: pool.suite.length === 0 ? null : pool.suite,
    agreement: { count: isExecuted ? (winner?.votes ?? 0) : 0, total: answers },
    confidence: capForTests(readConfidence(pool, ranking, winner, isExecuted), tests, isExecuted),
    stop,
    open: openAfter(pool, ranking, stop.isSettled, wasTried, winner),
    abstain: abstention(pool, ranking, winner, wasTried, isExecuted),
    dissent: isExecuted ? dissentingViews(pool, ranking).filter(({ candidate }) => disagrees(pool, ranking, candidate)) : [],
    counterfactuals: isExecuted ? counterfactuals(pool) : [],
    writers: ranking.writers,
    evidence: {
      candidates: pool.contenders.map((contender) => contender.id),
      counts: pool.contenders.map((contender) => contender.count),
      ...describeEvidence(pool, ranking),
      agreement: fullMatrix(pool, ranking),
      similarity: pool.similarity,
    },
  }
}

/** Sorted by id, so that neither arrival nor the order of sums can change a result. */
function poolOf(input: DecideInput): Pool {
  const order = input.candidates.map((_, index) => index)
  const id = (index: number): string => input.candidates[index]?.id ?? ''
  order.sort((a, b) => (id(a) < id(b) ? -1 : id(a) > id(b) ? 1 : 0))
  return {
    contenders: order.map((index) => input.candidates[index]).filter((contender) => contender !== undefined),
    similarity: order.map((i) => order.map((j) => input.similarity[i]?.[j] ?? (i === j ? 1 : 0))),
    plan: input.plan,
    matrix: input.matrix ?? [],
    likeness: input.likeness === undefined ? [] : order.map((index) => input.likeness?.[index] ?? 0),
    suite: (input.suite ?? []).toSorted((a, b) => (a.candidate < b.candidate ? -1 : a.candidate > b.candidate ? 1 : 0)),
  }
}

function liveContenders(pool: Pool, ranking: LiveRanking): RankedContender[] {
  return ranking.order.flatMap((at) => {
    const contender = pool.contenders[ranking.live[at] ?? -1]
    if (contender === undefined) return []
    const { scores } = ranking
    return {
      ...identity(contender),
      isLive: true,
      problem: null,
      examplesPassed: ranking.examplesPassed[at] ?? 0,
      assertionsPassed: ranking.table.assertions[at]?.filter(Boolean).length ?? 0,
      votes: votesOf(pool, ranking, at),
      score: scores.score[at] ?? 0,
      tests: scores.tests[at] ?? 0,
      agreement: scores.votes[at] ?? 0,
      medoid: scores.medoid[at] ?? 0,
      examples: scores.examples[at] ?? 0,
      trust: scores.trust[at] ?? 0,
      penalty: scores.penalty[at] ?? 0,
      likeness: pool.likeness[ranking.live[at] ?? -1] ?? 0,
      modelCount: ranking.ties[at]?.models ?? 0,
    }
  })
}

/** Tests of which nothing is known count for nothing, whoever wins; a winner that alone was not tested has passed none. */
function testsToPass(suite: readonly SuiteFacts[], own: SuiteFacts | undefined): StopFacts['tests'] {
  if (own === undefined) return suite.some(({ grade }) => grade !== 'unverified') ? { passed: 0, total: 0, isGreen: false } : null
  return own.grade === 'unverified' ? null : { passed: own.passed, total: own.total, isGreen: own.isGreen }
}

/** Nobody disagrees who was not compared, or who like the winner gives no result. */
function disagrees({ contenders }: Pool, { live, order, table }: LiveRanking, candidate: string): boolean {
  const at = live.findIndex((index) => contenders[index]?.id === candidate)
  const [own, other] = [table.values[order[0] ?? -1], table.values[at]]
  return table.probes.some((call) => own?.[call] !== other?.[call])
}

function tiesUsed(ranking: LiveRanking): string[] {
  const [first, second] = ranking.order
  if (first === undefined || second === undefined || !areTied(ranking, first, second)) return []
  const [a, b] = [ranking.ties[first], ranking.ties[second]]
  return a === undefined || b === undefined ? [] : tieRulesUsed(a, b)
}

function readConfidence(
  pool: Pool,
  ranking: LiveRanking,
  winner: RankedContender | null,
  isExecuted: boolean,
): Decision['confidence'] {
  if (winner === null) return { value: 0, uncapped: null, caps: [] }
  const others = pool.contenders.filter((contender) => contender.id !== winner.id && contender.parses).length
  if (!isExecuted) return unverifiedConfidence(others === 0 ? null : winner.medoid)
  const at = ranking.live.findIndex((index) => pool.contenders[index]?.id === winner.id)
  const answers = pool.contenders.reduce((total, contender) => total + contender.count, 0)
  const agreeing = ranking.live.reduce(
    (total, index, j) => total + (pool.contenders[index]?.count ?? 0) * (ranking.table.agreement[at]?.[j] ?? 0),
    0,
  )
  const cluster = ranking.clusters.find((members) => members.includes(at)) ?? [at]
  const toPool = (members: readonly number[]): number[] => members.map((member) => ranking.live[member] ?? -1)
  return confidenceOf({
    examples: pool.plan.examples.length === 0 ? null : winner.examplesPassed / pool.plan.examples.length,
    assertions: shareOfBelieved(ranking, at),
    softAgreement: answers <= 1 ? null : agreeing / answers,
    votes: winner.votes,
    // Copies of a program that gives no value somewhere agree with nothing there, whoever wrote them.
    models: winner.votes < 2 ? 1 : modelsOf(toPool(cluster), pool.contenders).size,
  })
}

function openAfter(
  pool: Pool,
  ranking: LiveRanking,
  isSettled: boolean,
  wasTried: boolean,
  winner: RankedContender | null,
): Decision['open'] {
  if (isSettled) return { kind: 'none' }
  // What the tests ran on and is without the function is not broken: as where there is nothing to call, only tests can tell.
  const isBroken = wasTried && ranking.live.length === 0 && winner?.problem !== null
  if (winner === null || isBroken) return wasTried ? openQuestion(pool, ranking) : { kind: 'none' }
  const wasCalled = wasTried && ranking.live.length > 0 && pool.plan.calls.length > 0
  const repairs = suiteRepairs(pool, ranking, winner.id)
  const misses = winner.examplesPassed < pool.plan.examples.length
  if (repairs.length > 0 && !(wasCalled && misses)) return { kind: 'repair', repairs }
  return wasCalled ? openQuestion(pool, ranking) : { kind: 'none' }
}

/** What is not believed says nothing against a winner either. */
function shareOfBelieved({ believed, table }: LiveRanking, at: number): number | null {
  const counted = believed.reduce((total, trust) => total + trust, 0)
  if (counted === 0) return null
  return believed.reduce((total, trust, t) => total + (table.assertions[at]?.[t] ? trust : 0), 0) / counted
}

function whyNotExecuted({ plan, matrix }: Pool, ranking: LiveRanking, wasTried: boolean): string {
  if (plan.entryPoint === null) return 'the task names no function that could be called'
  if (plan.language === null) return 'values of its language cannot be compared'
  if (!wasTried) return 'no program could be run'
  if (ranking.live.length === 0) return whyNoneIsLive(matrix)
  return 'no example, assertion or input was found to run'
}

function abstention(
  pool: Pool,
  ranking: LiveRanking,
  winner: RankedContender | null,
  wasTried: boolean,
  isExecuted: boolean,
): string | null {
  if (winner === null) return pool.contenders.length === 0 ? 'there is no candidate' : 'no candidate parses'
  const tests = pool.suite.find(({ candidate }) => candidate === winner.id)
  if (wasTried && ranking.live.length === 0 && !tests?.isGreen) {
    const why = whyNoneIsLive(pool.matrix)
    return tests === undefined ? why : `${why}, and none is shown to pass the tests that were given`
  }
  if (isExecuted && pool.plan.examples.length > 0 && winner.examplesPassed === 0) return 'no candidate passes any example'
  return null
}

function counterfactuals(pool: Pool): Counterfactual[] {
  const flat = pool.contenders.map((_, i) => pool.contenders.map((__, j) => (i === j ? 1 : 0)))
  const variants: readonly { without: Counterfactual['without']; pool: Pool }[] = [
    { without: 'examples', pool: { ...pool, plan: { ...pool.plan, examples: [] } } },
    { without: 'assertions', pool: { ...pool, plan: { ...pool.plan, assertions: [] } } },
    { without: 'probes', pool: { ...pool, plan: { ...pool.plan, probes: [] } } },
    { without: 'structure', pool: { ...pool, similarity: flat, likeness: [] } },
    ...(pool.suite.length === 0 ? [] : [{ without: 'tests' as const, pool: { ...pool, suite: [] } }]),
  ]
  return variants.map((variant) => {
    const { live, order } = rankLive(variant.pool)
    return { without: variant.without, winner: pool.contenders[live[order[0] ?? -1] ?? -1]?.id ?? null }
  })
}

function fullMatrix(pool: Pool, ranking: LiveRanking): number[][] {
  const at = new Map(ranking.live.map((index, place) => [index, place]))
  return pool.contenders.map((_, i) =>
    pool.contenders.map((__, j) => {
      const [a, b] = [at.get(i), at.get(j)]
      return a === undefined || b === undefined ? 0 : (ranking.table.agreement[a]?.[b] ?? 0)
    }),
  )
}
