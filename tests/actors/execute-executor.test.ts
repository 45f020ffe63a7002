import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createExecuteExecutor } from '../../src/actors/execute-executor.ts'
import { createSuiteExecutor } from '../../src/actors/suite-executor.ts'
import { CodeConductorError, type ErrorData } from '../../src/domain/errors.ts'
import type { ExecuteRequest, ExecuteResult, SuiteResult } from '../../src/machines/effects.ts'
import type { CandidateSession, Sandbox } from '../../src/ports/sandbox.ts'
import { createSandbox } from '../../src/sandbox/create-sandbox.ts'
import { createTestSandbox, whyNotHere } from '../support/this-machines-sandbox.ts'

const EFFECT = 'run#1'
const SILENT = { grant: () => undefined, text: () => undefined, row: () => undefined }
const one = { t: 'int', v: '1' } as const
const request = (language: string, ...programs: readonly string[]): ExecuteRequest => ({
  language,
  entryPoint: 'f',
  calls: [{ fn: 'f', args: [one] }],
  candidates: programs.map((program, i) => ({ id: `c${i}`, program })),
})

/** Runs the effect to its end and returns what its sink was given. */
function perform<T>(
  sandbox: Sandbox,
  input: ExecuteRequest,
  abort = new AbortController(),
  told: unknown[] = [],
): Promise<T | ErrorData> {
  return new Promise((resolve) => {
    const sink = { ...SILENT, row: (row: unknown) => told.push(row), ok: (output: unknown) => resolve(output as T), err: resolve }
    createExecuteExecutor(sandbox, 2)({ id: EFFECT, input }, sink, abort)
  })
}

test('without isolation nothing is executed, and the result says all that was tried and the one command that helps', async () => {
  const sandbox = createSandbox({ cacheDir: tmpdir(), tmpDir: tmpdir(), drivers: [] })
  const found = await sandbox.probe()
  expect(await perform<ExecuteResult>(sandbox, request('python', 'def f(x): return x'))).toEqual({
    rows: [],
    driver: 'none',
    isolation: 'none',
    policyHash: found.policyHash,
    why: found.why.join('; ') || 'this machine cannot isolate code',
    fix: found.fix,
  })
  expect(found.fix).toMatch(/^sudo /)
})

test('a suite without isolation says the same and asks no judge', async () => {
  const sandbox = createSandbox({ cacheDir: tmpdir(), tmpDir: tmpdir(), drivers: [] })
  const judge = { judge: () => Promise.reject(new Error('asked')) }
  const suite = { framework: 'unittest', language: 'python', moduleName: 'm', names: ['f'], entryPoint: 'f', tests: '' }
  const result = await new Promise<SuiteResult | ErrorData>((resolve) => {
    const sink = { ...SILENT, ok: (out: unknown) => resolve(out as SuiteResult), err: resolve }
    const input = { suite, candidates: [{ id: 'c0', program: 'x' }] }
    createSuiteExecutor(sandbox, judge)({ id: EFFECT, input }, sink, new AbortController())
  })
  expect(result).toMatchObject({ rows: [], isolation: 'none', fix: (await sandbox.probe()).fix })
})

