import { assign, cancel, emit, raise, sendParent, setup } from 'xstate'
import type { ErrorData } from '../domain/errors.ts'
import type { Phase, RunEventBody } from '../domain/event.ts'
import { type AgentId, agentPath, effectId } from '../domain/ids.ts'
import type { Sampling } from '../domain/message.ts'
import type { ModelKey } from '../domain/model.ts'
import type { Persona } from '../domain/persona.ts'
import { buildPrompt, type TurnView } from '../prompts/build-prompt.ts'
import { type ModelAnswer, type ModelRequest, modelEffect } from './effects.ts'

/*
 * One agent of a run. Invariants:
 * 1. At most one turn is open; a turn ends in exactly one of answered, timedOut, failed, and is reported once.
 * 2. The prompt is built here, so that a persona whose texts break the builder stops itself and nobody else.
 * 3. It takes no event per chunk: only granted, the first token, and the end.
 */

/** What the supervisor asks of an agent. */
export interface TurnOrder {
  readonly phase: Phase
  readonly round: number
  readonly view: TurnView
  readonly models: readonly ModelKey[]
  /** Tokens of window the preferred model has; null = unknown. */
  readonly contextTokens: number | null
  readonly sampling: Sampling
  readonly turnTimeoutMs: number
  readonly queueTimeoutMs: number
  readonly firstTokenTimeoutMs: number
  readonly idleTimeoutMs: number
}

export interface PersonaInput {
  readonly id: AgentId
  readonly persona: Persona
  readonly task: string
}

/** What an agent tells the supervisor at the end of a turn. */
export type AgentReport =
  | {
      readonly type: 'agent.answered'
      readonly agent: AgentId
      readonly turn: string
      readonly phase: Phase
      readonly round: number
      readonly answer: ModelAnswer
    }
  | {
      readonly type: 'agent.failed'
      readonly agent: AgentId
      readonly turn: string
      readonly phase: Phase
      readonly round: number
      readonly failures: number
      readonly error: ErrorData
      /** Logical ms at which it failed. */
      readonly at: number
    }

type PersonaEvent =
  | { readonly type: 'turn.begin'; readonly order: TurnOrder }
  | { readonly type: 'turn.retry'; readonly delayMs: number; readonly models: readonly ModelKey[] }
  | { readonly type: 'turn.abandon' }
  | { readonly type: 'turn.cancel' }
  | { readonly type: 'turn.timeUp' }
  | { readonly type: 'persona.changed'; readonly persona: Persona; readonly task: string }
  | { readonly type: 'model.granted'; readonly model: ModelKey; readonly queuedMs: number; readonly at: number }
  | { readonly type: 'model.firstToken'; readonly ttftMs: number; readonly at: number }

export interface PersonaContext {
  readonly id: AgentId
  readonly persona: Persona
  readonly task: string
  readonly order: TurnOrder | null
  /** Effects requested so far; the open turn's effect id ends in this number. */
  readonly requested: number
  readonly attempt: number
  readonly retryDelayMs: number
}

/** Returns the id of the effect of the turn that is open, or was last. */
function turnId(context: PersonaContext): string {
  return effectId(agentPath(context.id), context.requested)
}

function openOrder(context: PersonaContext): TurnOrder {
  if (context.order === null) throw new Error(`${context.id} has no open turn`)
  return context.order
}

function toRequest(context: PersonaContext): ModelRequest {
  const order = openOrder(context)
  return {
    agent: context.id,
    phase: order.phase,
    round: order.round,
    attempt: context.attempt,
    prompt: buildPrompt({
      task: context.task,
      persona: context.persona,
      phase: order.phase,
      view: order.view,
      contextTokens: order.contextTokens,
      answerTokens: order.sampling.maxTokens ?? null,
    }),
    models: order.models,
    sampling: order.sampling,
    contextTokens: order.contextTokens,
    queueTimeoutMs: order.queueTimeoutMs,
    firstTokenTimeoutMs: order.firstTokenTimeoutMs,
    idleTimeoutMs: order.idleTimeoutMs,
  }
}

function failed(context: PersonaContext, error: ErrorData, at: number): AgentReport {
  const order = openOrder(context)
  return {
    type: 'agent.failed',
    agent: context.id,
    turn: turnId(context),
    phase: order.phase,
    round: order.round,
    failures: context.attempt,
    error,
    at,
  }
}

function answered(context: PersonaContext, answer: ModelAnswer): AgentReport {
  const order = openOrder(context)
  return { type: 'agent.answered', agent: context.id, turn: turnId(context), phase: order.phase, round: order.round, answer }
}

