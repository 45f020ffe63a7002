import type { Pool } from '../src/consensus/rank-contenders.ts'
import { createSeededRandom } from '../src/consensus/seeded-random.ts'
import { POOLS, type RecordedTask } from './consensus-data.ts'
import type { PoolMaker } from './consensus-pool.ts'
import { scoreOf, type Verdicts } from './consensus-verdicts.ts'

/** One decision to score: a pool of one task in one row of the table. */
export interface BenchCase {
  readonly row: string
  readonly task: string
  readonly pool: Pool
  readonly texts: readonly string[]
  readonly ids: readonly string[]
}

export const SAMPLE_SIZES = [3, 5, 10, 20] as const

/** Returns the cases of one model's samples: each N, with assertions alone and with all evidence. */
export async function sampledCases(tasks: readonly RecordedTask[], maker: PoolMaker): Promise<BenchCase[]> {
  const cases: BenchCase[] = []
  for (const task of tasks) {
    for (const n of SAMPLE_SIZES) {
      const candidates = task.candidates.slice(0, n)
      const about = { task: task.id, texts: candidates.map((each) => each.text), ids: candidates.map((each) => each.id) }
      const bare = await maker.make(task, candidates, task.promptWithoutExamples ?? task.prompt, task.assertions, {
        sources: { examples: false },
      })
      const full = await maker.make(task, candidates, task.prompt, task.assertions)
      cases.push({ ...about, row: `tests N=${n}`, pool: bare }, { ...about, row: `full N=${n}`, pool: full })
    }
  }
  return cases
}

/** Returns the cases of the recorded pools, each with its writer's assertions. */
export async function poolCases(tasks: readonly RecordedTask[], maker: PoolMaker): Promise<BenchCase[]> {
  const cases: BenchCase[] = []
  for (const task of tasks) {
    for (const choice of POOLS) {
      const candidates = task.candidates.filter(choice.takes)
      if (candidates.length === 0) continue
      const written = task.assertions.filter((each) => each.writer === choice.writer)
      const pool = await maker.make(task, candidates, task.prompt, written)
      const [texts, ids] = [candidates.map((each) => each.text), candidates.map((each) => each.id)]
      cases.push({ row: choice.name, task: task.id, pool, texts, ids })
    }
  }
  return cases
}

/** Returns the cases of the small local model: all drafts, and every smaller set of at least two. */
export async function liveCases(tasks: readonly RecordedTask[], maker: PoolMaker): Promise<BenchCase[]> {
  const cases: BenchCase[] = []
  for (const task of tasks) {
    const pool = await maker.make(task, task.candidates, task.prompt, task.assertions)
    const n = task.candidates.length
    const whole: BenchCase = {
      row: 'live',
      task: task.id,
      pool,
      texts: task.candidates.map((each) => each.text),
      ids: task.candidates.map((each) => each.id),
    }
    cases.push(whole)
    for (let bits = 1; bits < 2 ** n - 1; bits += 1) {
      const chosen = task.candidates.map((_, index) => index).filter((index) => (bits >> index) % 2 === 1)
      if (chosen.length >= 2) cases.push(part(whole, chosen, 'live subsets'))
    }
  }
  return cases
}

/** Returns smaller pools drawn from those of `cases` that are larger, named alike: more decisions on the same executions. */
export function drawnCases(cases: readonly BenchCase[], size: number, draws: number): BenchCase[] {
  return cases.flatMap((bench) => {
    const places = bench.ids.map((_, index) => index)
    if (places.length <= size) return []
    const random = createSeededRandom(`${bench.row} ${bench.task}`)
    return Array.from({ length: draws }, () => part(bench, random.shuffle(places).slice(0, size), `${bench.row} of ${size}`))
  })
}

/** Returns the case with the candidates at `chosen` alone. */
function part(bench: BenchCase, chosen: readonly number[], row: string): BenchCase {
  const { pool } = bench
  return {
    row,
    task: bench.task,
    texts: chosen.flatMap((index) => bench.texts[index] ?? []),
    ids: chosen.flatMap((index) => bench.ids[index] ?? []),
    pool: {
      plan: pool.plan,
      contenders: chosen.flatMap((index) => pool.contenders[index] ?? []),
      matrix: chosen.flatMap((index) => pool.matrix[index] ?? []),
      similarity: chosen.map((i) => chosen.map((j) => pool.similarity[i]?.[j] ?? 0)),
      likeness: [],
      suite: [],
    },
  }
}

/** Returns, in percent, how often what `pick` picks in the cases of `row` passes. */
export function percentOf(
  cases: readonly BenchCase[],
  row: string,
  verdicts: Verdicts,
  pick: (bench: BenchCase) => number[],
  isStrict = false,
): number {
  const own = cases.filter((bench) => bench.row === row)
  const total = own.reduce((sum, bench) => {
    const passes = bench.ids.map((id) => (isStrict ? verdicts.passedStrict(bench.task, id) : verdicts.passed(bench.task, id)))
    return sum + scoreOf(pick(bench), passes)
  }, 0)
  return own.length === 0 ? Number.NaN : (100 * total) / own.length
}

/** Returns the best any method could do: the share of pools that hold a passing candidate. */
export function oraclePercent(cases: readonly BenchCase[], row: string, verdicts: Verdicts): number {
  const own = cases.filter((bench) => bench.row === row)
  const solvable = own.filter((bench) => bench.ids.some((id) => verdicts.passed(bench.task, id))).length
  return own.length === 0 ? Number.NaN : (100 * solvable) / own.length
}
