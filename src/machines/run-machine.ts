import { assign, emit, enqueueActions } from 'xstate'
import type { ErrorData } from '../domain/errors.ts'
import type { RunEventBody } from '../domain/event.ts'
import { withLaterFields } from '../domain/run-spec.ts'
import type { Outcome, StopReason } from '../domain/verdict.ts'
import { neutraliseControlTokens } from '../prompts/neutralise.ts'
import { assignModels } from '../selection/assign-models.ts'
import { strengthOf } from '../selection/strongest-model.ts'
import type { ExecuteRequest, ExecuteResult, SuiteRequest, SuiteResult } from './effects.ts'
import { nextEscalation } from './escalation.ts'
import type { Judgement } from './judgement.ts'
import { judge, NO_VERDICT, planFor, taskText, toExecuteRequest, toGateRequest, toSuiteRequest } from './judging.ts'
import { describeGate } from './judging-events.ts'
import { agentState, createContext, isQuorumLost, quorumWords, type RunContext, standing } from './run-context.ts'
import { CHILD_ERROR, runSetup } from './run-setup.ts'

/*
 * The supervisor. It owns the agents, the rounds, the limits and the verdict. Invariants:
 * 1. A round closes only when each of its turns has been answered, failed for good, or been cancelled.
 * 2. What agents wrote is kept by agent and read in canonical order: arrival decides nothing.
 * 3. A transport failure restarts an agent within its policy; a defect in an agent's own code never does.
 * 4. Every final state has a stop reason, and `run.completed` is emitted exactly once, last.
 * 5. No error text becomes an answer.
 * 6. What was judged is not lost with the agents: where too few are left no further round is held, and the judgement is the end.
 */

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

function noConsensusReason({ judgement }: RunContext): StopReason {
  if (judgement === null || judgement.gate.candidates.length === 0) return 'no-candidate'
  return judgement.decision.winner === null ? 'nothing-parses' : 'not-solved'
}

/** Examples are tests too: a winner that fails one was right in 12 % of recorded decisions. */
function agreedReason({ judgement }: RunContext): StopReason {
  const { examples } = judgement?.decision ?? {}
  const misses =
    judgement?.decision.method === 'execution-agreement' && examples !== undefined && examples.passed < examples.total
  const tests = judgement?.verdict.tests ?? null
  if (misses || (tests !== null && !tests.passed && tests.grade !== 'unverified')) return 'tests-failed'
  if (tests?.grade === 'unverified') return 'tests-unverified'
  return judgement?.verdict.grade === 'unverified' ? 'ranked-unverified' : 'agreed'
}

/** Why it ended so. That rounds were not held because too few agents are left is said besides. */
function decidedDetail(context: RunContext): string {
  const reason = context.judgement?.verdict.reason ?? ''
  return isQuorumLost(context) ? `${reason}; ${quorumWords(context)}` : reason
}

function judged(context: RunContext, execution: ExecuteResult | null, suite: SuiteResult | null): Judgement | null {
  const { gate, plan, models } = context
  return gate === null || plan === null ? null : judge(gate, plan, execution, suite, (model) => strengthOf(model, models))
}

function executionOf(context: RunContext): ExecuteRequest {
  const request = context.gate === null || context.plan === null ? null : toExecuteRequest(context.gate, context.plan)
  if (request === null) throw new Error('there is nothing to execute')
  return request
}

function agreementOf({ decision }: Judgement): { readonly agreement?: readonly [number, number] } {
  const { method, agreement } = decision
  return method === 'execution-agreement' ? { agreement: [agreement.count, agreement.total] } : {}
}

function suiteOf(context: RunContext): SuiteRequest {
  const request = toSuiteRequest(context)
  if (request === null) throw new Error('there is no suite to run')
  return request
}

/** The inside of a state in which agents take turns: open until every turn has ended, then closed and on to `after`. */
function roundStates<const TAfter>(after: TAfter) {
  return {
    initial: 'open',
    states: {
      open: {
        on: {
          'agent.answered': [{ guard: 'hasNextTurn', actions: ['keepAnswer', 'sendNext'] }, { actions: 'keepAnswer' }],
          'agent.failed': { actions: 'superviseFailure' },
        },
        always: { guard: 'isSettled', target: 'settled' },
      },
      settled: {
        always: [
          { guard: 'quorumLost', target: '#run.losing' },
          { guard: 'overBudget', target: '#run.spent' },
          { target: 'closed' },
        ],
      },
      closed: { entry: 'closeRound', always: after },
    },
    on: { 'time.up': { target: '#run.spent', actions: 'timeUp' } },
  } as const
}

export const runMachine = runSetup.createMachine({
  id: 'run',
  options: { maxIterations: 1_000 },
  context: ({ input, spawn }) => {
    const spec = withLaterFields(input.spec)
    const context = createContext({ ...input, spec }, neutraliseControlTokens(taskText(spec)))
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
    'cmd.override': { actions: 'override' },
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
      // What was answered is still judged: the rest of the judging asks no model and is bounded by itself.
      on: { 'time.up': { actions: 'timeUp' }, 'candidate.measured': { actions: 'tellEvidence' } },
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
            { guard: 'hasPrograms', target: 'executing' },
            { target: 'executed', actions: assign(({ context }) => ({ judgement: judged(context, null, null) })) },
          ],
        },
        executing: {
          invoke: {
            id: 'execute',
            src: 'execute',
            input: ({ context }) => executionOf(context),
            onDone: {
              target: 'executed',
              actions: assign(({ context, event }) => ({ judgement: judged(context, event.output, null) })),
            },
            onError: { target: '#run.failed', actions: 'stopForJudge' },
          },
        },
        executed: { always: [{ guard: 'hasSuite', target: 'testing' }, { target: 'ranking' }] },
        testing: {
          invoke: {
            id: 'suite',
            src: 'suite',
            input: ({ context }) => suiteOf(context),
            onDone: {
              target: 'ranking',
              actions: assign(({ context, event }) => ({
                judgement: judged(context, context.judgement?.execution ?? null, event.output),
              })),
            },
            onError: { target: '#run.failed', actions: 'stopForJudge' },
          },
        },
        ranking: {
          entry: enqueueActions(({ context, enqueue }) => {
            const { judgement } = context
            if (judgement === null) return
            const next = nextEscalation(context)
            enqueue.emit({
              type: 'candidates.ranked',
              ranking: judgement.verdict.ranking.map(({ candidate, agent, score }) => ({ id: candidate, agent, score })),
              isOpen: next !== null,
              ...agreementOf(judgement),
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
    /** Too few agents stand to go on, and nothing has been judged. */
    losing: {
      entry: [
        'cancelTurns',
        {
          type: 'stopFor',
          params: ({ context }) => ({
            stopReason: 'quorum-lost',
            detail: quorumWords(context),
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
              stopReason: agreedReason(context),
              detail: decidedDetail(context),
            }),
          },
        },
        {
          target: 'noConsensus',
          actions: {
            type: 'stopFor',
            params: ({ context }) => ({
              stopReason: noConsensusReason(context),
              detail: decidedDetail(context),
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
