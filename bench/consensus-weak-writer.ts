/** Does a weak test writer spoil the pick, and does a good one still help? And is the rule more than luck? */
import { tabulateEvidence } from '../src/consensus/evidence-table.ts'
import type { ReliabilityRule } from '../src/consensus/writer-reliability.ts'
import { RELIABILITY_RULE } from '../src/consensus/writer-reliability.ts'
import type { BenchCase } from './consensus-cases.ts'
import { ourPick, withoutAssertions } from './consensus-pool.ts'
import { percentOf } from './consensus-score.ts'
import type { Verdicts } from './consensus-verdicts.ts'

/** A rule that never distrusts anybody. */
const NO_RULE: ReliabilityRule = {
  leastRight: 0,
  contradicting: Number.POSITIVE_INFINITY,
  alike: Number.POSITIVE_INFINITY,
}
/** Most trusting first: of rules that score alike, the first is chosen. */
const GRID: readonly ReliabilityRule[] = [0, 0.4, 0.5, 0.6, 0.75].flatMap((leastRight) =>
  [Number.POSITIVE_INFINITY, 4, 3, 2].flatMap((contradicting) =>
    [Number.POSITIVE_INFINITY, 3, 2].map((alike) => ({ leastRight, contradicting, alike })),
  ),
)

export interface WriterFigures {
  readonly row: string
  readonly without: number
  readonly trusting: number
  readonly ours: number
  /** Tasks the writer could turn: missed without it, and a right program differs from the one picked in what it passes of what was written. */
  readonly room: number
}

/** Returns for a row: examples and probes alone, with assertions believed blindly, with our rule. */
export function writerFigures(cases: readonly BenchCase[], row: string, verdicts: Verdicts): WriterFigures {
  return {
    row,
    without: percentOf(cases, row, verdicts, (bench) => ourPick(withoutAssertions(bench.pool))),
    trusting: percentOf(cases, row, verdicts, (bench) => ourPick(bench.pool, NO_RULE)),
    ours: percentOf(cases, row, verdicts, (bench) => ourPick(bench.pool)),
    room: cases.filter((bench) => bench.row === row && canTurn(bench, verdicts)).length,
  }
}

function canTurn({ pool, task, ids }: BenchCase, verdicts: Verdicts): boolean {
  const picked = ourPick(withoutAssertions(pool))
  if (picked.every((index) => verdicts.passed(task, ids[index] ?? ''))) return false
  const { examples, assertions, isLive } = tabulateEvidence(ids, pool.plan, pool.matrix)
  const passed = (rows: readonly (readonly boolean[])[], index: number): string => JSON.stringify(rows[index])
  return ids.some(
    (id, index) =>
      isLive[index] === true &&
      verdicts.passed(task, id) &&
      picked.some(
        (at) => passed(examples, at) === passed(examples, index) && passed(assertions, at) !== passed(assertions, index),
      ),
  )
}

/** One half of the tasks, scored with the rule chosen on the other half, with the shipped rule, and with none. */
export interface SplitFigures {
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
 * Chooses the rule on one half of the tasks (every other one) and scores it on the other, both ways: one entry per half
 * scored. Each row counts alike; `sets` are scored together.
 */
export function splitHalves(sets: readonly Judged[]): SplitFigures[] {
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
  return halves.map((train, index) => {
    const test = halves[1 - index] ?? train
    const [best] = GRID.map((rule) => ({ rule, score: meanOn(train, rule) })).toSorted((a, b) => b.score - a.score)
    return {
      chosen: meanOn(test, best?.rule ?? RELIABILITY_RULE),
      shipped: meanOn(test, RELIABILITY_RULE),
      none: meanOn(test, NO_RULE),
    }
  })
}
