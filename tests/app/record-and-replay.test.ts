import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMockBackend, createReplayBackend, expectReplay, recordRun, replayRun, runDebate } from '../../src/index.ts'
import { decodeLog, encodeRecord } from '../../src/store/record-codec.ts'

/* The way of docs/replay-in-tests.md, with a mock in the place of the real server. */

const root = mkdtempSync(join(tmpdir(), 'record-and-replay-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const DEBATE = { prompt: 'Write add(a, b) in Python.', agents: ['architect', 'coder'], cwd: root, env: {}, seed: 7 }
let recorded: Awaited<ReturnType<typeof recordRun>>

beforeAll(async () => {
  recorded = await recordRun(join(root, 'fixtures', 'add'), { ...DEBATE, backends: [createMockBackend()] })
})

test('a recorded run replays from its one file, wherever that is taken', async () => {
  const moved = join(root, 'elsewhere.log.jsonl')
  cpSync(recorded.log, moved)
  for (const run of [recorded.log, moved, recorded.result.folder]) {
    expect((await expectReplay(run)).digest).toBe(recorded.result.digest)
  }
})

test('the recordings answer the same debate with no server, to the same programs', async () => {
  const backend = await createReplayBackend(recorded.recordings)
  const again = await (await runDebate({ ...DEBATE, backends: [backend] })).result
  const programs = ({ context }: Pick<typeof again, 'context'>) =>
    context.judgement?.gate.candidates.map(({ id, program }) => [id, program])
  expect(again.outcome).toBe('completed')
  expect(programs(again)).toEqual(programs(recorded.result))
})

test('another prompt finds no recording, fails closed, and the miss names the nearest and what differs', async () => {
  const backend = await createReplayBackend(recorded.recordings)
  const debate = await runDebate({ ...DEBATE, prompt: 'Write sum(a, b) in Python.', backends: [backend] })
  const { outcome, events } = await debate.result
  const misses = events.flatMap((event) => (event.type === 'turn.failed' ? [event.message] : []))
  expect(outcome).toBe('failed')
  expect(misses[0]).toMatch(
    /no recording for this request to mock; the nearest, \w{12}, differs first in messages\[1\]\.content: at character \d+/,
  )
})

test('a log that was changed fails the test with both lists of outputs and the place; replayRun tells it as a value', async () => {
  const { records } = decodeLog(readFileSync(recorded.log))
  const at = records.findIndex(({ o = [] }) => o.some((output) => output[0] === 'R' && output[2] === 'gate'))
  const changed = records.map((record, i) => (i === at ? { ...record, o: [] } : record))
  await expect(expectReplay(changed)).rejects.toMatchObject({
    code: 'REPLAY_DIVERGED',
    message: expect.stringMatching(
      /^record \d+ \(ok run\/\w+#1\)[\s\S]*recorded, digest[\s\S]*nothing\n {2}now, digest[\s\S]*R run#2 gate/,
    ),
  })
  expect((await replayRun(changed)).divergence).toMatchObject({ seq: at, recorded: [] })
  expect((await replayRun(changed, { mode: 'outcome' })).divergence).toBeNull()
})

test('a log that breaks off is not passed for a whole one, one of a later version is refused, and damage is told', async () => {
  const { records } = decodeLog(readFileSync(recorded.log))
  await expect(expectReplay(records.slice(0, -1))).rejects.toMatchObject({
    code: 'REPLAY_DIVERGED',
    message: expect.stringContaining('not sealed'),
  })
  const later = records.map((record) => (record.k === 'start' ? { ...record, v: 99 } : record))
  await expect(replayRun(later)).rejects.toMatchObject({ code: 'LOG_TOO_NEW' })
  const damaged = join(root, 'damaged.log.jsonl')
  writeFileSync(damaged, records.map(encodeRecord).join('').replace('architect', 'architecT'))
  await expect(expectReplay(damaged)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
  await expect(expectReplay(join(root, 'nothing'))).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
})

test('where prompts lie beside the log, the message shows how the prompt changed', async () => {
  const copy = join(root, 'copy')
  cpSync(recorded.result.folder, copy, { recursive: true })
  const log = join(copy, 'log.jsonl')
  const { records } = decodeLog(readFileSync(recorded.log))
  const reworded = records.map(
    (record) => JSON.parse(JSON.stringify(record).replaceAll('Write add(', 'Write sum(')) as typeof record,
  )
  writeFileSync(log, reworded.map(encodeRecord).join(''))
  rmSync(join(copy, 'segments.json'), { force: true })
  await expect(expectReplay(copy)).rejects.toThrow(/-Write add\(a, b\) in Python\.\n\+Write sum\(a, b\) in Python\./)
})
