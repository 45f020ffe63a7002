import { expect, test } from 'vitest'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { breakerMachine } from '../../src/machines/breaker-machine.ts'
import { modelSlotMachine } from '../../src/machines/model-slot-machine.ts'
import { personaMachine, type TurnOrder } from '../../src/machines/persona-machine.ts'
import type { RunContext } from '../../src/machines/run-context.ts'
import { runMachine } from '../../src/machines/run-machine.ts'
import { gateResult, model } from '../support/fold-driver.ts'
import { persona, spec } from '../support/test-services.ts'

/** Transitions that a walk over all reachable states has taken, as `state --event--> state`. */
function walk(
  machine: AnyStateMachine,
  events: readonly { readonly type: string }[],
  input?: unknown,
): { taken: Set<string>; states: Set<string> } {
  const name = (snapshot: AnyMachineSnapshot): string => JSON.stringify(snapshot.value)
  const map = getAdjacencyMap(machine, {
    events,
    input,
    limit: 20_000,
    serializeState: (snapshot: AnyMachineSnapshot) => `${name(snapshot)}|${memory(snapshot)}`,
    stopWhen: (snapshot: AnyMachineSnapshot) => snapshot.status !== 'active',
  } as object)
  const taken = new Set<string>()
  const states = new Set<string>()
  for (const from of Object.values(map)) {
    states.add(name(from.state as AnyMachineSnapshot))
    for (const transition of Object.values(from.transitions as Record<string, { state: unknown; event: { type: string } }>)) {
      const to = name(transition.state as AnyMachineSnapshot)
      states.add(to)
      if (to !== name(from.state as AnyMachineSnapshot))
        taken.add(`${name(from.state as AnyMachineSnapshot)} --${transition.event.type}--> ${to}`)
    }
  }
  return { taken, states }
}

/** The part of a context that decides what can happen next; without it the walk would not end. */
function memory(snapshot: AnyMachineSnapshot): string {
  const { orders, round, escalations, revisions, failuresMs, agents, gate, stopReason } =
    snapshot.context as Partial<RunContext> & { failuresMs?: unknown[] }
  const abstained = Object.values(agents ?? {}).filter((agent) => (agent as { abstained: unknown }).abstained !== null).length
  return [orders?.length, round, escalations, revisions, failuresMs?.length, abstained, gate === null, stopReason].join()
}

const answer = {
  model: 'mock/m',
  text: 'x',
  finish: 'stop',
  usage: { inputTokens: 1, cachedTokens: null, outputTokens: 1 },
  timings: { queuedMs: 0, ttftMs: 1, totalMs: 2, tokensPerSecond: null },
  sampling: {},
} as const

const order: TurnOrder = {
  phase: 'draft',
  round: 1,
  view: { kind: 'blank' },
  models: ['mock/m'],
  contextTokens: null,
  sampling: {},
  turnTimeoutMs: 1_000,
  queueTimeoutMs: 1_000,
  firstTokenTimeoutMs: 1_000,
  idleTimeoutMs: 1_000,
}

test('every state of a persona is reached, and no turn ends but by an answer, a failure, its time or a cancel', () => {
  const { taken, states } = walk(
    personaMachine.provide({ actions: { report: () => {} } }),
    [
      { type: 'turn.begin', order },
      { type: 'model.granted', model: 'mock/m', queuedMs: 0, at: 0 },
      { type: 'model.firstToken', ttftMs: 1, at: 0 },
      { type: 'xstate.done.actor.model', output: answer },
      { type: 'xstate.error.actor.model', error: { code: 'unreachable', message: '', retryable: true } },
      { type: 'turn.timeUp' },
      { type: 'turn.cancel' },
      { type: 'turn.retry', delayMs: 5, models: ['mock/m'] },
      { type: 'turn.abandon' },
      { type: 'xstate.after.retryDelay.persona.backingOff' },
    ] as { type: string }[],
    { id: 'coder', persona: persona('coder'), task: 'task' },
  )
  expect([...states].sort()).toEqual(
    [
      '"abstained"',
      '"answered"',
      '"backingOff"',
      '"failed"',
      '"idle"',
      '"timedOut"',
      '{"working":"prefilling"}',
      '{"working":"queued"}',
      '{"working":"streaming"}',
    ].sort(),
  )
  const ends = [...taken]
    .filter((line) => line.startsWith('{"working"') && !line.includes('--> {"working"'))
    .map((line) => line.split(' --')[1])
  expect([...new Set(ends)].sort()).toEqual([
    'turn.cancel--> "idle"',
    'turn.timeUp--> "timedOut"',
    'xstate.done.actor.model--> "answered"',
    'xstate.error.actor.model--> "failed"',
  ])
})

