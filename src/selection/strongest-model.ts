import { type ModelInfo, type ModelKey, modelKey } from '../domain/model.ts'

/** Who chooses among models: an agent of a run. */
interface Choosing {
  readonly models: readonly ModelKey[]
  readonly spec: { readonly model: string | null; readonly persona: { readonly models: readonly string[] } }
}

/** Returns a model's size in billions of parameters, as its server tells it or its name does (`1.8B`, `qwen2.5-coder:7b`); 0 = unknown. */
export function strengthOf(key: ModelKey, models: readonly ModelInfo[]): number {
  const info = models.find((model) => modelKey(model) === key)
  const told =
    /(\d+(?:\.\d+)?)\s*([BM])\b/i.exec(info?.parameterSize ?? '') ??
    /(?:^|[-:_x])(\d+(?:\.\d+)?)([bm])(?![a-z])/i.exec(info?.name ?? key)
  if (told === null) return 0
  return Number(told[1]) / (told[2]?.toLowerCase() === 'm' ? 1000 : 1)
}

/**
 * Returns an agent's models with the strongest first: tests and judgements are worth most from the best model there is. Where the
 * user or the persona names a model, the order stays.
 */
export function strongestFirst({ models, spec }: Choosing, known: readonly ModelInfo[]): readonly ModelKey[] {
  if (spec.model !== null || spec.persona.models.length > 0) return models
  return models
    .map((model, index) => ({ model, index, strength: strengthOf(model, known) }))
    .sort((a, b) => b.strength - a.strength || a.index - b.index)
    .map(({ model }) => model)
}

/**
 * Returns the agent that `strongestFirst` gives the strongest model; among equals the first in the given order, and null of none. A
 * model of unknown size counts as the weakest.
 */
export function strongestAgent<T extends Choosing>(agents: readonly T[], known: readonly ModelInfo[]): T | null {
  const strength = (agent: T): number => {
    const [first] = strongestFirst(agent, known)
    return first === undefined ? -1 : strengthOf(first, known)
  }
  const [best] = agents.toSorted((a, b) => strength(b) - strength(a))
  return best ?? null
}
