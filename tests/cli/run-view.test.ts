import fc from 'fast-check'
import pc from 'picocolors'
import { expect, test } from 'vitest'
import { displayWidth } from '../../src/cli/display-width.ts'
import { estimateRound, renderRange } from '../../src/cli/estimate-time.ts'
import { renderView } from '../../src/cli/render-view.ts'
import { EMPTY_VIEW, foldEvent, foldToken, type RunView } from '../../src/cli/run-view.ts'
import type { RunEventBody } from '../../src/domain/event.ts'
import { answered, assigned, firstToken, granted, roundStarted, runEvents, started, turnStarted } from './run-events.ts'

const SMALL = 'llamacpp/qwen-0.5b'
const LARGE = 'ollama/qwen3-coder:30b'
const plain = pc.createColors(false)

function viewAfter(bodies: readonly RunEventBody[], stepMs = 0): RunView {
  return runEvents(bodies, stepMs).reduce((view, event) => foldEvent(view, event, event.t), EMPTY_VIEW)
}

function show(view: RunView, nowMs: number, change: { columns?: number; rows?: number; draining?: number } = {}): string[] {
  return renderView(view, { nowMs, columns: 80, rows: 20, paint: plain, draining: 0, ...change })
}

const drafting = viewAfter([
  started,
  assigned,
  roundStarted,
  ...['architect', 'bug_hunter', 'coder'].map(turnStarted),
  granted('architect', SMALL),
  granted('coder', LARGE),
])

test('each agent has a row: who reads, who waits and for whom', () => {
  expect(show(drafting, 1_500)).toEqual([
    'Round 1 · blind drafts                                                     0:01',
    '  architect   qwen-0.5b        reading the prompt · 0:01',
    '  bug_hunter  qwen-0.5b        waiting · its model answers architect',
    '  coder       qwen3-coder:30b  reading the prompt · 0:01',
  ])
})

test('an agent that writes shows its speed, its first token, how long it is silent and its last line', () => {
  const first = foldEvent(drafting, runEvents([firstToken('coder', 1_900)])[0] as never, 1_900)
  const writing = Array.from({ length: 41 }, (_, i) => i).reduce(
    (view, i) =>
      foldToken(view, { turn: 'run/coder#1', agent: 'coder', offset: i, text: i === 20 ? '\n' : 'x ' }, 2_000 + i * 25),
    first,
  )
  expect(show(writing, 3_000)[3]).toMatch(/^ {2}coder {7}qwen3-coder:30b {2}writing ~40 tok\/s {2}first 1\.9 s {2}"…[x ]+"$/)
  expect(show(writing, 9_000)[3]).toContain('silent 6.0 s')
})

test('ten seconds of silence are explained, with what this run has seen of the model', () => {
  expect(show(drafting, 9_900)).toHaveLength(4)
  expect(show(drafting, 10_000).at(-1)).toBe('  A model says nothing while it loads and while it reads its prompt (prefill).')
  const second = viewAfter([started, assigned, roundStarted, answered('architect', SMALL, 8_000), granted('bug_hunter', SMALL)])
  expect(show(second, 12_000, { columns: 140 }).at(-1)).toContain('Its last 480 tokens took 3.0 s.')
})

test('a request that was given up and still keeps its server busy is explained', () => {
  expect(show(drafting, 100, { draining: 1 }).at(-1)).toBe(
    '  1 request given up; a server notices at its next token and is busy until then',
  )
})

test('while programs are judged the heading counts them, each once, and from the start when they are judged again', () => {
  const candidate = (id: string) => ({ id, agent: id, language: 'python', lines: 2, parses: true })
  const gated = { type: 'candidates.gated', candidates: ['a.1', 'b.1', 'c.1'].map(candidate), rejected: [] } as const
  const shown = (id: string) =>
    ({ type: 'evidence.gathered', candidate: id, agent: id, loads: true, examples: [1, 1], assertions: [0, 0] }) as const
  const closed = { type: 'round.completed', round: 1, phase: 'draft', standing: ['architect'] } as const
  const heading = (...more: RunEventBody[]) =>
    show(viewAfter([started, assigned, roundStarted, closed, gated, ...more]), 0)[0]?.replace(/ {2,}.*/, '')
  expect([
    heading(),
    heading(shown('b.1'), shown('a.1')),
    heading(shown('b.1'), shown('b.1')),
    heading(shown('b.1'), gated),
  ]).toEqual([
    'Round 1 · judging',
    'Round 1 · judging · 2 of 3 programs run',
    'Round 1 · judging · 1 of 3 programs run',
    'Round 1 · judging',
  ])
})