test('a breaker goes through every state, and only a success closes it', () => {
  const { taken, states } = walk(breakerMachine, [
    { type: 'failed', atMs: 1 },
    { type: 'succeeded' },
    { type: 'probing' },
    { type: 'xstate.after.pause.breaker.open' },
  ] as { type: string }[])
  expect([...states].sort()).toEqual(['"closed"', '"halfOpen"', '"open"', '"probing"'])
  expect([...taken].filter((line) => line.endsWith('--> "closed"')).every((line) => line.includes('--succeeded-->'))).toBe(true)
})

test('a slot that was given up is free again only when it has drained or its deadline has passed', () => {
  const { taken } = walk(
    modelSlotMachine,
    ['taken', 'released', 'abandoned', 'drained', 'xstate.after.drainDeadline.slot.draining'].map((type) => ({ type })),
  )
  expect([...taken].sort()).toEqual([
    '"busy" --abandoned--> "draining"',
    '"busy" --released--> "idle"',
    '"draining" --drained--> "idle"',
    '"draining" --xstate.after.drainDeadline.slot.draining--> "idle"',
    '"idle" --taken--> "busy"',
  ])
})

test.each(['evidence', 'classic', 'solo'] as const)(
  'a %s run reaches its states, and always one of the five ends',
  (protocol) => {
    const ids = protocol === 'solo' ? ['coder'] : ['architect', 'coder']
    const { states } = walk(
      runMachine,
      [
        { type: 'xstate.done.actor.gather', output: { models: [model('m')] } },
        { type: 'xstate.error.actor.gather', error: { code: 'unreachable', message: 'refused', retryable: true } },
        ...ids.flatMap((agent) => [
          { type: 'agent.answered', agent, turn: `run/${agent}#1`, phase: 'draft', round: 1, answer },
          {
            type: 'agent.failed',
            agent,
            turn: `run/${agent}#1`,
            phase: 'draft',
            round: 1,
            failures: 1,
            error: { code: 'x', message: '', retryable: false },
            at: 0,
          },
        ]),
        { type: 'xstate.done.actor.gate', output: gateResult() },
        { type: 'xstate.done.actor.gate', output: gateResult({ 'coder.1': 'def f(): pass\n' }) },
        { type: 'xstate.error.actor.gate', error: { code: 'INTERNAL', message: 'broken', retryable: false } },
        { type: 'cmd.cancel', reason: 'cancelled-by-user', detail: '' },
        { type: 'time.up' },
      ] as { type: string }[],
      { runId: 'r', spec: spec({ ids, protocol, limits: { budgetSeconds: 1, budgetTokens: 1_000 } }) },
    )
    const names = [...states].map((state) =>
      state.startsWith('{') ? Object.keys(JSON.parse(state) as object)[0] : JSON.parse(state),
    )
    const common = ['gathering', 'drafting', 'judging', 'completed', 'noConsensus', 'failed', 'cancelled', 'budgetExhausted']
    const own = protocol === 'classic' ? ['debating', 'finalizing'] : protocol === 'evidence' ? ['repairing'] : ['repairing']
    expect([...new Set(names)].sort()).toEqual([...common, ...own].sort())
  },
)
