import type { Phase } from '../domain/event.ts'
import type { AgentId } from '../domain/ids.ts'
import { createTranscriptEntry, type Transcript, type TranscriptEntry } from '../prompts/build-prompt.ts'
import { neutraliseControlTokens } from '../prompts/neutralise.ts'
import { strongestFirst } from '../selection/strongest-model.ts'
import type { TurnOrder } from './persona-machine.ts'
import {
  type AgentState,
  type Answer,
  agentIds,
  agentState,
  type RoundOrder,
  type RunContext,
  standing,
  turnSampling,
} from './run-context.ts'

/** Longest silence before the first text, unless the turn's own limit is shorter; slow CPUs read prompts slowly. */
const FIRST_TOKEN_TIMEOUT_MS = 600_000
const IDLE_TIMEOUT_MS = 120_000

/** Returns the turn an agent is asked for. */
export function toTurnOrder(context: RunContext, agent: AgentState, order: RoundOrder): TurnOrder {
  const { limits } = context.spec
  const turnTimeoutMs = (agent.spec.persona.limits.turnTimeoutSeconds ?? limits.turnTimeoutSeconds) * 1000
  return {
    phase: order.phase,
    round: context.round,
    view: order.view,
    models: order.models ?? agent.models,
    contextTokens: agent.contextTokens ?? context.spec.assumedContextTokens,
    sampling: turnSampling(context, agent),
    turnTimeoutMs,
    queueTimeoutMs: limits.queueTimeoutSeconds * 1000,
    firstTokenTimeoutMs: Math.min(FIRST_TOKEN_TIMEOUT_MS, turnTimeoutMs),
    idleTimeoutMs: Math.min(IDLE_TIMEOUT_MS, turnTimeoutMs),
  }
}

/**
 * Returns the first round: every agent that drafts works blind; one agent that can write tests writes them, also blind,
 * preferably one that does nothing else.
 */
export function draftOrders(context: RunContext): RoundOrder[] {
  const agents = standing(context)
  const phase: Phase = context.spec.protocol === 'classic' ? 'propose' : 'draft'
  const orders: RoundOrder[] = drafters(agents).map((agent) => ({
    agent: agent.spec.id,
    phase,
    view: { kind: 'blank' },
  }))
  const writer = context.spec.protocol === 'evidence' ? pickTestWriter(agents) : null
  return writer === null
    ? orders
    : [
        ...orders,
        { agent: writer.spec.id, phase: 'write_tests', view: { kind: 'blank' }, models: strongestFirst(writer, context.models) },
      ]
}

/** Returns the agents that write programs: those with the role, or all where none has it. */
export function drafters(agents: readonly AgentState[]): readonly AgentState[] {
  const drafting = agents.filter((agent) => can(agent, 'draft'))
  return drafting.length > 0 ? drafting : agents
}

function can(agent: AgentState, role: 'draft' | 'write_tests'): boolean {
  return agent.spec.persona.roles.includes(role)
}

function pickTestWriter(agents: readonly AgentState[]): AgentState | null {
  const writers = agents.filter((agent) => can(agent, 'write_tests'))
  return writers.find((agent) => !can(agent, 'draft')) ?? writers[0] ?? null
}

/** Returns a round in which every standing agent reads all that was said so far. */
export function transcriptOrders(context: RunContext, phase: Phase): RoundOrder[] {
  return standing(context).map((agent) => ({
    agent: agent.spec.id,
    phase,
    view: { kind: 'transcript', transcript: context.transcript },
  }))
}

/** Returns the answers of the round that just closed as others will read them, in canonical order. O(answers of the round). */
export function closeTranscript(context: RunContext): Transcript {
  const said = agentIds(context).flatMap((id) => answersOfRound(agentState(context, id).answers, context))
  return { said: said.map(toEntry), before: context.transcript }
}

/** An agent's answers are in the order of rounds, so those of the last round are at the end. */
function answersOfRound(answers: readonly Answer[], { round, phase }: RunContext): Answer[] {
  const found: Answer[] = []
  for (let i = answers.length - 1; i >= 0; i -= 1) {
    const answer = answers[i]
    if (answer === undefined || answer.round !== round) break
    if (answer.phase === phase) found.unshift(answer)
  }
  return found
}

function toEntry(answer: Answer): TranscriptEntry {
  return createTranscriptEntry(answer.turn, answer.agent, answer.phase, answer.round, neutraliseControlTokens(answer.answer.text))
}

/** Returns the orders left when the turn an agent worked on has ended. */
export function withoutFirst(orders: readonly RoundOrder[], agent: AgentId): readonly RoundOrder[] {
  const at = orders.findIndex((order) => order.agent === agent)
  return at < 0 ? orders : orders.toSpliced(at, 1)
}

/** Returns the first order of each agent, in canonical order: what a round begins with. */
export function firstOrders(orders: readonly RoundOrder[]): RoundOrder[] {
  const seen = new Set<AgentId>()
  const first = orders.filter((order) => !seen.has(order.agent) && seen.add(order.agent))
  return first.sort((a, b) => (a.agent < b.agent ? -1 : 1))
}
