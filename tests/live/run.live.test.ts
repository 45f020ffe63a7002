import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compose, packagePath } from '../../src/app/compose.ts'
import { replayRecords } from '../../src/app/replay-run.ts'
import { resumeRun } from '../../src/app/resume-run.ts'
import { startRun } from '../../src/app/start-run.ts'
import { writeArtifacts } from '../../src/app/write-artifacts.ts'
import { loadPersonas } from '../../src/config/load-personas.ts'
import { selectAgents } from '../../src/config/select-agents.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import { RunSpec } from '../../src/domain/run-spec.ts'

const url = process.env['CODECONDUCTOR_LIVE_LLAMACPP']

/** Whole runs on a real llama.cpp server: `CODECONDUCTOR_LIVE_LLAMACPP=http://127.0.0.1:8080`. */
describe.skipIf(url === undefined)('a run on a real server (skipped: CODECONDUCTOR_LIVE_LLAMACPP names none)', () => {
  let root = ''
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'codeconductor-live-'))
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  const conduct = () =>
    compose({
      config: { ...BUILT_IN_CONFIG, discovery: false, backends: [{ kind: 'llamacpp', url: url ?? '' }], artifactsDir: root },
      env: process.env,
      cwd: root,
    })

  const specOf = async () =>
    RunSpec.parse({
      prompt: 'Write double(x) in Python. It returns twice its argument. double(2) == 4',
      agents: selectAgents(await loadPersonas(packagePath('personas')), ['architect', 'coder'], {}),
      sampling: { maxTokens: 120, temperature: 0 },
      seed: 1,
    })

  test('ends with a verdict, true figures, a sealed log that replays, and its files', async () => {
    const conductor = await conduct()
    try {
      const result = await (await startRun(await specOf(), conductor)).result
      expect(['completed', 'noConsensus']).toContain(result.outcome)
      for (const agent of ['architect', 'coder']) {
        const answer = result.context.agents[agent]?.answers[0]?.answer
        expect(answer?.text.length).toBeGreaterThan(10)
        expect(answer?.timings.ttftMs).toBeGreaterThan(0)
        expect(answer?.usage.outputTokens).toBeGreaterThan(1)
      }
      const { records } = await conductor.store.read(result.runId)
      expect(replayRecords(records)).toMatchObject({ divergence: null, digest: result.digest })
      const { files } = await writeArtifacts(conductor, result)
      expect(files).toEqual(expect.arrayContaining(['kpi.json', 'report.md', 'consensus.json']))
    } finally {
      await conductor.close()
    }
  })

  test('interrupted in the middle of an answer, it goes on and ends', async () => {
    const first = await conduct()
    const handle = await startRun(await specOf(), first)
    for await (const event of handle) if (event.type === 'turn.first_token') handle.interrupt('live test')
    expect((await handle.result).stopReason).toBe('interrupted')
    await first.close()
    const second = await conduct()
    try {
      const result = await (await resumeRun(handle.runId, second)).result
      expect(['completed', 'noConsensus']).toContain(result.outcome)
      const settled = (await second.store.read(handle.runId)).records
        .filter((record) => record.k === 'ok')
        .map((record) => record.id)
      expect(new Set(settled).size).toBe(settled.length)
    } finally {
      await second.close()
    }
  })
})
