import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRunRuntime } from '../../src/actors/effect-actor.ts'
import { compose } from '../../src/app/compose.ts'
import { timelineOf } from '../../src/app/replay-timeline.ts'
import { startRun } from '../../src/app/start-run.ts'
import { writeArtifacts } from '../../src/app/write-artifacts.ts'
import { createMock, sayScript } from '../../src/backends/mock.ts'
import { execute } from '../../src/cli/commands/replay.ts'
import { playTimeline } from '../../src/cli/play-timeline.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import type { LogRecord } from '../../src/domain/record.ts'
import { decodeLog, encodeRecord } from '../../src/store/record-codec.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { spec } from '../support/test-services.ts'
import { cliWorld } from './cli-world.ts'

/** Long enough to be logged in several pieces. */
const ANSWER = `${'It is a sum, no more. '.repeat(50)}\n\n\`\`\`python\ndef add(a, b):\n    return a + b\n\`\`\`\n`
const root = mkdtempSync(join(tmpdir(), 'replay-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let folder = ''
let records: readonly LogRecord[] = []

beforeAll(async () => {
  const config = { ...BUILT_IN_CONFIG, artifactsDir: join(root, 'artifacts') }
  const conductor = await compose({ config, env: {}, cwd: root, backends: [createMock({ script: () => sayScript(ANSWER) })] })
  const result = await (await startRun(spec({ ids: ['architect', 'coder'], protocol: 'classic' }), conductor)).result
  folder = (await writeArtifacts(conductor, result)).folder
  await conductor.close()
  records = decodeLog(readFileSync(join(folder, 'log.jsonl'))).records
  mkdirSync(join(root, 'golden'))
})

/** Writes a log that was changed by hand, with its checksums right. */
function writeLog(name: string, change: (record: LogRecord) => LogRecord): string {
  writeFileSync(join(root, name), records.map((record) => encodeRecord(change(record))).join(''))
  return join(root, name)
}

async function replay(args: readonly string[], options: Readonly<Record<string, unknown>> = {}) {
  const world = cliWorld({ cwd: root, flags: options })
  const code = await execute(world.context, { args, options: { out: 'artifacts', ...options } })
  return { code, out: world.stdout.text(), err: world.stderr.text() }
}

/** The same task, worded differently: all prompts change, and nothing else. */
const reworded = (record: LogRecord): LogRecord =>
  record.k !== 'start' ? record : (JSON.parse(JSON.stringify(record).replace('Write add(a, b)', 'Write sum(a, b)')) as LogRecord)

test('a changed prompt stops the replay at the first record that asks for it, with both lists and a diff of the prompts', async () => {
  writeFileSync(join(folder, 'log.jsonl.bak'), readFileSync(join(folder, 'log.jsonl')))
  const log = readFileSync(join(folder, 'log.jsonl'))
  writeFileSync(join(folder, 'log.jsonl'), records.map((record) => encodeRecord(reworded(record))).join(''))
  const { code, out } = await replay([folder], { quiet: true })
  writeFileSync(join(folder, 'log.jsonl'), log)
  expect(code).toBe(10)
  expect(out).toContain("record 1 (ok run#1) is not what today's machines make of it")
  expect(out).toMatch(/recorded, digest \S+\n +R run\/architect#1 model \S+\n +R run\/coder#1 model \S+\n/)
  expect(out).toMatch(/now, digest \S+\n +R run\/architect#1 model \S+\n/)
  expect(out).toContain('first effect that is asked differently: run/architect#1 (model)')
  expect(out).toMatch(
    /--- prompt as recorded\n\+\+\+ prompt now\n[\s\S]*-Write add\(a, b\) in Python\.\n\+Write sum\(a, b\) in Python\.\n/,
  )
})

test('--effects allows states to differ and --outcome prompts; each notices what is its own', async () => {
  const digest = writeLog('digest.log.jsonl', (record) => (record.seq === 4 ? { ...record, h: 'AAAAAAAAAAAA' } : record))
  const prompt = writeLog('prompt.log.jsonl', reworded)
  const end = writeLog('end.log.jsonl', (record) =>
    record.k === 'end' ? { ...record, d: { ...(record.d as object), outcome: 'noConsensus' } } : record,
  )
  const codes = []
  for (const mode of ['strict', 'effects', 'outcome'] as const) {
    for (const log of [digest, prompt, end]) codes.push([mode, (await replay([log], { [mode]: true, quiet: true })).code])
  }
  expect(codes).toEqual([
    ['strict', 10],
    ['strict', 10],
    ['strict', 0],
    ['effects', 0],
    ['effects', 10],
    ['effects', 0],
    ['outcome', 0],
    ['outcome', 0],
    ['outcome', 10],
  ])
})

test('several logs, or a folder of them, are told with a line each; one that cannot be read keeps none from it', async () => {
  for (const [name, text] of [
    ['good.log.jsonl', readFileSync(join(folder, 'log.jsonl'))],
    ['bad.log.jsonl', 'not a log\n'],
    ['other.log.jsonl', readFileSync(writeLog('changed.log.jsonl', reworded))],
  ] as const)
    writeFileSync(join(root, 'golden', name), text)
  const { code, out, err } = await replay(['golden', 'last'])
  expect(code).toBe(10)
  expect(out.split('\n').map((line) => line.replace(/\S{12}$/, '…').replace(/\d+ records/, 'n records'))).toEqual([
    'unreadable  golden/bad.log.jsonl  the log is damaged after its record -1',
    'same        golden/good.log.jsonl  n records  …',
    'diverged    golden/other.log.jsonl  record 1 (ok run#1)',
    'same        last  n records  …',
    '',
  ])
  expect(err).toContain('first effect that is asked differently: run/architect#1')
  rmSync(join(root, 'golden', 'other.log.jsonl'))
  expect((await replay(['golden', 'last'], { quiet: true })).code).toBe(1)
  const json = await replay(['golden', 'last'], { json: true })
  expect(
    json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).status),
  ).toEqual(['unreadable', 'same', 'same'])
})

test('modes exclude one another, and a speed is above 0 and for one run', async () => {
  for (const [args, options] of [
    [['last'], { strict: true, outcome: true }],
    [['last'], { speed: '0' }],
    [['last', 'last'], { speed: '1' }],
  ] as const)
    await expect(replay(args, options)).rejects.toMatchObject({ code: 'USAGE' })
})

/** Moments a second apart, however fast the mock was. */
function slowMoments() {
  const { moments } = timelineOf(records, createRunRuntime(), 'strict')
  return moments.map((moment, i) => ({
    ...moment,
    t: i * 1000,
    events: moment.events.map((event) => ({ ...event, t: i * 1000 })),
  }))
}

test('at speed 4 a run is played back in a quarter of its time, text and all, in the live view', async () => {
  const clock = createSimulatedClock()
  const moments = slowMoments()
  const world = cliWorld({ isTty: true, env: { NO_COLOR: '1' } })
  const played = playTimeline(world.context, clock, moments, 4)
  await clock.advanceAsync((moments.length - 1) * 250 - 1)
  expect(world.stderr.text()).not.toContain('ranking')
  await clock.advanceAsync(1)
  expect([await played, clock.now()]).toEqual([true, (moments.length - 1) * 250])
  expect(world.stderr.text()).toContain('Round 3 · final answers')
  expect(world.stderr.text()).toMatch(/architect +mock +writing +first/)
})

test('Ctrl-C ends a playback and leaves the terminal as it was', async () => {
  const clock = createSimulatedClock()
  const world = cliWorld({ isTty: true, env: { NO_COLOR: '1' } })
  const played = playTimeline(world.context, clock, slowMoments(), 1)
  await clock.advanceAsync(2_500)
  world.interrupt('SIGINT')
  expect(await played).toBe(false)
  expect(world.stderr.text().endsWith('\x1b[?25h')).toBe(true)
})

test('the text of a timeline is the text of the answers, in order and without a gap', () => {
  const { moments, replay: folded } = timelineOf(records, createRunRuntime(), 'strict')
  const said = new Map<string, string>()
  for (const { text } of moments) {
    if (text === null) continue
    expect(text.offset).toBe((said.get(text.turn) ?? '').length)
    said.set(text.turn, (said.get(text.turn) ?? '') + text.text)
  }
  expect(moments.filter(({ text }) => text !== null).length).toBeGreaterThan(said.size)
  const answers = Object.values(folded.context?.agents ?? {}).flatMap((agent) => agent.answers)
  expect(said).toEqual(new Map(answers.map(({ turn, answer }) => [turn, answer.text])))
})
