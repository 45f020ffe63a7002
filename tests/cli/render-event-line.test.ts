import { expect, test } from 'vitest'
import { isTurnEvent, renderEventLine } from '../../src/cli/render-event-line.ts'
import type { RunEventBody } from '../../src/domain/event.ts'
import { NO_VERDICT } from '../../src/machines/judging.ts'
import { answered, assigned, granted, roundStarted, runEvents, started, turnStarted } from './run-events.ts'

const LOADS = {
  type: 'evidence.gathered',
  candidate: 'coder.1',
  agent: 'coder',
  loads: true,
  examples: [0, 0],
  assertions: [0, 0],
} as const

const cases: readonly (readonly [RunEventBody, string | null])[] = [
  [started, 'run evidence, 1 round: architect, bug_hunter, coder'],
  [assigned, 'models qwen-0.5b (architect, bug_hunter) · qwen3-coder:30b (coder)'],
  [roundStarted, 'round 1 blind drafts: architect, bug_hunter, coder'],
  [turnStarted('coder'), null],
  [granted('coder', 'ollama/qwen3-coder:30b'), 'coder asks qwen3-coder:30b'],
  [answered('coder', 'ollama/qwen3-coder:30b', 5_200), 'coder answered 212 tokens in 5.2 s · 42 tok/s'],
  [
    { type: 'turn.failed', agent: 'coder', turn: 't', code: 'protocol', message: 'not \x1b[31mJSON', retryInMs: null },
    'coder failed: protocol: not ␛[31mJSON',
  ],
  [{ type: 'agent.abstained', agent: 'coder', code: 'X', reason: 'gone' }, 'coder takes no further part: gone'],
  [{ type: 'round.completed', round: 1, phase: 'draft', standing: [] }, 'round 1 blind drafts done; still in: nobody'],
  [
    {
      type: 'candidates.gated',
      candidates: [
        { id: 'architect.1', agent: 'architect', language: 'python', lines: 12, parses: true },
        { id: 'coder.1', agent: 'coder', language: 'python', lines: 1, parses: false },
      ],
      rejected: [{ id: 'bug_hunter.1', agent: 'bug_hunter', reason: 'no-code' }],
    },
    'candidates architect.1 12 lines · coder.1 1 line; coder.1 does not parse, bug_hunter.1 no-code',
  ],
  [
    { type: 'evidence.gathered', candidate: 'coder.1', agent: 'coder', loads: true, examples: [2, 3], assertions: [4, 6] },
    'evidence coder.1 loads · examples 2/3 · assertions 4/6',
  ],
  ...(['verified', 'forgeable', 'unverified'] as const).map((testsGrade): [RunEventBody, string] => [
    { ...LOADS, tests: [2, 2], testsGrade },
    `evidence coder.1 loads · tests 2/2${testsGrade === 'verified' ? '' : ` (${testsGrade})`}`,
  ]),
  [
    { type: 'evidence.gathered', candidate: 'coder.1', agent: 'coder', loads: false, examples: [0, 0], assertions: [0, 0] },
    'evidence coder.1 could not be loaded and called',
  ],
  // Where nothing was called nobody looked whether it loads.
  [{ ...LOADS, loads: false, tests: [0, 2], testsGrade: 'unverified' }, 'evidence coder.1 tests 0/2 (unverified)'],
  [
    { type: 'candidates.ranked', ranking: [{ id: 'coder.1', agent: 'coder', score: 0.833 }], isOpen: true, why: 'two lead' },
    'ranking coder.1 0.83 · open: two lead',
  ],
  [
    { type: 'debate.opened', round: 2, kind: 'distinguish', why: 'they differ on f([]): [] or None' },
    'debate round 2 opens: they differ on f([]): [] or None',
  ],
  [{ type: 'verdict.reached', verdict: NO_VERDICT }, null],
  [{ type: 'run.resumed', asked: ['run/coder#1'] }, 'goes on; asked again: run/coder#1'],
  [
    {
      type: 'run.completed',
      runId: '01m8a0erjb8h9k92etf78hjhnf',
      outcome: 'completed',
      stopReason: 'agreed',
      detail: '',
      winner: 'coder.1',
      grade: 'verified',
      inputTokens: 1,
      outputTokens: 1,
      digest: 'd',
    },
    'run JHNF completed: agreed',
  ],
]

test.each(cases)('$type is told in one printable line, or is no news', (body, line) => {
  expect(renderEventLine(runEvents([body])[0] as never)).toBe(line)
})

test('what happens within one turn is for the rows of the live view; its failure is news', () => {
  const of = (body: RunEventBody): boolean => isTurnEvent(runEvents([body])[0] as never)
  expect([turnStarted('a'), granted('a', 'm'), answered('a', 'm', 1)].map(of)).toEqual([true, true, true])
  expect(of({ type: 'turn.failed', agent: 'a', turn: 't', code: 'c', message: 'm', retryInMs: null })).toBe(false)
})
