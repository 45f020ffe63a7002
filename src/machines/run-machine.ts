import { assign, emit, enqueueActions, setup } from 'xstate'
import type { ErrorData } from '../domain/errors.ts'
import type { Phase, RunEventBody } from '../domain/event.ts'
import type { AgentId } from '../domain/ids.ts'
import type { Outcome, StopReason } from '../domain/verdict.ts'
import { neutraliseControlTokens } from '../prompts/neutralise.ts'
import { assignModels, rotateModels } from '../selection/assign-models.ts'
import { decideRestart } from '../selection/restart-policy.ts'
import { type ExecuteRequest, type ExecuteResult, executeEffect, gateEffect, gatherEffect } from './effects.ts'
import { knowledgeOf, nextEscalation } from './escalation.ts'
import {
  describeEvidence,
  describeGate,
  type Judgement,
  judge,
  NO_VERDICT,
  planFor,
  toExecuteRequest,
  toGateRequest,
} from './judging.ts'
import { type AgentReport, personaMachine, type TurnOrder } from './persona-machine.ts'
import {
  agentState,
  createContext,
  programAnswers,
  quorum,
  type RoundOrder,
  type RunContext,
  type RunInput,
  standing,
  withAgent,
} from './run-context.ts'
import { closeTranscript, draftOrders, firstOrders, nextOrders, toTurnOrder, transcriptOrders } from './run-rounds.ts'

/*
 * The supervisor. It owns the agents, the rounds, the limits and the verdict. Invariants:
 * 1. A round closes only when each of its turns has been answered, failed for good, or been cancelled.
 * 2. What agents wrote is kept by agent and read in canonical order: arrival decides nothing.
 * 3. A transport failure restarts an agent within its policy; a defect in an agent's own code never does.
 * 4. Every final state has a stop reason, and `run.completed` is emitted exactly once, last.
 * 5. No error text becomes an answer.
 */

type RunMachineEvent =
  | AgentReport
  | { readonly type: 'cmd.cancel'; readonly reason: StopReason; readonly detail: string }
  | { readonly type: 'time.up' }

export interface RunOutput {
  readonly outcome: Outcome
  readonly context: RunContext
}

/** An error event of a child, whose type carries the child's id. */
interface ChildError {
  readonly type: string
  readonly error: unknown
}

const CHILD_ERROR = 'xstate.error.actor.'

function completed(context: RunContext, outcome: Outcome): RunEventBody {
  return {
    type: 'run.completed',
    runId: context.runId,
    outcome,
    stopReason: context.stopReason ?? 'internal-error',
    detail: context.detail,
    winner: context.judgement?.verdict.winner ?? null,
    grade: context.judgement?.verdict.grade ?? 'unverified',
    inputTokens: context.inputTokens,
    outputTokens: context.outputTokens,
    digest: '',
  }
}

function isRoundClosed(context: RunContext): boolean {
  return context.orders.length === 0
}

function isQuorumLost(context: RunContext): boolean {
  return standing(context).length < quorum(context.spec)
}

function isOverBudget(context: RunContext): boolean {
  const budget = context.spec.limits.budgetTokens
  return context.stopReason === 'token-budget' || (budget !== null && context.inputTokens + context.outputTokens >= budget)
}

/** Rounds held after the first. */
function debatesHeld(context: RunContext): number {
  return Math.max(0, context.round - 1)
}

/** What changes when an agent takes no further part: its open turns no longer hold the round up. */
function abstention(context: RunContext, agent: AgentId, error: ErrorData): Pick<RunContext, 'agents' | 'orders'> {
  return {
    agents: withAgent(context, agent, { abstained: error }),
    orders: context.orders.filter((order) => order.agent !== agent),
  }
}

function noConsensusReason({ judgement }: RunContext): StopReason {
  if (judgement === null || judgement.gate.candidates.length === 0) return 'no-candidate'
  return judgement.decision.winner === null ? 'nothing-parses' : 'not-solved'
}