const why = await whyNotHere('bwrap')
describe.skipIf(why !== null)(`with isolation${why ? ` (skipped: ${why})` : ''}`, () => {
  let sandbox: Sandbox
  beforeAll(() => {
    sandbox = createTestSandbox('bwrap')
  })
  afterAll(() => sandbox.dispose())

  test.each([
    ['python', 'def f(x):\n    return x\n'],
    ['javascript', 'function f(x) { return x }'],
    ['typescript', 'export const f = (x: number): number => x'],
    ['tsx', 'export const f = (x: number): number => x'],
  ])('a %s candidate is called, and the result carries what the self-test measured', async (language, program) => {
    const result = (await perform<ExecuteResult>(sandbox, request(language, program))) as ExecuteResult
    const value = language === 'python' ? one : { t: expect.stringMatching(/int|float/), v: '1' }
    expect(result).toMatchObject({ driver: 'bwrap', isolation: 'full', why: '', fix: null, selfTest: { escaped: 0 } })
    expect(result.rows).toEqual([{ candidate: 'c0', load: { kind: 'loaded' }, outcomes: [{ kind: 'value', value }] }])
  })

  test('a language without a way to call it is told, and no command is offered that would not help', async () => {
    expect(await perform<ExecuteResult>(sandbox, request('rust', 'fn f() {}'))).toMatchObject({
      rows: [],
      isolation: 'none',
      why: 'rust programs cannot be called here',
      fix: null,
    })
  })

  test('a candidate that breaks has a row of its own, in order and told by itself, and the others are executed', async () => {
    const refusing: Sandbox = {
      ...sandbox,
      open: (candidate, options) =>
        candidate.code.includes('REFUSE')
          ? Promise.reject(new CodeConductorError('POLICY_REFUSED', 'not this one'))
          : sandbox.open(candidate, options),
    }
    const programs = ['def f(x): return x', 'import os; os._exit(3)', '# REFUSE', 'def g(x): return x', 'def f(x): return x']
    const told: unknown[] = []
    const result = (await perform<ExecuteResult>(refusing, request('python', ...programs), undefined, told)) as ExecuteResult
    expect(told).toHaveLength(5)
    expect(told).toEqual(expect.arrayContaining([...result.rows]))
    expect(result.rows.map(({ candidate, load }) => [candidate, load])).toEqual([
      ['c0', { kind: 'loaded' }],
      ['c1', { kind: 'failed', error: 'ProcessExit', message: 'exit code 3' }],
      ['c2', { kind: 'not-run', reason: 'not this one' }],
      ['c3', { kind: 'no-entry-point' }],
      ['c4', { kind: 'loaded' }],
    ])
    expect([result.rows[0]?.outcomes, result.rows[4]?.outcomes]).toEqual(Array(2).fill([{ kind: 'value', value: one }]))
  })

  test('a candidate that floods the log fills no more of it than its part, and agrees with its like all the same', async () => {
    const flood = 'def f(x): return [None] * 75_000\n'
    const fractions = 'def f(x): return [0.5] * 40_000\n'
    const calls = Array.from({ length: 20 }, () => ({ fn: 'f', args: [one] }))
    const input = { ...request('python', flood, `# another\n${flood}`, fractions), calls }
    const { rows } = (await perform<ExecuteResult>(sandbox, input)) as ExecuteResult
    expect(rows[0]?.outcomes).toEqual(rows[1]?.outcomes)
    expect(rows[0]?.outcomes).toHaveLength(20)
    expect(JSON.stringify(rows[0]).length).toBeLessThan(20 * 300)
    expect(JSON.stringify(rows[2]).length).toBeLessThan(9 * 2 ** 20)
    expect(rows[2]?.outcomes.at(-1)).toEqual({ kind: 'not-run', reason: 'its answers took more than 8 MiB' })
  })

  test('a candidate that hangs is asked until four calls have run out of time', async () => {
    const calls = Array.from({ length: 6 }, () => ({ fn: 'f', args: [one] }))
    const { rows } = (await perform<ExecuteResult>(sandbox, {
      ...request('python', 'def f(x):\n    while True: pass\n'),
      calls,
    })) as ExecuteResult
    const reason = 'stopped after 4 time-outs'
    expect(rows[0]?.outcomes).toEqual([...Array(4).fill({ kind: 'timeout' }), ...Array(2).fill({ kind: 'not-run', reason })])
  })

  test('a cancelled effect closes what it opened and stays silent', async () => {
    const abort = new AbortController()
    const closed: Promise<void>[] = []
    let noteLoading = (): void => undefined
    const isLoading = new Promise<void>((resolve) => {
      noteLoading = resolve
    })
    let noteClosed = (): void => undefined
    const allClosed = new Promise<void>((resolve) => {
      noteClosed = resolve
    })
    const watched: Sandbox = {
      ...sandbox,
      open: async (candidate, options) => {
        const session = await sandbox.open(candidate, options)
        const close = (): Promise<void> => {
          closed.push(session.close())
          if (closed.length === 2) noteClosed()
          return Promise.all(closed).then(() => undefined)
        }
        const load = (): ReturnType<CandidateSession['load']> => {
          noteLoading()
          return session.load()
        }
        return { ...session, load, close }
      },
    }
    const answers: unknown[] = []
    const hang = 'import time\ntime.sleep(60)\ndef f(x): return x'
    void perform(watched, request('python', hang, hang), abort).then((answer) => answers.push(answer))
    await isLoading
    abort.abort()
    await allClosed
    await Promise.all(closed)
    expect([closed.length, answers]).toEqual([2, []])
  })
})
