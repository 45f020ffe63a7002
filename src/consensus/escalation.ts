import type { DissentingView, OpenQuestion, Repair } from './decision.ts'
import { areShownWhole, outcomeOf, printCall, printMiss, printOutcomesApart } from './describe-evidence.ts'
import { type Difference, distinguishingInput } from './distinguishing-input.ts'
import { loadProblem } from './execution-matrix.ts'
import type { LiveRanking, Pool } from './rank-contenders.ts'

/**
 * Returns what to do about an open matter: (i) an example fails: one repair for each group of candidates, with the
 * failing call, what was expected and what came; (ii) groups disagree: one input on which the two leading ones differ;
 * (iii) else one more candidate, from a model not used yet.
 */
export function openQuestion(pool: Pool, ranking: LiveRanking): OpenQuestion {
  const [winner] = ranking.order
  if (winner === undefined) {
    const repairs = loadRepairs(pool)
    return repairs.length > 0 ? { kind: 'repair', repairs } : anotherModel(pool)
  }
  const failing = (ranking.examplesPassed[winner] ?? 0) < pool.plan.examples.length
  if (failing) return { kind: 'repair', repairs: exampleRepairs(pool, ranking) }
  const question = leadingDifference(pool, ranking, winner)
  return question === null ? anotherModel(pool) : { kind: 'distinguish', question }
}

function anotherModel(pool: Pool): OpenQuestion {
  return { kind: 'another-model', usedModels: [...new Set(pool.contenders.flatMap((contender) => contender.models))].sort() }
}

function loadRepairs(pool: Pool): Repair[] {
  return pool.contenders.flatMap((contender) => {
    const load = pool.matrix.find((row) => row.candidate === contender.id)?.load
    const problem = load === undefined || load.kind === 'not-run' ? null : loadProblem(load)
    return problem === null || !contender.parses ? [] : [{ candidate: contender.id, call: null, expected: null, actual: problem }]
  })
}

function exampleRepairs(pool: Pool, ranking: LiveRanking): Repair[] {
  const { plan } = pool
  const seen = new Set<number>()
  const repairs: Repair[] = []
  for (const index of ranking.order) {
    const cluster = ranking.clusters.findIndex((members) => members.includes(index))
    const failed = plan.examples.findIndex((_, at) => !ranking.table.examples[index]?.[at])
    const check = plan.examples[failed]
    const call = check === undefined ? undefined : plan.calls[check.call]
    const id = pool.contenders[ranking.live[index] ?? -1]?.id
    if (seen.has(cluster) || check === undefined || call === undefined || id === undefined || plan.language === null) continue
    seen.add(cluster)
    repairs.push({
      candidate: id,
      call: printCall(call, plan.language),
      ...printMiss(check.expected, outcomeOf(pool, id, check.call), plan.language),
    })
  }
  return repairs
}

/**
 * Returns one repair for each group of behaviour whose best member fails the user's tests, with the first test it fails; none when the
 * winner passes them, or when nothing can be told from them.
 */
export function suiteRepairs(pool: Pool, ranking: LiveRanking, winner: string): Repair[] {
  const own = pool.suite.find(({ candidate }) => candidate === winner)
  if (own === undefined || own.isGreen || own.grade === 'unverified') return []
  const place = (id: string): number => ranking.live.findIndex((index) => pool.contenders[index]?.id === id)
  const seen = new Set<string>()
  return [own, ...pool.suite.filter((each) => each !== own)].flatMap((facts): Repair[] => {
    const at = place(facts.candidate)
    const cluster = at < 0 ? facts.candidate : String(ranking.clusters.findIndex((members) => members.includes(at)))
    if (facts.isGreen || facts.failure === null || seen.has(cluster)) return []
    seen.add(cluster)
    const { test, message } = facts.failure
    return [
      {
        candidate: facts.candidate,
        call: `the test ${test}`,
        expected: 'it passes',
        actual: message || 'it gives no message',
        isTest: true,
      },
    ]
  })
}

