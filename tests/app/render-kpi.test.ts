import { afterAll, expect, test } from 'vitest'
import { latencyOf } from '../../src/app/run-latency.ts'
import type { RunEventBody } from '../../src/domain/event.ts'
import type { Kpi } from '../../src/domain/kpi.ts'
import { spec } from '../support/test-services.ts'
import { createRoot, program, runWithArtifacts, SAID } from './artifact-run.ts'
import { history, kpiOf } from './kpi-facts.ts'

const root = createRoot()
afterAll(() => root.remove())

const granted = (turn: string): RunEventBody => ({ type: 'turn.granted', agent: 'a', turn, model: 'm/x', queuedMs: 0 })
const firstToken = (turn: string, ttftMs: number): RunEventBody => ({ type: 'turn.first_token', agent: 'a', turn, ttftMs })
const completed = (turn: string, model: string, inputTokens: number | null): RunEventBody => ({
  type: 'turn.completed',
  agent: 'a',
  turn,
  phase: 'draft',
  round: 1,
  model,
  finish: 'stop',
  usage: { inputTokens, cachedTokens: null, outputTokens: 5 },
  timings: { queuedMs: 0, ttftMs: 1, totalMs: 2, tokensPerSecond: null },
  chars: 3,
})
const gathered = (examples: readonly [number, number], assertions: readonly [number, number], loads = true): RunEventBody => ({
  type: 'evidence.gathered',
  candidate: 'a.1',
  agent: 'a',
  loads,
  examples,
  assertions,
})

test('the first token is that of any turn, from when the first request was sent and not from when its text was logged', () => {
  const past = history([
    [100, granted('run/a#1')],
    [150, granted('run/b#1')],
    [900, firstToken('run/b#1', 300)],
    [950, firstToken('run/a#1', 700)],
  ])
  expect(kpiOf(past).ttft_ms).toBe(350)
})

test('a turn that was never answered leaves no first token', () => {
  expect(kpiOf(history([[100, granted('run/a#1')]])).ttft_ms).toBeNull()
})

test('tokens are summed by model, and a sum with an unknown part is unknown', () => {
  const past = history([
    [1, completed('run/a#1', 'm/x', 10)],
    [2, completed('run/a#2', 'm/x', 20)],
    [3, completed('run/b#1', 'm/y', 10)],
    [4, completed('run/b#2', 'm/y', null)],
  ])
  expect(kpiOf(past).token_usage).toEqual({
    'm/x': { prompt_tokens: 30, completion_tokens: 10 },
    'm/y': { prompt_tokens: null, completion_tokens: 10 },
  })
})

test('green is the first candidate that passed what was given; where nothing was, what was asserted; nothing to pass is not green', () => {
  const green = (entries: Parameters<typeof history>[0]): string | null => kpiOf(history(entries)).t_first_green
  expect(green([[1, gathered([0, 0], [0, 0])]])).toBeNull()
  expect(green([[1, gathered([1, 2], [3, 3])]])).toBeNull()
  expect(green([[1, gathered([2, 2], [2, 3])]])).toBe('2026-01-01T00:00:00.001Z')
  expect(green([[1, gathered([0, 0], [2, 3])]])).toBeNull()
  expect(green([[1, gathered([0, 0], [3, 3])]])).toBe('2026-01-01T00:00:00.001Z')
  expect(green([[1, gathered([1, 1], [0, 0], false)]])).toBeNull()
  const entries = [
    [1, gathered([1, 2], [0, 0])],
    [70, gathered([2, 2], [0, 0])],
    [90, gathered([2, 2], [0, 0])],
  ] as const
  expect(green(entries)).toBe('2026-01-01T00:00:00.070Z')
})

test('an error is one line of bounded length', () => {
  expect(kpiOf(history([])).exit_status.error).toHaveLength(400)
})

test('time goes to planning, drafting, debating, judging and testing', () => {
  const round = (type: 'round.started' | 'round.completed', phase: 'draft' | 'repair'): RunEventBody =>
    type === 'round.started' ? { type, round: 1, phase, agents: [] } : { type, round: 1, phase, standing: [] }
  const ranked: RunEventBody = { type: 'candidates.ranked', ranking: [], isOpen: false, why: '' }
  const past = history(
    [
      [30, round('round.started', 'draft')],
      [130, round('round.completed', 'draft')],
      [190, ranked],
      [190, round('round.started', 'repair')],
      [390, round('round.completed', 'repair')],
      [460, ranked],
    ],
    { execute: 100 },
  )
  const spent = { planning: 30, generation: 100, debate: 200, selection: 30, tests: 100, patch_apply: null }
  expect(latencyOf(past, true)).toEqual(spent)
  expect(latencyOf(past, false).tests).toBeNull()
})

test('a round that was cut off counts to the end of the run', () => {
  const past = history([
    [30, { type: 'round.started', round: 1, phase: 'draft', agents: [] }],
    [500, { type: 'debate.opened', round: 1, kind: 'asked', why: '' }],
  ])
  expect(latencyOf(past, false)).toMatchObject({ planning: 30, generation: 470, debate: null, selection: null })
})

test('a check that was not run is skipped, not failed, and the rate is over those that ran', async () => {
  const run = await runWithArtifacts(root.path, { said: { ...SAID, tester: 'assert add(2, 2) == 5\nassert add("x", 1) == 2' } })
  const kpi = run.json<Kpi>('kpi.json')
  expect(kpi.tests_after).toEqual({ suite_name: 'examples', total: 2, passed: 2, failed: 0, skipped: 0 })
  expect(kpi.assertions_after).toEqual({ suite_name: 'assertions', total: 2, passed: 0, failed: 1, skipped: 1 })
  // A writer that is wrong takes nothing from a program that does what the task says.
  expect([kpi.pass_rate_after, kpi.first_prompt_success, kpi.t_first_green]).toEqual([1, true, '2026-01-01T00:00:00.200Z'])
})

test('sampling is what was sent with the winner’s answer', async () => {
  const agents = ['architect', 'coder'].map((id) => ({ id, persona: { id, title: id, style: 's', sampling: { topK: 7 } } }))
  const run = await runWithArtifacts(root.path, {
    spec: spec({
      prompt: 'Write add(a, b) in Python. add(1, 2) == 3',
      agents,
      sampling: { temperature: 0, maxTokens: 400 },
      seed: 9,
    }),
    said: { architect: program('a - b'), coder: program('a + b') },
  })
  expect(run.json<Kpi>('kpi.json').sampling).toEqual({
    temperature: 0,
    top_p: null,
    top_k: 7,
    min_p: null,
    repeat_penalty: null,
    seed: 9,
    max_tokens: 400,
    presence_penalty: null,
    frequency_penalty: null,
  })
})

test('the safety block says what the self-test of the sandbox counted', async () => {
  const run = await runWithArtifacts(root.path, { isolation: 'partial', selfTest: { attacks: 12, escaped: 1 } })
  expect(run.json<Kpi>('kpi.json').safety).toEqual({
    allow_net: false,
    sandbox_mode: 'bwrap/partial',
    fs_scope: 'scratch-only',
    driver: 'bwrap',
    isolation: 'partial',
    policy_hash: 'p0licy',
    escapes_seen: 1,
  })
})

test('where the sandbox did not count, nobody knows how many attacks would get out', async () => {
  const run = await runWithArtifacts(root.path, { selfTest: null })
  expect(run.json<Kpi>('kpi.json').safety.escapes_seen).toBeNull()
})
