/** Does a weak test writer spoil the pick, and does a good one still help? And is the rule more than luck? */
import type { ReliabilityRule } from '../src/consensus/writer-reliability.ts'
import { RELIABILITY_RULE } from '../src/consensus/writer-reliability.ts'
import { type BenchCase, percentOf } from './consensus-cases.ts'
import { ourPick, withoutAssertions } from './consensus-pool.ts'
import type { Verdicts } from './consensus-verdicts.ts'

/** A rule that never distrusts anybody. */
const NO_RULE: ReliabilityRule = { leastRight: 0, contradicting: Number.POSITIVE_INFINITY }
const GRID: readonly ReliabilityRule[] = [0, 0.4, 0.5, 0.6, 0.75].flatMap((leastRight) =>
  [2, 3, 4, Number.POSITIVE_INFINITY].map((contradicting) => ({ leastRight, contradicting })),
)

export interface WriterFigures {
  readonly row: string
  readonly without: number
  readonly trusting: number
  readonly ours: number
}

/** Returns for a row: examples and probes alone, with assertions believed blindly, with our rule. */
export function writerFigures(cases: readonly BenchCase[], row: string, verdicts: Verdicts): WriterFigures {
  return {
    row,
    without: percentOf(cases, row, verdicts, (bench) => ourPick(withoutAssertions(bench.pool))),
    trusting: percentOf(cases, row, verdicts, (bench) => ourPick(bench.pool, NO_RULE)),
    ours: percentOf(cases, row, verdicts, (bench) => ourPick(bench.pool)),
  }
}

export interface SplitFigures {
  /** Mean over both halves: the rule chosen on the other half, the shipped rule, no rule. */
  readonly chosen: number
  readonly shipped: number
  readonly none: number
}

/** A set of cases with its own verdicts. */
export interface Judged {
  readonly cases: readonly BenchCase[]
  readonly rows: readonly string[]
  readonly verdicts: Verdicts
}

/**
 * Chooses the rule on one half of the tasks (every other one) and scores it on the other, both ways; each row counts
 * alike. `sets` are scored together.
 */
export function splitHalves(sets: readonly Judged[]): SplitFigures {
  const tasks = [...new Set(sets.flatMap((set) => set.cases.map((bench) => bench.task)))]
  const halves = [0, 1].map((half) => new Set(tasks.filter((_, index) => index % 2 === half)))
  const meanOn = (half: ReadonlySet<string>, rule: ReliabilityRule): number => {
    const scores = sets.flatMap(({ cases, rows, verdicts }) => {
      const own = cases.filter((bench) => half.has(bench.task))
      return rows.map((row) => percentOf(own, row, verdicts, (bench) => ourPick(bench.pool, rule)))
    })
    const known = scores.filter((score) => !Number.isNaN(score))
    return known.reduce((total, score) => total + score, 0) / known.length
  }
  const figures = halves.map((train, index) => {
    const test = halves[1 - index] ?? train
    const [best] = GRID.map((rule) => ({ rule, score: meanOn(train, rule) })).toSorted((a, b) => b.score - a.score)
    return {
      chosen: meanOn(test, best?.rule ?? RELIABILITY_RULE),
      shipped: meanOn(test, RELIABILITY_RULE),
      none: meanOn(test, NO_RULE),
    }
  })
  const mean = (key: keyof SplitFigures): number => figures.reduce((total, each) => total + each[key], 0) / figures.length
  return { chosen: mean('chosen'), shipped: mean('shipped'), none: mean('none') }
}