/** The runner-up is the best candidate outside the winner's group that passes as many examples. */
function leadingDifference(pool: Pool, ranking: LiveRanking, winner: number): ReturnType<typeof distinguishingInput> {
  const home = ranking.clusters.find((members) => members.includes(winner)) ?? [winner]
  const rival = ranking.order.find(
    (index) => !home.includes(index) && ranking.examplesPassed[index] === ranking.examplesPassed[winner],
  )
  if (rival === undefined) return null
  const away = ranking.clusters.find((members) => members.includes(rival)) ?? [rival]
  const names = (members: readonly number[]): string[] =>
    members.map((index) => pool.contenders[ranking.live[index] ?? -1]?.id ?? '')
  return distinguishingInput(differencesOf(pool, ranking, winner, rival), [names(home), names(away)], pool.plan.seed)
}

/**
 * The compared calls for which two candidates give other values. What texts look like when they are clipped decides nothing; left out
 * is only what source text cannot tell apart, because nobody could be asked about it.
 */
function differencesOf(pool: Pool, ranking: LiveRanking, a: number, b: number): Difference[] {
  const { plan } = pool
  const [left, right] = [a, b].map((index) => pool.contenders[ranking.live[index] ?? -1]?.id ?? '')
  if (plan.language === null || left === undefined || right === undefined) return []
  const { language } = plan
  return ranking.table.probes.flatMap((call) => {
    const [first, second] = [ranking.table.values[a]?.[call] ?? null, ranking.table.values[b]?.[call] ?? null]
    const asked = plan.calls[call]
    if (first === second || asked === undefined) return []
    const outcomes = [outcomeOf(pool, left, call), outcomeOf(pool, right, call)]
    const [ours = '', theirs = ''] = printOutcomesApart(outcomes, language)
    const areValues = first !== null && second !== null
    const isWhole = areShownWhole(asked, outcomes, language)
    return ours === theirs ? [] : [{ call: printCall(asked, language), results: [ours, theirs], areValues, isWhole }]
  })
}

/** Returns the best candidate of every other group of behaviour, best first, with one call on which it differs. */
export function dissentingViews(pool: Pool, ranking: LiveRanking): DissentingView[] {
  const [winner] = ranking.order
  if (winner === undefined) return []
  const seen = new Set([ranking.clusters.findIndex((members) => members.includes(winner))])
  const views: DissentingView[] = []
  for (const index of ranking.order) {
    const cluster = ranking.clusters.findIndex((members) => members.includes(index))
    const contender = pool.contenders[ranking.live[index] ?? -1]
    if (seen.has(cluster) || contender === undefined) continue
    seen.add(cluster)
    const [difference] = differencesOf(pool, ranking, winner, index).toSorted((a, b) => a.call.length - b.call.length)
    views.push({
      candidate: contender.id,
      agent: contender.agent,
      votes: votesOf(pool, ranking, index),
      examplesPassed: ranking.examplesPassed[index] ?? 0,
      call: difference?.call ?? null,
      winnerGave: difference?.results[0] ?? null,
      gave: difference?.results[1] ?? null,
    })
  }
  return views
}

/**
 * Returns how many answers agree with live candidate `index` on every compared call, its own included. Where it gives no value on one
 * of them it agrees with nothing there: answers with its very text are no more votes.
 */
export function votesOf(pool: Pool, ranking: LiveRanking, index: number): number {
  if (ranking.table.agreement[index]?.[index] !== 1) return 1
  const own = pool.contenders[ranking.live[index] ?? -1]?.count ?? 0
  const members = ranking.clusters.find((cluster) => cluster.includes(index)) ?? [index]
  return members
    .filter((member) => member !== index)
    .reduce((total, member) => total + (pool.contenders[ranking.live[member] ?? -1]?.count ?? 0), own)
}
