import type { EvidencePlan } from '../consensus/plan-evidence.ts'
import type { ErrorData } from '../domain/errors.ts'
import type { Phase } from '../domain/event.ts'
import type { AgentId, EffectId, RunId } from '../domain/ids.ts'
import type { Sampling } from '../domain/message.ts'
import type { ModelInfo, ModelKey } from '../domain/model.ts'
import type { Persona } from '../domain/persona.ts'
import type { AgentSpec, RunSpec } from '../domain/run-spec.ts'
import type { StopReason } from '../domain/verdict.ts'
import type { Transcript, TurnView } from '../prompts/build-prompt.ts'
import type { GateResult, ModelAnswer } from './effects.ts'
import type { Judgement } from './judgement.ts'

/** One turn's answer, kept under its agent. */
export interface Answer {
  readonly turn: EffectId
  readonly agent: AgentId
  readonly phase: Phase
  readonly round: number
  readonly answer: ModelAnswer
}

export interface AgentState {
  readonly spec: AgentSpec
  readonly models: readonly ModelKey[]
  readonly contextTokens: number | null
  /** Why it no longer takes part; null while it stands. */
  readonly abstained: ErrorData | null
  /** Logical ms of each restart. */
  readonly restartsMs: readonly number[]
  readonly answers: readonly Answer[]
}

/** A turn of the round that is open: asked, or waiting for the same agent's turn before it. */
export interface RoundOrder {
  readonly agent: AgentId
  readonly phase: Phase
  readonly view: TurnView
  /** Models for this turn alone; absent = the agent's own. */
  readonly models?: readonly ModelKey[]
}

/** What a fork changes. Agents that are not named keep their persona and model. */
export interface RunChange {
  readonly prompt?: string
  readonly rounds?: number
  readonly models?: Readonly<Record<AgentId, string>>
  readonly personas?: Readonly<Record<AgentId, Persona>>
}

export interface RunInput {
  readonly runId: RunId
  readonly spec: RunSpec
}

export interface RunContext {
  readonly runId: RunId
  readonly spec: RunSpec
  readonly task: string
  readonly models: readonly ModelInfo[]
  /** All agent ids, sorted: the canonical order. */
  readonly order: readonly AgentId[]
  /** Keyed by agent, so that nothing depends on who answered first. */
  readonly agents: Readonly<Record<AgentId, AgentState>>
  /** 0 before the first round. */
  readonly round: number
  readonly phase: Phase
  /** Orders of the open round that have not ended; the first of an agent is the one it works on. */
  readonly orders: readonly RoundOrder[]
  /** Everything said in earlier rounds, in canonical order. */
  readonly transcript: Transcript
  /** What the judging under way has so far. */
  readonly gate: GateResult | null
  readonly plan: EvidencePlan | null
  readonly judgement: Judgement | null
  /** Rounds the evidence called for, and rounds of revision the user asked for. */
  readonly escalations: number
  readonly revisions: number
  /** Repairs and questions asked so far; none is asked twice. */
  readonly repairs: readonly string[]
  /** What was known when the last escalation was decided on. */
  readonly knowledge: string
  readonly inputTokens: number
  readonly outputTokens: number
  readonly stopReason: StopReason | null
  readonly detail: string
}

export function createContext(input: RunInput, task: string): RunContext {
  const agents: Record<AgentId, AgentState> = {}
  for (const spec of input.spec.agents) {
    agents[spec.id] = { spec, models: [], contextTokens: null, abstained: null, restartsMs: [], answers: [] }
  }
  return {
    runId: input.runId,
    spec: input.spec,
    task,
    models: [],
    order: Object.keys(agents).sort(),
    agents,
    round: 0,
    phase: 'draft',
    orders: [],
    transcript: null,
    gate: null,
    plan: null,
    judgement: null,
    escalations: 0,
    revisions: 0,
    repairs: [],
    knowledge: '',
    inputTokens: 0,
    outputTokens: 0,
    stopReason: null,
    detail: '',
  }
}

/** Returns the agents that still take part, by id. */
export function standing(context: RunContext): AgentState[] {
  return agentIds(context)
    .map((id) => agentState(context, id))
    .filter((agent) => agent.abstained === null)
}

/** Returns how many agents still take part. */
export function standingCount(context: RunContext): number {
  let count = 0
  for (const id of context.order) if (agentState(context, id).abstained === null) count += 1
  return count
}

/** Returns all agent ids in canonical order. */
export function agentIds(context: RunContext): readonly AgentId[] {
  return context.order
}

export function agentState(context: RunContext, id: AgentId): AgentState {
  const agent = context.agents[id]
  if (agent === undefined) throw new Error(`no agent ${id} in this run`)
  return agent
}

export function withAgent(context: RunContext, id: AgentId, change: Partial<AgentState>): RunContext['agents'] {
  return { ...context.agents, [id]: { ...agentState(context, id), ...change } }
}

/** Returns how many agents must stand for the run to go on. */
export function quorum(spec: RunSpec): number {
  return spec.limits.quorum ?? Math.min(2, spec.agents.length)
}

/** Returns whether too few agents stand for the run to hold another round. */
export function isQuorumLost(context: RunContext): boolean {
  return standingCount(context) < quorum(context.spec)
}

/** Returns how many agents stand and how many must, in words. */
export function quorumWords(context: RunContext): string {
  const { spec } = context
  return `${standingCount(context)} of ${spec.agents.length} agents stand, ${quorum(spec)} are needed`
}

/** Returns the sampling of an agent's turn: the user's overrides, over the persona's, with a seed of its own per turn. */
export function turnSampling(context: RunContext, agent: AgentState): Sampling {
  return { ...agent.spec.persona.sampling, seed: context.spec.seed, ...context.spec.sampling }
}

/** Returns all answers from which a program can be taken, in canonical order. */
export function programAnswers(context: RunContext): Answer[] {
  const answers = agentIds(context).flatMap((id) => agentState(context, id).answers)
  const programs = answers.filter(({ phase }) => phase !== 'write_tests' && phase !== 'arbitrate')
  if (context.spec.protocol !== 'classic') return programs
  // `classic` judges what was finalized; the other protocols judge every program, and revisions join the pool.
  const finals = programs.filter(({ phase }) => phase === 'finalize')
  return finals.length > 0 ? finals : programs
}
