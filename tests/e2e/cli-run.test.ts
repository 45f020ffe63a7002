import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { whyNotHere } from '../support/this-machines-sandbox.ts'
import { createCliFolder, jsonLines, WHY_NOT } from './cli-process.ts'

const folder = createCliFolder()
afterAll(() => folder.remove())
const MOCK = ['--backend', 'mock']
const isIsolated = (await whyNotHere('bwrap')) === null

describe.skipIf(WHY_NOT !== null)(`the built command line${WHY_NOT === null ? '' : ` (skipped: ${WHY_NOT})`}`, () => {
  test('run --json writes events and nothing else; its last line says how the run ended; replay gives the same digest', async () => {
    const { code, stdout, stderr } = await folder.run(['run', ...MOCK, '--json', '--out', 'one', 'Write add(a, b) in Python.'])
    const events = jsonLines(stdout)
    expect([code, stderr]).toEqual([0, ''])
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i))
    const last = events.at(-1)
    expect(last).toMatchObject({
      type: 'run.completed',
      runId: expect.any(String),
      outcome: 'completed',
      stopReason: 'ranked-unverified',
      digest: expect.any(String),
    })
    const again = await folder.run(['replay', 'last', '--json', '--out', 'one'])
    expect([again.code, jsonLines(again.stdout)]).toEqual([0, events])
    const runFolder = join(folder.path, 'one', 'runs', String(last?.['runId']))
    const moved = join(folder.path, 'moved.log')
    writeFileSync(moved, readFileSync(join(runFolder, 'log.jsonl')))
    for (const where of [runFolder, join(runFolder, 'log.jsonl'), moved]) {
      expect(jsonLines((await folder.run(['replay', where, '--json'])).stdout)).toEqual(events)
    }
  })

  test('in a pipe stdout is the program alone, and what happened is on stderr', async () => {
    const { code, stdout, stderr } = await folder.run(['run', ...MOCK, '--out', 'two'], { stdin: 'Write add(a, b) in Python.' })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^def \w+\(value, \*more\):\n {4}return .*\n$/)
    expect(stderr).toContain('Winner')
    expect(stderr).toContain('unverified: ')
    expect(stderr).not.toContain('\x1b')
  })

  test('--verify ends with 3 when nothing could be executed', async () => {
    expect((await folder.run(['run', ...MOCK, '--verify', '--out', 'three', 'Write it.'])).code).toBe(3)
  })

  test('a task full of escapes reaches the log as it came and no terminal', async () => {
    const task = 'Write \x1b]0;owned\x07\x1b[2J add(a, b) \u202e.'
    const { code, stdout, stderr } = await folder.run(['run', ...MOCK, '--out', 'four', '--color', 'never'], { stdin: task })
    expect([code, stdout.includes('\x1b'), stderr.includes('\x1b')]).toEqual([0, false, false])
    const listed = await folder.run(['runs', 'list', '--out', 'four'])
    const shown = await folder.run(['runs', 'show', 'last', '--out', 'four'])
    for (const { stdout } of [listed, shown]) {
      expect(stdout).toContain('␛]0;owned␇␛[2J')
      expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/)
    }
    const [runId] = readdirSync(join(folder.path, 'four/runs'))
    const start = readFileSync(join(folder.path, 'four/runs', String(runId), 'log.jsonl'), 'utf8').split('\n')[0] ?? ''
    expect(JSON.parse(start.slice(9))).toMatchObject({ d: { spec: { prompt: task } } })
  })

  test('without a server it ends with 3, tells what was looked for and three ways on, and with --json as one event', async () => {
    const env = { OLLAMA_HOST: '127.0.0.1:9', ENGINE_BACKENDS: 'ollama' }
    const people = await folder.run(['run', 'Write it.'], { env })
    expect([people.code, people.stdout]).toEqual([3, ''])
    expect(people.stderr).toMatch(/error: no model server found\n +ollama +http:\/\/127\.0\.0\.1:9 .*nothing listens/)
    expect(people.stderr.split('Try one of:\n')[1]?.trimEnd().split('\n')).toHaveLength(3)
    const script = await folder.run(['run', '--json', 'Write it.'], { env })
    expect([script.code, script.stderr]).toEqual([3, ''])
    expect(jsonLines(script.stdout)).toEqual([
      expect.objectContaining({
        type: 'error',
        code: 'NO_BACKEND',
        checked: expect.arrayContaining([expect.objectContaining({ name: 'ollama' })]),
      }),
    ])
  })

  test.each([
    [['run', '--agnets', 'x'], 'Did you mean --agents?'],
    [['run', ...MOCK, '--agents', 'codre', 'Write it.'], 'did you mean "coder"?'],
    [['run', ...MOCK], 'the task is empty'],
    [['replay', 'zzzz'], 'There is no run'],
    [['personas', 'check', 'absent.yaml'], 'absent.yaml'],
  ])('%j ends with 2 and says what to do', async (args, message) => {
    const { code, stdout, stderr } = await folder.run([...args, '--color', 'never'])
    expect(code).toBe(2)
    expect(stdout + stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
  })

  test('a task of 10 MB is refused before a run begins', async () => {
    const { code, stdout } = await folder.run(['run', ...MOCK, '--json'], { stdin: 'x'.repeat(10_000_000) })
    expect([code, jsonLines(stdout)]).toEqual([2, [expect.objectContaining({ type: 'error', code: 'PROMPT_TOO_LARGE' })]])
  })

  test('a folder for runs that cannot be made is a typed error', async () => {
    writeFileSync(join(folder.path, 'a-file'), '')
    const { code, stdout } = await folder.run(['run', ...MOCK, '--json', '--out', 'a-file', 'Write it.'])
    expect([code, jsonLines(stdout).at(-1)]).toEqual([1, expect.objectContaining({ type: 'error', code: 'STORE_FAILED' })])
  })

  test('runs are looked at, kept and removed by their short form', async () => {
    const first = jsonLines((await folder.run(['run', ...MOCK, '--json', '--out', 'five', 'Write it.'])).stdout).at(-1)
    const short = String(first?.['runId']).slice(-4).toUpperCase()
    expect((await folder.run(['runs', 'list', '--out', 'five'])).stdout).toMatch(
      new RegExp(`^${short}  .*completed .*Write it\\.\\n$`),
    )
    expect((await folder.run(['runs', 'verify', short, '--out', 'five'])).stdout).toContain('sound, sealed')
    expect((await folder.run(['explain', short.toLowerCase(), '--out', 'five'])).stdout).toContain('was chosen without execution')
    expect((await folder.run(['runs', 'pin', short, '--out', 'five'])).code).toBe(0)
    expect((await folder.run(['runs', 'rm', short, '--out', 'five'])).code).toBe(9)
    expect((await folder.run(['runs', 'unpin', short, '--out', 'five'])).code).toBe(0)
    expect((await folder.run(['runs', 'rm', short, '--out', 'five'])).code).toBe(0)
    expect((await folder.run(['runs', 'list', '--json', '--out', 'five'])).stdout).toBe('')
  })

  test('a finished run is forked with another persona and the fork replays', async () => {
    await folder.run(['run', ...MOCK, '--json', '--out', 'six', 'Write it.'])
    const fork = await folder.run([
      'fork',
      'last',
      '--at',
      'turn:1',
      '--persona',
      'coder=reviewer',
      ...MOCK,
      '--json',
      '--out',
      'six',
    ])
    const end = jsonLines(fork.stdout).at(-1)
    expect([fork.code, end?.['type']]).toEqual([0, 'run.completed'])
    const again = await folder.run(['replay', 'last', '--json', '--out', 'six'])
    expect([again.code, jsonLines(again.stdout).at(-1)?.['digest']]).toEqual([0, end?.['digest']])
  })

  test('a recorded run replays from its file, and two runs are compared turn by turn', async () => {
    const { code, stdout } = await folder.run(['record', 'golden', ...MOCK, '--out', 'seven', 'Write it.'])
    expect([code, stdout]).toEqual([
      0,
      `${['log', 'recordings'].map((what) => join(folder.path, `golden.${what}.jsonl`)).join('\n')}\n`,
    ])
    expect((await folder.run(['replay', '-q', 'golden.log.jsonl'])).stdout).toContain('0 model calls')
    await folder.run(['run', ...MOCK, '--json', '--out', 'seven', 'Write something else.'])
    const diff = await folder.run(['diff', 'golden.log.jsonl', 'last', '--out', 'seven'])
    expect(diff.stdout).toMatch(/^changed +run\/architect#1 · prompt/m)
    expect(diff.stdout).toContain('+Write something else.')
    const same = await folder.run(['diff', 'last', 'last', '--json', '--out', 'seven'])
    expect(jsonLines(same.stdout)).toEqual([
      expect.objectContaining({ type: 'runs.diffed', firstDifference: null, isSameVerdict: true }),
    ])
  })

  test.each(['run', 'record kept'])(
    '%s has the tests of the user passed, and ends with 5 where they are not, with 3 where they cannot be run',
    async (command) => {
      writeFileSync(
        join(folder.path, 'test_adding.py'),
        'from adding import add\n\ndef test_sum():\n    one = 1\n    assert add(one, 2) == "three"\n',
      )
      const { code, stderr } = await folder.run([...command.split(' '), ...MOCK, '--tests', 'test_adding.py', '--out', 'tested'])
      expect(code).toBe(isIsolated ? 5 : 3)
      expect(stderr).toContain('candidates ')
      const runs = join(folder.path, 'tested/runs')
      const log = readFileSync(join(runs, readdirSync(runs).sort().at(-1) ?? '', 'log.jsonl'), 'utf8')
      expect(log.split('\n')[0]).toContain('"suite":{"file":"test_adding.py"')
      expect(log).toContain(isIsolated ? '"stopReason":"tests-failed"' : '"stopReason":"tests-unverified"')
    },
  )

  test('the files of a run are written beside its log and named', async () => {
    const { stderr } = await folder.run(['run', ...MOCK, '--out', 'eight', 'Write it.'])
    const [runId] = readdirSync(join(folder.path, 'eight/runs'))
    const files = readdirSync(join(folder.path, 'eight/runs', String(runId)))
    expect(files).toEqual(expect.arrayContaining(['report.md', 'kpi.json', 'consensus.json', 'log.jsonl']))
    expect(stderr).toMatch(/Files +eight\/runs\/\w+:\s+report\.md/)
  })

  test('the other commands answer', async () => {
    expect((await folder.run(['personas', 'list'])).stdout).toMatch(/^architect /m)
    expect((await folder.run(['personas', 'check'])).stdout).toContain('no problem')
    expect((await folder.run(['models', ...MOCK])).stdout).toMatch(/^mock +mock +loaded/)
    expect((await folder.run(['config', 'show', '--origin'], { env: { MAX_PARALLEL_MODELS: '3' } })).stdout).toMatch(
      /maxParallelModels: 3 +# environment MAX_PARALLEL_MODELS/,
    )
    expect((await folder.run(['help', 'exit-codes'])).stdout).toContain('10  a replay diverged')
    expect((await folder.run([])).stdout).toContain('Usage: codeconductor')
    for (const shell of ['bash', 'zsh', 'fish', 'pwsh']) {
      expect((await folder.run(['completion', shell])).stdout).toContain('codeconductor')
    }
    expect((await folder.run(['complete', '--', 'run', '--prot'])).stdout).toContain('--protocol')
  })
})
