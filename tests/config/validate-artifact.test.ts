import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { type ArtifactKind, createArtifactValidator } from '../../src/config/validate-artifact.ts'
import {
  CONSENSUS_SCHEMA_VERSION,
  type ConsensusArtifact,
  SELECTOR_SCHEMA_VERSION,
  type SelectorDecision,
} from '../../src/domain/artifacts.ts'
import type { ConfigFile } from '../../src/domain/config.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'
import type { RunEventBody, RunEventType } from '../../src/domain/event.ts'
import type { Kpi } from '../../src/domain/kpi.ts'
import type { LogRecord } from '../../src/domain/record.ts'
import { counts, EMPTY_KPI, FULL_KPI } from './kpi-samples.ts'

const root = join(import.meta.dirname, '../..')
const validate = createArtifactValidator(join(root, 'schemas'))

function faultsOf(kind: ArtifactKind, value: unknown): unknown {
  try {
    validate(kind, value)
    return null
  } catch (error) {
    if (error instanceof CodeConductorError && error.code === 'ARTIFACT_INVALID') return error.details['faults']
    throw error
  }
}

describe('kpi.json', () => {
  test('is valid for a run that never came to anything, and for one that did all', () => {
    expect([faultsOf('kpi', EMPTY_KPI), faultsOf('kpi', FULL_KPI)]).toEqual([null, null])
  })

  test('needs every one of its fields', () => {
    for (const field of Object.keys(EMPTY_KPI)) {
      const { [field as keyof Kpi]: _, ...rest } = EMPTY_KPI
      expect(faultsOf('kpi', rest)).toEqual([`/ must have required property '${field}'`])
    }
  })

  test.each([
    ['a field of its own', { extra: 1 }, '/ must NOT have additional properties ("extra")'],
    ['a score that is no number', { winner_score: Number.NaN }, '/winner_score must be number,null'],
    ['a time without a zone', { ts: '2026-01-01 00:00' }, '/ts must match format "date-time"'],
    ['a rate above one', { pass_rate_after: 1.1 }, '/pass_rate_after must be <= 1'],
    ['part of a millisecond', { ttft_ms: 1.5 }, '/ttft_ms must be integer,null'],
    ['two weights', { codebleu_weights: [0.5, 0.5] }, '/codebleu_weights must NOT have fewer than 3 items'],
    ['a number passed that is not whole', { tests_after: { ...counts, passed: -1 } }, '/tests_after/passed must be >= 0'],
  ])('with %s is refused', (_, change, fault) => {
    expect(faultsOf('kpi', { ...FULL_KPI, ...change })).toContain(fault)
  })

  test('with many faults names the first three', () => {
    expect(faultsOf('kpi', {})).toHaveLength(3)
  })
})

const CONSENSUS: ConsensusArtifact = {
  consensus_schema_version: CONSENSUS_SCHEMA_VERSION,
  run_id: '01k',
  method: 'ast-medoid',
  reason: 'nearest to all others',
  winner: { candidate: 'coder.1', agent: 'coder', model: 'm', score: 0.7 },
  cached: false,
  candidates: [
    {
      id: 'coder.1',
      agent: 'coder',
      round: 1,
      model: 'm',
      models: ['m'],
      count: 1,
      score: 0.7,
      is_live: true,
      output_sha: 'a'.repeat(64),
      language: 'python',
      nodes: 12,
      code_hash: 'abc',
      parts: { medoid: 0.7 },
    },
  ],
  rejected: [{ id: 'architect.1', agent: 'architect', reason: 'no-code', detail: 'no fenced block' }],
  dissent: [{ agent: 'bug_hunter', candidate: 'bug_hunter.1', why: 'sorts first' }],
  evidence_grade: 'unverified',
  confidence: 0.4,
  code_quality: null,
  syntax_valid: true,
  consensus: 'def f(): pass\n',
  formula: { score: 's', order: 'o', confidence: 'c', stop: 'e' },
  plan: null,
  execution: null,
  decision: null,
}

const DECISION: SelectorDecision = {
  selector_schema_version: SELECTOR_SCHEMA_VERSION,
  run_id: '01k',
  policy: 'latency',
  scores: { m: 0.5 },
  chosen: 'm',
  fallbacks: ['n'],
  sampling: { temperature: null, top_p: null },
  why: { reason: 'policy_scoring', policy: 'latency', forced_value: null, top_candidates: [['m', 0.5]] },
  agents: [{ id: 'coder', models: ['m', 'n'] }],
}

