import { assign, enqueueActions, setup } from 'xstate'
import type { ErrorData } from '../domain/errors.ts'
import type { Phase, RunEventBody } from '../domain/event.ts'
import type { AgentId } from '../domain/ids.ts'
import type { Outcome, StopReason } from '../domain/verdict.ts'
import { rotateModels } from '../selection/assign-models.ts'
import { decideRestart } from '../selection/restart-policy.ts'
import { executeEffect, gateEffect, gatherEffect, suiteEffect } from './effects.ts'
import { knowledgeOf, nextEscalation } from './escalation.ts'
import { toExecuteRequest, toSuiteRequest } from './judging.ts'
import { type CandidateMeasured, describeMeasured } from './judging-events.ts'
import { applyChange } from './override.ts'
import { type AgentReport, personaMachine, type TurnOrder } from './persona-machine.ts'
import {
  agentState,
  isQuorumLost,
  programAnswers,
  type RoundOrder,
  type RunChange,
  type RunContext,
  type RunInput,
  standing,
  withAgent,
} from './run-context.ts'
import { closeTranscript, draftOrders, firstOrders, toTurnOrder, transcriptOrders, withoutFirst } from './run-rounds.ts'

type RunMachineEvent =
  | AgentReport
  | CandidateMeasured
  | { readonly type: 'cmd.cancel'; readonly reason: StopReason; readonly detail: string }
  | { readonly type: 'time.up' }
  | { readonly type: 'cmd.override'; readonly change: RunChange }

export interface RunOutput {
  readonly outcome: Outcome
  readonly context: RunContext
}

/** An error event of a child, whose type carries the child's id. */
interface ChildError {
  readonly type: string
  readonly error: unknown
}

export const CHILD_ERROR = 'xstate.error.actor.'

function isRoundClosed(context: RunContext): boolean {
  return context.orders.length === 0
}

/** A judgement outlives the agents: where there is one the open round is finished, judged with the rest, and the last. */
function isLost(context: RunContext): boolean {
  return context.judgement === null && isQuorumLost(context)
}

function isOverBudget(context: RunContext): boolean {
  return context.stopReason === 'token-budget' || isOverTokens(context, 0)
}

/** `more`: tokens that are used and not yet counted. */
function isOverTokens({ spec, inputTokens, outputTokens }: RunContext, more: number): boolean {
  const budget = spec.limits.budgetTokens
  return budget !== null && inputTokens + outputTokens + more >= budget
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

/** The same turn for the agent's own models. */
function withoutModels({ agent, phase, view }: RoundOrder): RoundOrder {
  return { agent, phase, view }
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

/** Guards, actions and actors of the run machine. Actions only assign, emit, and send to agents. */
export const runSetup = setup({
  types: {} as {
    context: RunContext
    events: RunMachineEvent
    input: RunInput
    output: RunOutput
    emitted: RunEventBody
    children: Record<string, 'persona' | 'gather' | 'gate' | 'execute' | 'suite'>
  },
  actors: { persona: personaMachine, gather: gatherEffect, gate: gateEffect, execute: executeEffect, suite: suiteEffect },
  guards: {
    /** The round is at an end, whichever: one guard for the transition that is looked at after every event. */
    isSettled: ({ context }) => isRoundClosed(context) || isLost(context) || isOverBudget(context),
    /** It is looked at before the answer is kept: an answer that spends the budget is the last. */
    hasNextTurn: ({ context, event }) => {
      if (event.type !== 'agent.answered') return false
      const { inputTokens, outputTokens } = event.answer.usage
      if (isOverTokens(context, (inputTokens ?? 0) + (outputTokens ?? 0))) return false
      return context.orders.filter((order) => order.agent === event.agent).length > 1
    },
    quorumLost: ({ context }) => isLost(context),
    overBudget: ({ context }) => isOverBudget(context),
    hasAnswers: ({ context }) => programAnswers(context).length > 0,
    hasPrograms: ({ context }) =>
      context.gate !== null && context.plan !== null && toExecuteRequest(context.gate, context.plan) !== null,
    hasSuite: ({ context }) => toSuiteRequest(context) !== null,
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
    /** Keeps an answer. It is the transition taken most, so it does nothing else. */
    keepAnswer: assign(({ context, event }) => {
      if (event.type !== 'agent.answered') return {}
      const agent = agentState(context, event.agent)
      const { usage } = event.answer
      const answer = { turn: event.turn, agent: event.agent, phase: event.phase, round: event.round, answer: event.answer }
      return {
        agents: withAgent(context, event.agent, { answers: [...agent.answers, answer] }),
        inputTokens: context.inputTokens + (usage.inputTokens ?? 0),
        outputTokens: context.outputTokens + (usage.outputTokens ?? 0),
        orders: withoutFirst(context.orders, event.agent),
      }
    }),
    /** Sends an agent the turn that follows the one it has just answered. */
    sendNext: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'agent.answered') return
      const next = context.orders.find((order) => order.agent === event.agent)
      if (next === undefined) return
      enqueue.sendTo(event.agent, { type: 'turn.begin', order: toTurnOrder(context, agentState(context, event.agent), next) })
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
        // A turn that is for certain models stays with them: another one would not be what was asked for.
        const models = context.orders.find((order) => order.agent === event.agent)?.models ?? agent.models
        enqueue.sendTo(event.agent, {
          type: 'turn.retry',
          delayMs: decision.delayMs,
          models: rotateModels(models, event.failures),
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
          : {
              escalations: context.escalations + 1,
              knowledge: knowledgeOf(context.judgement),
              repairs: [...context.repairs, ...(next.repairs ?? [])],
            },
      )
      openRound(context, enqueue, next.orders[0]?.phase ?? 'revise', next.orders)
    }),
    /** A fork's change: agents it concerns learn of it, and their open turns are asked anew. */
    override: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'cmd.override') return
      const { context: next, changed } = applyChange(context, event.change)
      const { models: chosen } = event.change
      // A model that was chosen for the agent is chosen for its open turns as well.
      const orders = context.orders.map((order) => (chosen?.[order.agent] === undefined ? order : withoutModels(order)))
      const opened = { ...context, ...next, orders }
      enqueue.assign({ ...next, orders })
      for (const order of firstOrders(orders)) {
        if (changed.includes(order.agent)) enqueue.sendTo(order.agent, { type: 'turn.cancel' })
      }
      for (const id of changed) {
        enqueue.sendTo(id, { type: 'persona.changed', persona: agentState(opened, id).spec.persona, task: next.task })
      }
      for (const order of firstOrders(orders)) {
        if (!changed.includes(order.agent)) continue
        enqueue.sendTo(order.agent, { type: 'turn.begin', order: toTurnOrder(opened, agentState(opened, order.agent), order) })
      }
    }),
    /** What a candidate has shown is told when it has shown it, not when the last of them has. */
    tellEvidence: enqueueActions(({ context, event, enqueue }) => {
      const told = event.type === 'candidate.measured' ? describeMeasured(context, event) : null
      if (told !== null) enqueue.emit(told)
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
})