interface RoundEnqueue {
  assign(change: Pick<RunContext, 'round' | 'phase' | 'orders'>): void
  emit(event: RunEventBody): void
  sendTo(agent: AgentId, event: { readonly type: 'turn.begin'; readonly order: TurnOrder }): void
}

/** Opens a round: remembers its orders and sends each agent its first. */
function openRound(context: RunContext, enqueue: RoundEnqueue, phase: Phase, orders: readonly RoundOrder[]): void {
  const round = context.round + 1
  const opened = { ...context, round, phase, orders }
  enqueue.assign({ round, phase, orders })
  const first = firstOrders(orders)
  enqueue.emit({ type: 'round.started', round, phase, agents: first.map((order) => order.agent) })
  for (const order of first) {
    enqueue.sendTo(order.agent, { type: 'turn.begin', order: toTurnOrder(opened, agentState(opened, order.agent), order) })
  }
}

function judged(context: RunContext, execution: ExecuteResult | null): Judgement | null {
  return context.gate === null || context.plan === null ? null : judge(context.gate, context.plan, execution)
}

function executionOf(context: RunContext): ExecuteRequest {
  const request = context.gate === null || context.plan === null ? null : toExecuteRequest(context.gate, context.plan)
  if (request === null) throw new Error('there is nothing to execute')
  return request
}

/** The inside of a state in which agents take turns: open until every turn has ended, then closed and on to `after`. */
function roundStates<const TAfter>(after: TAfter) {
  return {
    initial: 'open',
    states: {
      open: {
        on: { 'agent.answered': { actions: 'keepAnswer' }, 'agent.failed': { actions: 'superviseFailure' } },
        always: [
          { guard: 'quorumLost', target: '#run.losing' },
          { guard: 'overBudget', target: '#run.spent' },
          { guard: 'roundClosed', target: 'closed' },
        ],
      },
      closed: { entry: 'closeRound', always: after },
    },
    on: { 'time.up': { target: '#run.spent', actions: 'timeUp' } },
  } as const
}

