import type { AgentId } from '../domain/ids.ts'
import type { RunSpec } from '../domain/run-spec.ts'
import { neutraliseControlTokens } from '../prompts/neutralise.ts'
import { assignModels } from '../selection/assign-models.ts'
import { taskText } from './judging.ts'
import { agentState, type RunChange, type RunContext } from './run-context.ts'

export interface Overridden {
  readonly context: Pick<RunContext, 'spec' | 'task' | 'agents'>
  /** Agents whose prompts or models differ from here on: their open turns are asked anew. */
  readonly changed: readonly AgentId[]
}

/** Returns the run as a fork changes it. What was said before stays; what is asked from here on follows the change. */
export function applyChange(context: RunContext, change: RunChange): Overridden {
  const spec: RunSpec = {
    ...context.spec,
    prompt: change.prompt ?? context.spec.prompt,
    rounds: change.rounds ?? context.spec.rounds,
    agents: context.spec.agents.map((agent) => ({
      ...agent,
      model: change.models?.[agent.id] ?? agent.model,
      persona: change.personas?.[agent.id] ?? agent.persona,
    })),
  }
  const assigned = new Map(assignModels(spec.agents, context.models).map((each) => [each.agent, each]))
  const changed: AgentId[] = []
  const agents: Record<AgentId, ReturnType<typeof agentState>> = {}
  for (const agent of spec.agents) {
    const before = agentState(context, agent.id)
    const models = change.models?.[agent.id] === undefined ? before.models : (assigned.get(agent.id)?.models ?? [])
    const contextTokens =
      change.models?.[agent.id] === undefined ? before.contextTokens : (assigned.get(agent.id)?.contextTokens ?? null)
    agents[agent.id] = { ...before, spec: agent, models, contextTokens }
    const isChanged =
      change.prompt !== undefined || change.models?.[agent.id] !== undefined || change.personas?.[agent.id] !== undefined
    if (isChanged) changed.push(agent.id)
  }
  return { context: { spec, task: neutraliseControlTokens(taskText(spec)), agents }, changed: changed.sort() }
}
