/** Scores what was picked against the hidden verdicts. Nothing that picks imports this file or the verdicts. */
import type { BenchCase } from './consensus-cases.ts'
import { scoreOf, type Verdicts } from './consensus-verdicts.ts'

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