describe('consensus.json and selector_decision.json', () => {
  test('are valid with a winner and without', () => {
    const without: ConsensusArtifact = {
      ...CONSENSUS,
      method: null,
      winner: { candidate: null, agent: null, model: null, score: null },
      candidates: [],
      confidence: null,
      syntax_valid: null,
      consensus: null,
    }
    const none: SelectorDecision = {
      ...DECISION,
      scores: {},
      chosen: null,
      fallbacks: [],
      why: { reason: 'no_model', policy: null, forced_value: null, top_candidates: [] },
      agents: [],
    }
    expect([faultsOf('consensus', CONSENSUS), faultsOf('consensus', without)]).toEqual([null, null])
    expect([faultsOf('selector-decision', DECISION), faultsOf('selector-decision', none)]).toEqual([null, null])
  })

  test('are refused where they hold more or less than they should', () => {
    expect(faultsOf('consensus', { ...CONSENSUS, status: 'x' })).toEqual(['/ must NOT have additional properties ("status")'])
    expect(faultsOf('consensus', { ...CONSENSUS, candidates: [{ ...CONSENSUS.candidates[0], output_sha: 'short' }] })).toEqual([
      '/candidates/0/output_sha must match pattern "^[0-9a-f]{64}$"',
    ])
    expect(faultsOf('selector-decision', { ...DECISION, why: { ...DECISION.why, top_candidates: [['m']] } })).toEqual([
      '/why/top_candidates/0 must NOT have fewer than 2 items',
    ])
  })
})

const usage = { inputTokens: 1, cachedTokens: null, outputTokens: 2 }
const timings = { queuedMs: 0, ttftMs: 1.5, totalMs: 3, tokensPerSecond: null }

/** One of every event; the compiler asks for a new one here when one is added. */
const EVENTS: { readonly [T in RunEventType]: Extract<RunEventBody, { type: T }> } = {
  'run.started': {
    type: 'run.started',
    protocol: 'evidence',
    rounds: 1,
    agents: [{ id: 'coder', title: 'Coder', method: 'direct' }],
  },
  'agents.assigned': { type: 'agents.assigned', agents: [{ id: 'coder', models: ['m'] }] },
  'round.started': { type: 'round.started', round: 1, phase: 'draft', agents: ['coder'] },
  'turn.started': { type: 'turn.started', agent: 'coder', turn: 'run/coder#1', phase: 'draft', round: 1, attempt: 1 },
  'turn.granted': { type: 'turn.granted', agent: 'coder', turn: 'run/coder#1', model: 'm', queuedMs: 0.5 },
  'turn.first_token': { type: 'turn.first_token', agent: 'coder', turn: 'run/coder#1', ttftMs: 8 },
  'turn.completed': {
    type: 'turn.completed',
    agent: 'coder',
    turn: 'run/coder#1',
    phase: 'draft',
    round: 1,
    model: 'm',
    finish: 'stop',
    usage,
    timings,
    chars: 10,
  },
  'turn.failed': {
    type: 'turn.failed',
    agent: 'coder',
    turn: 'run/coder#1',
    code: 'unreachable',
    message: 'no',
    retryInMs: null,
  },
  'agent.abstained': { type: 'agent.abstained', agent: 'coder', code: 'unreachable', reason: 'three times' },
  'round.completed': { type: 'round.completed', round: 1, phase: 'draft', standing: ['coder'] },
  'candidates.gated': {
    type: 'candidates.gated',
    candidates: [{ id: 'coder.1', agent: 'coder', language: 'python', lines: 3, parses: true }],
    rejected: [{ id: 'a.1', agent: 'a', reason: 'no-code' }],
  },
  'evidence.gathered': {
    type: 'evidence.gathered',
    candidate: 'coder.1',
    agent: 'coder',
    loads: true,
    examples: [1, 2],
    assertions: [0, 0],
    tests: [2, 2],
    testsGrade: 'forgeable',
  },
  'candidates.ranked': {
    type: 'candidates.ranked',
    ranking: [{ id: 'coder.1', agent: 'coder', score: 1 }],
    isOpen: false,
    why: 'one',
  },
  'debate.opened': { type: 'debate.opened', round: 2, kind: 'distinguish', why: 'two behaviours' },
  'verdict.reached': {
    type: 'verdict.reached',
    verdict: {
      winner: 'coder.1',
      agent: 'coder',
      model: 'm',
      grade: 'unverified',
      confidence: 0.5,
      method: 'ast-medoid',
      reason: 'r',
      ranking: [{ candidate: 'coder.1', agent: 'coder', score: 1, isLive: true, parts: { medoid: 1 } }],
      dissent: [],
      tests: null,
    },
  },
  'run.resumed': { type: 'run.resumed', asked: ['run/coder#1'] },
  'run.completed': {
    type: 'run.completed',
    runId: '01k',
    outcome: 'completed',
    stopReason: 'agreed',
    detail: '',
    winner: 'coder.1',
    grade: 'verified',
    inputTokens: 1,
    outputTokens: 2,
    digest: 'abc',
  },
}

