import { CODE_BLEU_DEFAULTS } from '../src/consensus/code-bleu-settings.ts'
import { poolLikeness } from '../src/consensus/pool-likeness.ts'
import { createSeededRandom } from '../src/consensus/seeded-random.ts'
import { POOLS, type RecordedTask } from './consensus-data.ts'
import type { BenchPool, PoolMaker } from './consensus-pool.ts'

/** One decision to score: a pool of one task in one row of the table. */
export interface BenchCase {
  readonly row: string
  readonly task: string
  readonly pool: BenchPool
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

/** Returns the cases of the small local model: all drafts, one a method, and every smaller set of at least two. */
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
    const methods = task.candidates.flatMap(({ id }, index) => (id === 'resample' ? [] : [index]))
    cases.push(part(whole, methods, 'live methods'))
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
  const programs = chosen.flatMap((index) => pool.programs[index] ?? [])
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
      programs,
      likeness: poolLikeness(programs, CODE_BLEU_DEFAULTS.weights) ?? [],
      suite: [],
    },
  }
}
