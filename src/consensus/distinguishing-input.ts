import type { DistinguishingInput } from './decision.ts'
import { createSeededRandom } from './seeded-random.ts'

/** Two behaviours and what each gave for one call, as text. */
export interface Difference {
  readonly call: string
  readonly results: readonly [string, string]
  /** Both gave a value: neither raised nor timed out. */
  readonly areValues: boolean
  /** Neither the call nor a result is cut: an assertion can be written from what is shown. */
  readonly isWhole: boolean
}

/**
 * Returns the question that tells two groups of candidates apart: the shortest call on which both give a value and the
 * values differ, else the shortest on which they differ at all; null when they do not, or on no call whose results can be shown
 * whole, for nobody can rule on what is cut. The options carry no name and stand in an order drawn from `seed`, so that nobody
 * can tell which group leads.
 */
export function distinguishingInput(
  differences: readonly Difference[],
  groups: readonly [readonly string[], readonly string[]],
  seed: string,
): DistinguishingInput | null {
  const [best] = differences
    .filter(({ isWhole }) => isWhole)
    .toSorted((a, b) => Number(b.areValues) - Number(a.areValues) || a.call.length - b.call.length || (a.call < b.call ? -1 : 1))
  if (best === undefined) return null
  const options = groups.map((candidates, index) => ({ result: best.results[index] ?? '', candidates }))
  return { call: best.call, options: createSeededRandom(`${seed}\n${best.call}`).shuffle(options) }
}
