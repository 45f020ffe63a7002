import { SELECTOR_SCHEMA_VERSION, type SelectorDecision } from '../domain/artifacts.ts'
import type { AgentSpec } from '../domain/run-spec.ts'
import { matchesPattern } from '../selection/assign-models.ts'
import { modelInfo, type RunFacts } from './run-facts.ts'

/** Returns which models a run was given and why: what `assignModels` did, in the file's words. No model is scored today. */
export function renderSelectorDecision(facts: RunFacts): SelectorDecision {
  const { context, config } = facts
  const { spec } = context
  const agents = spec.agents.map(({ id }) => ({ id, models: context.agents[id]?.models ?? [] }))
  const [chosen = null, ...fallbacks] = agents[0]?.models ?? []
  const first = spec.agents[0] === undefined ? undefined : (context.agents[spec.agents[0].id]?.spec ?? spec.agents[0])
  return {
    selector_schema_version: SELECTOR_SCHEMA_VERSION,
    run_id: facts.runId,
    policy: config.selectorPolicy,
    scores: {},
    chosen,
    fallbacks,
    sampling: { temperature: spec.sampling.temperature ?? null, top_p: spec.sampling.topP ?? null },
    why: { ...whyOf(facts, chosen, first), policy: null, top_candidates: [] },
    agents,
  }
}

function whyOf(
  { context, config }: RunFacts,
  chosen: string | null,
  agent: AgentSpec | undefined,
): Pick<SelectorDecision['why'], 'reason' | 'forced_value'> {
  if (chosen === null) return { reason: 'no_model', forced_value: null }
  if (agent?.model != null) return { reason: 'forced_by_user', forced_value: agent.model }
  if (config.strictModel && config.forceModel !== null) return { reason: 'forced_by_user', forced_value: config.forceModel }
  if (context.models.filter(({ isLocal }) => isLocal).length === 1) return { reason: 'only_model', forced_value: null }
  const name = modelInfo(context, chosen)?.name ?? chosen
  const isPreferred = agent?.persona.models.some((pattern) => matchesPattern(name, pattern)) ?? false
  return { reason: isPreferred ? 'persona_preference' : 'discovery_order', forced_value: null }
}
