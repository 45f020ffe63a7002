import type { ModelKey } from '../domain/model.ts'

/** A turn waiting for a slot. */
export interface WaitingTurn {
  readonly agent: string
  readonly round: number
  /** The model it would go to now. */
  readonly model: ModelKey
  /** Order of arrival, from 0. */
  readonly arrived: number
}

/**
 * Returns the waiting turns in the order they should be served: turns of the models at work first, so that no model is
 * swapped out that is still wanted; then by model, in a direction that alternates each round (a snake: the last model of
 * a round is the first of the next, which loads the fewest); within a model by agent id, which keeps prompt prefixes
 * warm. Earlier rounds come before later ones. Deterministic.
 */
export function orderTurns<T extends WaitingTurn>(turns: readonly T[], atWork: ReadonlySet<ModelKey>): T[] {
  return [...turns].sort(
    (a, b) =>
      Number(atWork.has(b.model)) - Number(atWork.has(a.model)) ||
      a.round - b.round ||
      byModel(a, b) ||
      (a.agent < b.agent ? -1 : a.agent > b.agent ? 1 : a.arrived - b.arrived),
  )
}

function byModel(a: WaitingTurn, b: WaitingTurn): number {
  if (a.model === b.model) return 0
  const forward = a.model < b.model ? -1 : 1
  return a.round % 2 === 1 ? forward : -forward
}
