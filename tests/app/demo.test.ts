import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { compose } from '../../src/app/compose.ts'
import { composeDemo, loadDemo } from '../../src/app/demo.ts'
import { startRun } from '../../src/app/start-run.ts'
import { createMock } from '../../src/backends/mock.ts'
import { createRecordingBackend, formatRecording } from '../../src/backends/recording.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'

const folder = mkdtempSync(join(tmpdir(), 'demo-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const options = { config: { ...BUILT_IN_CONFIG, artifactsDir: folder }, env: {}, cwd: folder }

test('a demo plays recorded answers through the real engine, with no server', async () => {
  writeFileSync(join(folder, 'demo.yaml'), 'prompt: Write double(x) in Python.\nagents: [architect, coder]\nseed: 7\n')
  writeFileSync(join(folder, 'demo.jsonl'), '')
  const { spec } = await loadDemo('demo', folder)
  let lines = ''
  const recorder = createRecordingBackend(createMock({ models: [{ name: 'qwen-0.5b' }] }), (recording) => {
    lines += formatRecording(recording)
  })
  const live = await compose({ ...options, backends: [recorder] })
  const first = await (await startRun(spec, live)).result
  await live.close()
  writeFileSync(join(folder, 'demo.jsonl'), lines)

  const demo = await loadDemo('demo', folder)
  const conductor = await composeDemo(demo, options, 0)
  const result = await (await startRun(demo.spec, conductor)).result
  await conductor.close()
  expect(demo.models).toEqual(['qwen-0.5b'])
  expect([result.outcome, result.context.judgement?.verdict.winner]).toEqual([
    first.outcome,
    first.context.judgement?.verdict.winner,
  ])
  expect(result.events.filter(({ type }) => type === 'turn.completed')).toHaveLength(2)
})

test.each([
  ['absent', {}, "the demo's absent.yaml is missing"],
  ['bad', { 'bad.yaml': 'prompt: x\nagents: [coder]\ncolour: red\n', 'bad.jsonl': '' }, "the demo's bad.yaml"],
  ['half', { 'half.yaml': 'prompt: x\nagents: [coder]\n' }, "the demo's half.jsonl is missing"],
])('a demo that is %s is a typed error', async (name, files, message) => {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  await expect(loadDemo(name, folder)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    message: expect.stringContaining(message),
  })
})
