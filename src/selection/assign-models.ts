import type { AgentId } from '../domain/ids.ts'
import { type ModelInfo, type ModelKey, modelKey } from '../domain/model.ts'
import type { AgentSpec } from '../domain/run-spec.ts'

export interface AgentModels {
  readonly agent: AgentId
  /** Models that may answer for the agent, the preferred first; empty when none fits what the user asked for. */
  readonly models: readonly ModelKey[]
  /** Window of the preferred model in tokens; null = unknown. */
  readonly contextTokens: number | null
}

/** Returns whether `name` matches `pattern`, where `*` stands for any run of characters and case is ignored. */
export function matchesPattern(name: string, pattern: string): boolean {
  const parts = pattern.toLowerCase().split('*')
  const subject = name.toLowerCase()
  const first = parts[0] ?? ''
  if (parts.length === 1) return subject === first || subject.split(':')[0] === first
  const last = parts.at(-1) ?? ''
  if (!subject.startsWith(first) || !subject.endsWith(last) || subject.length < first.length + last.length) return false
  let from = first.length
  for (const part of parts.slice(1, -1)) {
    const at = subject.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return from <= subject.length - last.length
}

/**
 * Returns for each agent the models that may answer, in order. One model per agent first, where there are several:
 * different models help more than more samples of one. A model the user named for an agent is its only choice; a
 * persona's preferences come next; then loaded before unloaded, then the order of discovery. Remote entries are left out.
 */
export function assignModels(agents: readonly AgentSpec[], models: readonly ModelInfo[]): AgentModels[] {
  const usable = models.filter((model) => model.isLocal)
  const uses = new Map<ModelKey, number>()
  return agents.map((agent) => {
    const fitting =
      agent.model === null
        ? usable
        : usable.filter((model) => matchesPattern(model.name, agent.model ?? '*') || modelKey(model) === agent.model)
    const ordered = fitting
      .map((model, index) => ({ model, index, wish: wishRank(agent, model), used: uses.get(modelKey(model)) ?? 0 }))
      .sort((a, b) => a.wish - b.wish || a.used - b.used || loadRank(a.model) - loadRank(b.model) || a.index - b.index)
      .map((item) => item.model)
    const preferred = ordered[0]
    if (preferred !== undefined) uses.set(modelKey(preferred), (uses.get(modelKey(preferred)) ?? 0) + 1)
    return { agent: agent.id, models: ordered.map(modelKey), contextTokens: preferred?.contextTokens ?? null }
  })
}

function wishRank(agent: AgentSpec, model: ModelInfo): number {
  const at = agent.persona.models.findIndex((pattern) => matchesPattern(model.name, pattern))
  return at < 0 ? agent.persona.models.length : at
}

function loadRank(model: ModelInfo): number {
  return model.isLoaded === true ? 0 : 1
}

/** Returns the same models with the first `failures` moved to the end: a restart goes to the next model. */
export function rotateModels(models: readonly ModelKey[], failures: number): readonly ModelKey[] {
  if (models.length === 0) return models
  const at = failures % models.length
  return [...models.slice(at), ...models.slice(0, at)]
}