/** An error that reached the log as data, or a defect of ours that did not. */
function asErrorData(error: unknown): ErrorData & { at: number } {
  const data = (error ?? {}) as Partial<ErrorData & { at: number }>
  return {
    code: data.code ?? 'INTERNAL',
    message: data.message ?? String(error),
    retryable: data.retryable ?? false,
    at: data.at ?? 0,
  }
}

export const personaMachine = setup({
  types: {} as { context: PersonaContext; events: PersonaEvent; input: PersonaInput; emitted: RunEventBody },
  actors: { model: modelEffect },
  actions: {
    report: sendParent((_, report: AgentReport) => report),
    open: assign(({ context, event }) => {
      if (event.type !== 'turn.begin') return {}
      return { order: event.order, attempt: 1, requested: context.requested + 1 }
    }),
  },
  delays: {
    turnTimeout: ({ context }) => openOrder(context).turnTimeoutMs,
    retryDelay: ({ context }) => context.retryDelayMs,
  },
}).createMachine({
  id: 'persona',
  options: { maxIterations: 1_000 },
  context: ({ input }) => ({
    id: input.id,
    persona: input.persona,
    task: input.task,
    order: null,
    requested: 0,
    attempt: 0,
    retryDelayMs: 0,
  }),
  on: { 'persona.changed': { actions: assign(({ event }) => ({ persona: event.persona, task: event.task })) } },
  initial: 'idle',
  states: {
    idle: { on: { 'turn.begin': { target: 'working', actions: 'open' } } },
    working: {
      on: { 'turn.cancel': 'idle', 'turn.timeUp': 'timedOut' },
      exit: cancel('turn'),
      entry: emit(({ context }) => ({
        type: 'turn.started',
        agent: context.id,
        turn: turnId(context),
        phase: openOrder(context).phase,
        round: openOrder(context).round,
        attempt: context.attempt,
      })),
      invoke: {
        id: 'model',
        src: 'model',
        input: ({ context }) => toRequest(context),
        onDone: {
          target: 'answered',
          actions: [
            emit(({ context, event }) => ({
              type: 'turn.completed',
              agent: context.id,
              turn: turnId(context),
              phase: openOrder(context).phase,
              round: openOrder(context).round,
              model: event.output.model,
              finish: event.output.finish,
              usage: event.output.usage,
              timings: event.output.timings,
              chars: event.output.text.length,
            })),
            { type: 'report', params: ({ context, event }) => answered(context, event.output) },
          ],
        },
        onError: {
          target: 'failed',
          actions: {
            type: 'report',
            params: ({ context, event }) => {
              const { at, ...error } = asErrorData(event.error)
              return failed(context, error, at)
            },
          },
        },
      },
      initial: 'queued',
      states: {
        queued: {
          on: {
            'model.granted': {
              target: 'prefilling',
              actions: [
                raise({ type: 'turn.timeUp' }, { id: 'turn', delay: 'turnTimeout' }),
                emit(({ context, event }) => ({
                  type: 'turn.granted',
                  agent: context.id,
                  turn: turnId(context),
                  model: event.model,
                  queuedMs: event.queuedMs,
                })),
              ],
            },
          },
        },
        prefilling: {
          on: {
            'model.firstToken': {
              target: 'streaming',
              actions: emit(({ context, event }) => ({
                type: 'turn.first_token',
                agent: context.id,
                turn: turnId(context),
                ttftMs: event.ttftMs,
              })),
            },
          },
        },
        streaming: {},
      },
    },
    answered: { on: { 'turn.begin': { target: 'working', actions: 'open' } } },
    timedOut: {
      entry: {
        type: 'report',
        params: ({ context }) => {
          const message = `no whole answer within ${openOrder(context).turnTimeoutMs / 1000} s`
          return failed(context, { code: 'timeout-turn', message, retryable: false }, 0)
        },
      },
      on: { 'turn.abandon': 'abstained' },
    },
    failed: {
      on: {
        'turn.retry': {
          target: 'backingOff',
          actions: assign({
            retryDelayMs: ({ event }) => event.delayMs,
            order: ({ context, event }) => ({ ...openOrder(context), models: event.models }),
          }),
        },
        'turn.abandon': 'abstained',
      },
    },
    backingOff: {
      on: { 'turn.cancel': 'idle' },
      after: {
        retryDelay: {
          target: 'working',
          actions: assign({ attempt: ({ context }) => context.attempt + 1, requested: ({ context }) => context.requested + 1 }),
        },
      },
    },
    abstained: {},
  },
})