describe('an event', () => {
  test.each(Object.values(EVENTS))('$type is valid, and closed', (event) => {
    expect(faultsOf('event', { ...event, v: 1, seq: 0, t: 0.5 })).toBeNull()
    expect(faultsOf('event', { ...event, v: 1, seq: 0, t: 0, more: 1 })).toEqual([
      '/ must NOT have additional properties ("more")',
    ])
  })

  test("of evidence has the user's tests with their grade, or neither", () => {
    const { tests, testsGrade, ...event } = { ...EVENTS['evidence.gathered'], v: 1, seq: 0, t: 0 }
    expect(faultsOf('event', event)).toBeNull()
    expect(faultsOf('event', { ...event, tests })).toEqual(['/ must have property testsGrade when property tests is present'])
    expect(faultsOf('event', { ...event, testsGrade })).toEqual([
      '/ must have property tests when property testsGrade is present',
    ])
    expect(faultsOf('event', { ...event, tests, testsGrade: 'passed' })).toHaveLength(1)
  })

  test('has a schema for every type and no other', () => {
    const { properties } = JSON.parse(readFileSync(join(root, 'schemas/event.schema.json'), 'utf8'))
    expect(properties.type.enum).toEqual(Object.keys(EVENTS))
    expect(faultsOf('event', { type: 'run.exploded', v: 1, seq: 0, t: 0 })).not.toBeNull()
  })
})

describe('a record', () => {
  test('is valid with what an input and its outputs are made of', () => {
    const records: LogRecord[] = [
      {
        v: 1,
        seq: 0,
        t: 0,
        k: 'start',
        a: 'run',
        d: { prompt: 'p' },
        o: [
          ['T', 1, 60_000],
          ['R', 'run/coder#1', 'chat', 'hash'],
        ],
        h: 'h',
      },
      { seq: 1, t: 2.5, k: 'chunk', id: 'run/coder#1', att: 2, d: 'text' },
      {
        seq: 2,
        t: 3,
        k: 'cmd',
        a: 'run',
        id: 'c1',
        o: [
          ['t', 1],
          ['C', 'run/coder#1'],
        ],
        h: 'i',
      },
    ]
    expect(records.map((record) => faultsOf('record', record))).toEqual([null, null, null])
  })

  test('of an unknown kind or without its place is refused', () => {
    expect(faultsOf('record', { seq: 1, t: 0, k: 'wish' })).toEqual(['/k must be equal to one of the allowed values'])
    expect(faultsOf('record', { seq: -1, t: 0, k: 'tick' })).toEqual(['/seq must be >= 0'])
  })
})

describe('files of a user', () => {
  test('fit their schemas as they stand', () => {
    const config: ConfigFile = { rounds: 2, limits: { quorum: null }, backends: [{ kind: 'vllm', url: 'http://127.0.0.1:8000' }] }
    const coder = load(readFileSync(join(root, 'personas/coder.yaml'), 'utf8'))
    expect([faultsOf('config', config), faultsOf('persona', coder)]).toEqual([null, null])
    expect(faultsOf('config', { round: 2 })).toEqual(['/ must NOT have additional properties ("round")'])
  })
})

test('a folder without schemas is told as a fault of the installation', () => {
  expect(() => createArtifactValidator(join(root, 'none'))('kpi', {})).toThrow('the schema of kpi could not be read')
})