export const runMachine = setup({
  types: {} as {
    context: RunContext
    events: RunMachineEvent
    input: RunInput
    output: RunOutput
    emitted: RunEventBody
    children: Record<string, 'persona' | 'gather' | 'gate' | 'execute'>
  },
  actors: { persona: personaMachine, gather: gatherEffect, gate: gateEffect, execute: executeEffect },
  guards: {
    roundClosed: ({ context }) => isRoundClosed(context),
    quorumLost: ({ context }) => isQuorumLost(context),
    overBudget: ({ context }) => isOverBudget(context),
    hasAnswers: ({ context }) => programAnswers(context).length > 0,
    hasCalls: ({ context }) =>
      context.gate !== null && context.plan !== null && toExecuteRequest(context.gate, context.plan) !== null,
    isClassic: ({ context }) => context.spec.protocol === 'classic',
    isRebuttalDue: ({ context }) => context.spec.protocol === 'classic' && debatesHeld(context) < context.spec.rounds,
  },
  actions: {
    propose: enqueueActions(({ context, enqueue }) => {
      openRound(context, enqueue, context.spec.protocol === 'classic' ? 'propose' : 'draft', draftOrders(context))
    }),
    finalize: enqueueActions(({ context, enqueue }) => {
      openRound(context, enqueue, 'finalize', transcriptOrders(context, 'finalize'))
    }),
    closeRound: enqueueActions(({ context, enqueue }) => {
      enqueue.emit({
        type: 'round.completed',
        round: context.round,
        phase: context.phase,
        standing: standing(context).map((agent) => agent.spec.id),
      })
      enqueue.assign({ transcript: closeTranscript(context) })
    }),
    keepAnswer: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'agent.answered') return
      const agent = agentState(context, event.agent)
      const { usage } = event.answer
      const answers = [
        ...agent.answers,
        { turn: event.turn, agent: event.agent, phase: event.phase, round: event.round, answer: event.answer },
      ]
      const { orders, next } = nextOrders(context.orders, event.agent)
      enqueue.assign({
        agents: withAgent(context, event.agent, { answers }),
        inputTokens: context.inputTokens + (usage.inputTokens ?? 0),
        outputTokens: context.outputTokens + (usage.outputTokens ?? 0),
        orders,
      })
      if (next !== null) enqueue.sendTo(event.agent, { type: 'turn.begin', order: toTurnOrder(context, agent, next) })
    }),
    superviseFailure: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'agent.failed') return
      const agent = agentState(context, event.agent)
      const decision = decideRestart(agent.spec.persona.restart, event.error.retryable, agent.restartsMs, event.at)
      const { code, message } = event.error
      enqueue.emit({
        type: 'turn.failed',
        agent: event.agent,
        turn: event.turn,
        code,
        message,
        retryInMs: decision.isRestart ? decision.delayMs : null,
      })
      if (decision.isRestart) {
        enqueue.assign({ agents: withAgent(context, event.agent, { restartsMs: [...agent.restartsMs, event.at] }) })
        enqueue.sendTo(event.agent, {
          type: 'turn.retry',
          delayMs: decision.delayMs,
          models: rotateModels(agent.models, event.failures),
        })
        return
      }
      enqueue.sendTo(event.agent, { type: 'turn.abandon' })
      enqueue.emit({ type: 'agent.abstained', agent: event.agent, code, reason: `${message} (${decision.why})` })
      enqueue.assign(abstention(context, event.agent, event.error))
    }),
    /** An agent whose own code threw is stopped and never restarted: replayed, it would throw again. */
    stopBroken: enqueueActions(({ context, event, enqueue }) => {
      const { type, error } = event as unknown as ChildError
      const agent = type.slice(CHILD_ERROR.length)
      if (context.agents[agent] === undefined) return
      const message = error instanceof Error ? error.message : String(error)
      enqueue.stopChild(agent)
      enqueue.emit({ type: 'agent.abstained', agent, code: 'PERSONA_DEFECT', reason: message })
      enqueue.assign(abstention(context, agent, { code: 'PERSONA_DEFECT', message, retryable: false }))
    }),
    cancelTurns: enqueueActions(({ context, enqueue }) => {
      for (const order of firstOrders(context.orders)) enqueue.sendTo(order.agent, { type: 'turn.cancel' })
      enqueue.assign({ orders: [] })
    }),
    /** Opens the round the evidence calls for, or the next rebuttal. */
    escalate: enqueueActions(({ context, enqueue }) => {
      if (context.spec.protocol === 'classic') {
        openRound(context, enqueue, 'rebut', transcriptOrders(context, 'rebut'))
        return
      }
      const next = nextEscalation(context)
      if (next === null || context.judgement === null) return
      enqueue.emit({ type: 'debate.opened', round: context.round + 1, kind: next.kind, why: next.why })
      enqueue.assign(
        next.kind === 'asked'
          ? { revisions: context.revisions + 1 }
          : { escalations: context.escalations + 1, knowledge: knowledgeOf(context.judgement) },
      )
      openRound(context, enqueue, next.orders[0]?.phase ?? 'revise', next.orders)
    }),
    stopForJudge: assign(({ event }) => ({
      stopReason: 'judge-failed' as const,
      detail: (event as unknown as { error: ErrorData }).error.message,
    })),
    timeUp: assign(({ context }) => ({
      stopReason: 'time-budget' as const,
      detail: `the budget of ${context.spec.limits.budgetSeconds} s is spent`,
    })),
    stopFor: assign((_, params: { stopReason: StopReason; detail: string }) => params),
    startBudgetTimer: enqueueActions(({ context, enqueue }) => {
      const seconds = context.spec.limits.budgetSeconds
      if (seconds !== null) enqueue.raise({ type: 'time.up' }, { id: 'budget', delay: seconds * 1000 })
    }),
  },
}).createMachine({
  id: 'run',
  options: { maxIterations: 1_000 },
  context: ({ input, spawn }) => {
    const context = createContext(input, neutraliseControlTokens(input.spec.prompt))
    for (const { id, persona } of input.spec.agents) spawn('persona', { id, input: { id, persona, task: context.task } })
    return context
  },
  output: ({ context, event }) => ({ outcome: (event as { output?: Outcome }).output ?? 'failed', context }),
  initial: 'gathering',
  entry: [
    'startBudgetTimer',
    emit(({ context }) => ({
      type: 'run.started',
      protocol: context.spec.protocol,
      rounds: context.spec.rounds,
      agents: context.spec.agents.map(({ id, persona }) => ({ id, title: persona.title, method: persona.method })),
    })),
  ],
  on: {
    'cmd.cancel': { target: '.cancelled', actions: assign(({ event }) => ({ stopReason: event.reason, detail: event.detail })) },
    'time.up': {
      target: '.budgetExhausted',
      actions: 'timeUp',
    },
    [`${CHILD_ERROR}*`]: { actions: 'stopBroken' },
  },
  states: {
    gathering: {
      invoke: {
        id: 'gather',
        src: 'gather',
        input: ({ context }) => ({ wanted: context.spec.agents.flatMap((agent) => agent.model ?? agent.persona.models) }),
        onDone: {
          target: 'assigning',
          actions: assign({ models: ({ event }) => event.output.models }),
        },
        onError: {
          target: 'failed',
          actions: {
            type: 'stopFor',
            params: ({ event }) => ({ stopReason: 'no-model', detail: (event.error as ErrorData).message }),
          },
        },
      },
    },
    assigning: {
      entry: enqueueActions(({ context, enqueue }) => {
        const assigned = assignModels(context.spec.agents, context.models)
        enqueue.emit({ type: 'agents.assigned', agents: assigned.map(({ agent, models }) => ({ id: agent, models })) })
        let agents = context.agents
        for (const { agent, models, contextTokens } of assigned) {
          const state = agentState(context, agent)
          const missing: ErrorData | null =
            models.length > 0
              ? null
              : { code: 'model-not-found', message: `no model here fits "${state.spec.model ?? '*'}"`, retryable: false }
          if (missing !== null) enqueue.emit({ type: 'agent.abstained', agent, code: missing.code, reason: missing.message })
          agents = { ...agents, [agent]: { ...state, models, contextTokens, abstained: missing } }
        }
        enqueue.assign({ agents })
      }),
      always: [
        {
          guard: 'quorumLost',
          target: 'failed',
          actions: {
            type: 'stopFor',
            params: ({ context }) => ({
              stopReason: 'no-model',
              detail: `${standing(context).length} of ${context.spec.agents.length} agents have a model`,
            }),
          },
        },
        { target: 'drafting' },
      ],
    },
    drafting: {
      entry: 'propose',
      ...roundStates([{ guard: 'isClassic', target: '#run.debating' }, { target: '#run.judging' }]),
    },
    judging: {
      initial: 'gating',
      states: {
        gating: {
          invoke: {
            id: 'gate',
            src: 'gate',
            input: ({ context }) => toGateRequest(context),
            onDone: {
              target: 'planned',
              actions: [
                assign(({ context, event }) => ({ gate: event.output, plan: planFor(context, event.output) })),
                emit(({ event }) => describeGate(event.output)),
              ],
            },
            onError: { target: '#run.failed', actions: 'stopForJudge' },
          },
        },
        planned: {
          always: [
            { guard: 'hasCalls', target: 'executing' },
            { target: 'ranking', actions: assign(({ context }) => ({ judgement: judged(context, null) })) },
          ],
        },
        executing: {
          invoke: {
            id: 'execute',
            src: 'execute',
            input: ({ context }) => executionOf(context),
            onDone: {
              target: 'ranking',
              actions: assign(({ context, event }) => ({ judgement: judged(context, event.output) })),
            },
            onError: { target: '#run.failed', actions: 'stopForJudge' },
          },
        },
        ranking: {
          entry: enqueueActions(({ context, enqueue }) => {
            const { judgement } = context
            if (judgement === null) return
            for (const event of describeEvidence(judgement)) enqueue.emit(event)
            const next = nextEscalation(context)
            enqueue.emit({
              type: 'candidates.ranked',
              ranking: judgement.verdict.ranking.map(({ candidate, agent, score }) => ({ id: candidate, agent, score })),
              isOpen: next !== null,
              why: next?.why ?? judgement.decision.stop.why,
            })
          }),
          always: [
            { guard: ({ context }) => nextEscalation(context)?.kind === 'repair', target: '#run.repairing' },
            { guard: ({ context }) => nextEscalation(context) !== null, target: '#run.debating' },
            { target: '#run.deciding' },
          ],
        },
      },
    },
    repairing: { entry: 'escalate', ...roundStates([{ target: '#run.judging' }]) },
    debating: {
      entry: 'escalate',
      ...roundStates([
        { guard: 'isRebuttalDue', target: '#run.debating', reenter: true },
        { guard: 'isClassic', target: '#run.finalizing' },
        { target: '#run.judging' },
      ]),
    },
    finalizing: { entry: 'finalize', ...roundStates([{ target: '#run.judging' }]) },
    /** Too few agents stand to go on. */
    losing: {
      entry: [
        'cancelTurns',
        {
          type: 'stopFor',
          params: ({ context }) => ({
            stopReason: 'quorum-lost',
            detail: `${standing(context).length} of ${context.spec.agents.length} agents stand, ${quorum(context.spec)} are needed`,
          }),
        },
      ],
      always: { target: 'failed' },
    },
    /** A budget is spent: what has been answered is still judged. */
    spent: {
      entry: [
        'cancelTurns',
        assign(({ context }) =>
          context.stopReason !== null
            ? {}
            : {
                stopReason: 'token-budget' as const,
                detail: `${context.inputTokens + context.outputTokens} of ${context.spec.limits.budgetTokens} tokens are spent`,
              },
        ),
      ],
      always: [{ guard: 'hasAnswers', target: 'judging' }, { target: 'budgetExhausted' }],
    },
    deciding: {
      entry: emit(({ context }) => ({ type: 'verdict.reached', verdict: context.judgement?.verdict ?? NO_VERDICT })),
      always: [
        { guard: ({ context }) => context.stopReason !== null, target: 'budgetExhausted' },
        {
          guard: ({ context }) => context.judgement?.verdict.winner != null,
          target: 'completed',
          actions: {
            type: 'stopFor',
            params: ({ context }) => ({
              stopReason: context.judgement?.verdict.grade === 'unverified' ? 'ranked-unverified' : 'agreed',
              detail: context.judgement?.verdict.reason ?? '',
            }),
          },
        },
        {
          target: 'noConsensus',
          actions: {
            type: 'stopFor',
            params: ({ context }) => ({
              stopReason: noConsensusReason(context),
              detail: context.judgement?.verdict.reason ?? '',
            }),
          },
        },
      ],
    },
    completed: { type: 'final', entry: emit(({ context }) => completed(context, 'completed')), output: 'completed' as const },
    noConsensus: {
      type: 'final',
      entry: emit(({ context }) => completed(context, 'noConsensus')),
      output: 'noConsensus' as const,
    },
    failed: { type: 'final', entry: emit(({ context }) => completed(context, 'failed')), output: 'failed' as const },
    cancelled: { type: 'final', entry: emit(({ context }) => completed(context, 'cancelled')), output: 'cancelled' as const },
    budgetExhausted: {
      type: 'final',
      entry: emit(({ context }) => completed(context, 'budgetExhausted')),
      output: 'budgetExhausted' as const,
    },
  },
})