test('the heading counts nothing of an earlier judging, and what the tests were run on apart from what was executed', () => {
  const candidate = (id: string) => ({ id, agent: id, language: 'python', lines: 2, parses: true })
  const gated = (...ids: string[]): RunEventBody => ({
    type: 'candidates.gated',
    candidates: ids.map(candidate),
    rejected: [],
  })
  const shown = (id: string, more: object = {}): RunEventBody => ({
    ...{ type: 'evidence.gathered', candidate: id, agent: id, loads: true, examples: [1, 1], assertions: [0, 0] },
    ...more,
  })
  const tested = (id: string): RunEventBody => shown(id, { tests: [1, 2], testsGrade: 'forgeable' })
  const closed = (round: number): RunEventBody => ({ type: 'round.completed', round, phase: 'repair', standing: ['coder'] })
  const repair: RunEventBody = { type: 'round.started', round: 2, phase: 'repair', agents: ['coder'] }
  const judgedOnce = [started, assigned, roundStarted, closed(1), gated('a.1', 'b.1'), shown('a.1'), shown('b.1')]
  const heading = (...more: RunEventBody[]) => show(viewAfter([...judgedOnce, ...more]), 0)[0]?.replace(/ {2,}.*/, '')
  const again = [repair, closed(2)]
  const executed = [...again, gated('a.1', 'b.1', 'a.2'), shown('a.1')]
  expect([heading(), heading(...again), heading(...executed)]).toEqual([
    'Round 1 · judging · 2 of 2 programs run',
    'Round 2 · judging',
    'Round 2 · judging · 1 of 3 programs run',
  ])
  expect([
    heading(tested('b.1')),
    heading(tested('b.1'), tested('a.1')),
    heading(tested('b.1'), ...again),
    heading(tested('b.1'), ...executed),
    heading(...again, gated('a.1', 'b.1', 'a.2'), tested('a.2')),
  ]).toEqual([
    'Round 1 · judging · 2 of 2 programs run, 1 tested',
    'Round 1 · judging · 2 of 2 programs run, 2 tested',
    'Round 2 · judging',
    'Round 2 · judging · 1 of 3 programs run',
    'Round 2 · judging · 1 of 3 programs tested',
  ])
})

test('what is judged although its round did not come to its end, as where a budget is spent, is headed as judged', () => {
  const gated: RunEventBody = { type: 'candidates.gated', candidates: [], rejected: [] }
  expect(show(viewAfter([started, assigned, roundStarted, gated]), 0)[0]).toMatch(/^Round 1 · judging {2}/)
})

test('answers, failures and agents that are out say so', () => {
  const view = viewAfter([
    started,
    assigned,
    roundStarted,
    answered('architect', SMALL, 5_200),
    { type: 'turn.failed', agent: 'coder', turn: 'run/coder#1', code: 'timeout-idle', message: 'nothing came', retryInMs: 2_000 },
    { type: 'agent.abstained', agent: 'bug_hunter', code: 'INTERNAL', reason: 'its model is gone' },
  ])
  expect(show(view, 0).slice(1)).toEqual([
    '  architect   qwen-0.5b        answered 212 tokens in 5.2 s · 42 tok/s',
    '  bug_hunter  qwen-0.5b        takes no further part: its model is gone',
    '  coder       qwen3-coder:30b  failed: timeout-idle, again in 2.0 s',
  ])
})

test('what is left of a round is a range from answers of the same model, and nothing where there is none', () => {
  expect(estimateRound(drafting, 1_000)).toBeNull()
  const view = viewAfter([started, assigned, roundStarted, answered('coder', LARGE, 9_000), answered('architect', SMALL, 20_000)])
  expect(estimateRound(view, 0)).toEqual({ fromMs: 20_000, toMs: 20_000 })
  const two = viewAfter([
    started,
    assigned,
    roundStarted,
    answered('coder', LARGE, 9_000),
    answered('nobody', SMALL, 20_000),
    granted('architect', SMALL),
  ])
  expect(estimateRound(two, 5_000)).toEqual({ fromMs: 15_000, toMs: 35_000 })
})

test('an estimate that was outlasted, or that spreads beyond eight times, disappears', () => {
  const view = viewAfter([
    started,
    assigned,
    roundStarted,
    answered('coder', LARGE, 1),
    answered('architect', SMALL, 20_000),
    granted('bug_hunter', SMALL),
  ])
  expect(estimateRound(view, 20_000)).toBeNull()
  const wide = viewAfter([
    started,
    assigned,
    roundStarted,
    answered('coder', LARGE, 1),
    answered('architect', SMALL, 90_000),
    answered('nobody', SMALL, 2_000),
  ])
  expect(estimateRound(wide, 0)).toBeNull()
})

test('a range is told in seconds, or in minutes where it is long', () => {
  expect([
    renderRange({ fromMs: 15_200, toMs: 34_100 }),
    renderRange({ fromMs: 119_000, toMs: 230_000 }),
    renderRange({ fromMs: 5_000, toMs: 5_000 }),
  ]).toEqual(['about 15–35 s left', 'about 1–4 min left', 'about 5 s left'])
})

test('no line is wider than the terminal and no more are drawn than fit, whatever names and answers hold', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(name, name, fc.integer({ min: 20, max: 120 }), fc.integer({ min: 1, max: 12 }), (model, text, columns, rows) => {
      const assignedTo: RunEventBody = { type: 'agents.assigned', agents: [{ id: 'coder', models: [`b/${model}`] }] }
      const view = foldToken(
        viewAfter([started, assignedTo, roundStarted]),
        { turn: 'run/coder#1', agent: 'coder', offset: 0, text: `\x1b[2J${text}` },
        50,
      )
      const lines = show(view, 15_000, { columns, rows, draining: 2 })
      expect(lines.length).toBeLessThanOrEqual(rows)
      for (const line of lines) {
        expect(displayWidth(line)).toBeLessThan(columns)
        expect(line).not.toContain('\x1b')
      }
    }),
  )
})

test('a run that is over has no view', () => {
  expect(show({ ...drafting, isOver: true }, 0)).toEqual([])
})
