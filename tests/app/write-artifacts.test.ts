import { mkdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createArtifactTools } from '../../src/app/artifact-tools.ts'
import { writeArtifacts } from '../../src/app/write-artifacts.ts'
import type { ConsensusArtifact, RunConfigArtifact, SelectorDecision } from '../../src/domain/artifacts.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'
import type { Kpi } from '../../src/domain/kpi.ts'
import { persona, spec } from '../support/test-services.ts'
import { type ArtifactRun, createRoot, NO_HARDWARE, passTime, program, runWithArtifacts, testTools } from './artifact-run.ts'

const root = createRoot()
afterAll(() => root.remove())

const FILES = [
  'after/add.py',
  'consensus.json',
  'kpi.json',
  'logs/prompts.jsonl',
  'report.md',
  'run_config.json',
  'selector_decision.json',
  'snapshot.json',
  'tests/assertions.txt',
  'transcript.md',
]

describe('the files of a run that agreed', () => {
  let run: ArtifactRun
  beforeAll(async () => {
    run = await runWithArtifacts(root.path)
  })

  test('are these and no others, with nothing empty', () => {
    expect(run.listed()).toEqual(FILES)
    expect([...run.files].sort()).toEqual(FILES)
    expect(FILES.filter((name) => run.read(name).trim() === '')).toEqual([])
    expect(run.files[0]).toBe('report.md')
  })

  test('tell no path of this machine', () => {
    const text = FILES.map((name) => run.read(name)).join('\n')
    for (const secret of [root.path, process.cwd(), process.env['HOME'] ?? '/nowhere', process.env['USER'] ?? '\0']) {
      if (secret.length > 5) expect(text).not.toContain(secret)
    }
  })

  test('hold the figures, with null for what was not measured', async () => {
    const { log_digest, codebleu_score, codebleu_parts, ...kpi } = run.json<Kpi>('kpi.json')
    expect(log_digest).toBe(run.result.digest)
    expect(codebleu_score).toBeGreaterThan(0.5)
    expect(codebleu_parts?.ast).toBe(1)
    await expect(`${JSON.stringify(kpi, null, 2)}\n`).toMatchFileSnapshot('golden/kpi.json.txt')
  })

  test('sum the run up for a colleague', async () => {
    await expect(run.read('report.md')).toMatchFileSnapshot('golden/report.md')
  })

  test('say everything that was said', async () => {
    await expect(run.read('transcript.md')).toMatchFileSnapshot('golden/transcript.md')
  })

  test('hold the assertions as they were written, those that could not be used too', async () => {
    await expect(run.read('tests/assertions.txt')).toMatchFileSnapshot('golden/assertions.txt')
  })

  test('hold each prompt as it was sent, under the hash its log line carries', async () => {
    const prompts = run
      .read('logs/prompts.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const { records } = await run.conductor.store.read(run.result.runId)
    const asked = records.flatMap(({ o }) => o ?? []).filter((output) => output[0] === 'R' && output[2] === 'model')
    expect(prompts.map(({ id, inputHash }) => ['R', id, 'model', inputHash])).toEqual(asked)
    expect(prompts.map(({ agent, phase, round, attempt }) => [agent, phase, round, attempt])).toEqual([
      ['architect', 'draft', 1, 1],
      ['bug_hunter', 'draft', 1, 1],
      ['coder', 'draft', 1, 1],
      ['tester', 'write_tests', 1, 1],
    ])
    for (const { messages } of prompts) {
      expect(messages.map(({ role }: { role: string }) => role)).toEqual(['system', 'user'])
      expect(messages[1].content).toContain('# Task\nWrite add(a, b) in Python.')
    }
  })

  test('say which models were given and why', () => {
    const models = ['mock/mock']
    expect(run.json<SelectorDecision>('selector_decision.json')).toEqual({
      selector_schema_version: '2.0.0',
      run_id: run.result.runId,
      policy: 'latency',
      scores: {},
      chosen: 'mock/mock',
      fallbacks: [],
      sampling: { temperature: null, top_p: null },
      why: { reason: 'only_model', policy: null, forced_value: null, top_candidates: [] },
      agents: ['architect', 'bug_hunter', 'coder', 'tester'].map((id) => ({ id, models })),
    })
  })

  test('say what decided the run', () => {
    const config = run.json<RunConfigArtifact>('run_config.json')
    expect(config).toMatchObject({
      policy: 'latency',
      prompt_len: 56,
      protocol: 'evidence',
      rounds: 1,
      backends: [{ id: 'mock', kind: 'mock' }],
    })
    expect(config.env).toMatchObject({ ALLOW_NET: '0', SELECTOR_POLICY: 'latency', CC_TEMP: '', CODEBLEU_WEIGHTS: '' })
    expect(config.agents.map(({ id, persona, model }) => [id, persona, model])[0]).toEqual(['architect', 'architect', null])
  })
})

describe('a run that came to nothing leaves valid files', () => {
  const hang = [{ do: 'hang' }] as const
  const fail = [{ do: 'error', failure: 'protocol' }] as const

  test('when it was cancelled', async () => {
    const run = await runWithArtifacts(root.path, {
      said: { architect: hang, coder: hang },
      during: (handle, clock) => passTime(handle, clock, ({ type }) => type === 'turn.completed' && handle.cancel('Ctrl-C')),
    })
    const kpi = run.json<Kpi>('kpi.json')
    expect([kpi.outcome, kpi.stop_reason, kpi.winner_model, kpi.tests_after, kpi.exit_status]).toEqual([
      'cancelled',
      'cancelled-by-user',
      null,
      null,
      { patched: false, tests_passed: false, tests_missing: true, error: 'cancelled-by-user: Ctrl-C' },
    ])
    expect(kpi.log_digest).toBe(run.result.digest)
    expect(run.json<ConsensusArtifact>('consensus.json')).toMatchObject({
      method: null,
      decision: null,
      plan: null,
      candidates: [],
    })
    expect(run.listed()).not.toContain('after/add.py')
    expect(run.read('report.md')).toContain('No program was chosen. The run ended as cancelled: stopped by the user')
  })

  test('when it was interrupted, and the report says how to go on', async () => {
    const run = await runWithArtifacts(root.path, {
      said: { architect: hang },
      during: (handle, clock) => passTime(handle, clock, ({ type }) => type === 'turn.completed' && handle.interrupt('SIGINT')),
    })
    expect(run.json<Kpi>('kpi.json').stop_reason).toBe('interrupted')
    expect(run.read('report.md')).toContain('codeconductor resume ')
  })

  test('when every model failed', async () => {
    const run = await runWithArtifacts(root.path, { said: { architect: fail, bug_hunter: fail, coder: fail, tester: fail } })
    const kpi = run.json<Kpi>('kpi.json')
    expect([kpi.outcome, kpi.stop_reason, kpi.sampling, kpi.ttft_ms, kpi.token_usage]).toEqual([
      'failed',
      'quorum-lost',
      null,
      null,
      {},
    ])
    expect(run.read('transcript.md')).toContain('No agent answered.')
  })

  test('when there is no model', async () => {
    const run = await runWithArtifacts(root.path, { mock: { models: [] } })
    const kpi = run.json<Kpi>('kpi.json')
    expect([kpi.stop_reason, kpi.models, kpi.engine, kpi.latency_ms]).toEqual([
      'no-model',
      [],
      null,
      { planning: null, debate: null, selection: null, generation: null, patch_apply: null, tests: null },
    ])
    expect(run.json<SelectorDecision>('selector_decision.json').why.reason).toBe('no_model')
    expect(run.listed()).not.toContain('logs/prompts.jsonl')
  })

  test('when no answer holds a program', async () => {
    const run = await runWithArtifacts(root.path, { said: { architect: 'no', bug_hunter: 'no', coder: 'no' } })
    const kpi = run.json<Kpi>('kpi.json')
    expect([kpi.outcome, kpi.consensus_method, kpi.winner_score]).toEqual(['noConsensus', 'none', null])
    expect(run.json<ConsensusArtifact>('consensus.json').rejected.map(({ id, reason }) => [id, reason])).toContainEqual([
      'coder.1',
      'no-code',
    ])
  })

  test('when its log cannot be read, from what was seen of it', async () => {
    const { conductor, result } = await runWithArtifacts(root.path)
    const lost = async (): Promise<never> => {
      throw new CodeConductorError('LOG_CORRUPT', 'gone')
    }
    const written = new Map<string, string>()
    const tools = {
      ...testTools(),
      openFolder: () => ({ write: async (name: string, content: string) => void written.set(name, content) }),
    }
    await writeArtifacts({ ...conductor, store: { ...conductor.store, read: lost } }, result, tools)
    const kpi = JSON.parse(written.get('kpi.json') ?? '')
    expect([kpi.log_digest, kpi.winner_model, written.has('logs/prompts.jsonl')]).toEqual([null, 'mock/mock', false])
  })
})

test('nothing is written when one file does not fit its schema', async () => {
  const { conductor, result } = await runWithArtifacts(root.path)
  const written: string[] = []
  const tools = {
    ...testTools(),
    readHardware: async () => ({ ...NO_HARDWARE, ram_gb: Number.NaN }),
    openFolder: () => ({ write: async (name: string) => void written.push(name) }),
  }
  await expect(writeArtifacts(conductor, result, tools)).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' })
  expect(written).toEqual([])
})

test('a link that lies where a file goes is refused and not followed', async () => {
  const { conductor, result, folder } = await runWithArtifacts(root.path, { isExecuted: false })
  const elsewhere = join(root.path, 'elsewhere')
  mkdirSync(elsewhere)
  symlinkSync(elsewhere, join(folder, 'again'))
  const tools = { ...createArtifactTools(), readHardware: async () => NO_HARDWARE }
  const store = { ...conductor.store, folderOf: () => join(folder, 'again') }
  const linked = join(elsewhere, 'after')
  mkdirSync(join(root.path, 'target'))
  symlinkSync(join(root.path, 'target'), linked)
  await expect(writeArtifacts({ ...conductor, store }, result, tools)).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
})

test('nothing executed: the program is kept, its tests are null and every file says unverified', async () => {
  const run = await runWithArtifacts(root.path, {
    isExecuted: false,
    said: { coder: program('a + b', '\n\nprint(add(1, 2))\n') },
  })
  const kpi = run.json<Kpi>('kpi.json')
  expect([kpi.evidence_grade, kpi.tests_after, kpi.assertions_after, kpi.t_first_green, kpi.first_prompt_success]).toEqual([
    'unverified',
    null,
    null,
    null,
    false,
  ])
  expect(kpi.exit_status).toEqual({ patched: true, tests_passed: false, tests_missing: false, error: null })
  expect(kpi.safety).toEqual({
    allow_net: false,
    sandbox_mode: 'none',
    fs_scope: 'none',
    driver: null,
    isolation: null,
    policy_hash: null,
    escapes_seen: null,
  })
  expect(run.read('after/add.py')).toBe('def add(a, b):\n    return a + b\n')
  expect(run.read('report.md')).toContain('Behaviour: no call was executed: no sandbox in this test')
})

test('a solo run with a model that was asked for says so', async () => {
  const agents = [{ id: 'coder', persona: persona('coder', { models: ['other'] }), model: 'mock' }]
  const run = await runWithArtifacts(root.path, { spec: spec({ prompt: 'Write add(a, b).', protocol: 'solo', agents }) })
  expect(run.json<SelectorDecision>('selector_decision.json').why).toEqual({
    reason: 'forced_by_user',
    policy: null,
    forced_value: 'mock',
    top_candidates: [],
  })
  const kpi = run.json<Kpi>('kpi.json')
  expect([kpi.codebleu_score, kpi.codebleu_weights, kpi.exit_status.tests_missing]).toEqual([null, null, true])
  expect(run.listed()).not.toContain('tests/assertions.txt')
})

test.each([
  ['artifacts', 'artifacts/runs/'],
  ['./out/here/', 'out/here/runs/'],
  ['../elsewhere', 'runs/'],
  ['.', 'runs/'],
  [join(process.cwd(), 'inside'), 'inside/runs/'],
  ['/home/somebody/runs', 'runs/'],
])('a folder given as %s is told as %s<run id>', async (artifactsDir, told) => {
  const agents = [{ id: 'coder', persona: persona('coder') }]
  const { conductor, result } = await runWithArtifacts(root.path, {
    isExecuted: false,
    spec: spec({ prompt: 'Write add(a, b).', protocol: 'solo', agents }),
  })
  const config = { ...conductor.config, artifactsDir }
  await writeArtifacts({ ...conductor, config, artifactsDir: resolve(artifactsDir) }, result, {
    ...testTools(),
    openFolder: () => ({
      write: async (name, content) => {
        if (name === 'kpi.json') expect(JSON.parse(content).artifacts_dir).toBe(`${told}${result.runId}`)
        if (name === 'report.md') expect(content).toContain(`\`${told}${result.runId}\``)
      },
    }),
  })
  expect.assertions(2)
})
