import { describe, expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-code.ts'
import { readSuite } from '../../src/consensus/suite-file.ts'
import type { SuiteReport } from '../../src/domain/suite.ts'
import type { EvidenceGrade } from '../../src/domain/verdict.ts'
import type { SuiteRequest } from '../../src/machines/effects.ts'
import { FoldDriver } from '../support/fold-driver.ts'
import { spec } from '../support/test-services.ts'

const SUITE = readSuite(
  'test_add.py',
  'from adding import add\n\ndef test_sum():\n    assert add(7, 1) == 8\n\ndef test_type():\n    add("a", 1)\n',
)
const RIGHT = 'def add(a, b):\n    return a + b\n'
const OTHER = 'def add(a, b):\n    return b + a\n'
const TASK = { prompt: 'Write add(a, b). add(1, 2) == 3', ids: ['coder', 'architect'], suite: SUITE }
const sum = ([a = 0, b = 0]: readonly number[]): number => a + b

function report(failed: string | null, grade: EvidenceGrade = 'verified'): SuiteReport {
  const ids = ['test_sum', 'test_type']
  return {
    grade,
    passed: failed === null,
    tests: ids.map((id) => (id === failed ? { id, status: 'fail', message: 'assert 7 == 8' } : { id, status: 'pass' })),
    before: ids.map((id) => ({ id, status: 'fail' })),
    reasons: failed === null ? [] : [`fail: ${failed}`],
    flags: [],
  }
}

/** Drives a run of two programs that behave alike up to where the tests are asked for. */
function upToTests(): FoldDriver {
  const run = new FoldDriver(spec(TASK)).gathered().answered('coder').answered('architect')
  return run.gated({ 'coder.1': RIGHT, 'architect.1': OTHER }, 'add').executed({ 'coder.1': sum, 'architect.1': sum })
}

function tested(run: FoldDriver, reports: Readonly<Record<string, SuiteReport>>): FoldDriver {
  const rows = Object.entries(reports).map(([candidate, each]) => ({ candidate, report: each }))
  const { id } = run.openOf('run')
  for (const row of rows) run.input({ k: 'chunk', id, d: { row } })
  run.input({ k: 'ok', id, d: { driver: 'bwrap', isolation: 'full', policyHash: 'p', why: '' } })
  return run
}

describe("the user's own tests", () => {
  test('are told to every agent, and run on every program once the calls were', () => {
    const run = new FoldDriver(spec(TASK)).gathered()
    expect(
      run
        .requestOf('coder')
        .prompt.flatMap(({ parts }) => parts.map(({ text }) => text))
        .join(''),
    ).toContain('assert add(7, 1) == 8')
    run.answered('coder').answered('architect').gated({ 'coder.1': RIGHT, 'architect.1': OTHER }, 'add')
    run.executed({ 'coder.1': sum, 'architect.1': sum })
    expect(run.state).toEqual({ judging: 'testing' })
    const { suite, candidates } = run.openOf('run').input as SuiteRequest
    expect([suite.file, candidates.map(({ id }) => id)]).toEqual(['test_add.py', ['coder.1', 'architect.1']])
  })

  test('decide between programs that behave alike in all that was called', () => {
    for (const winner of ['coder.1', 'architect.1']) {
      const run = tested(upToTests(), {
        'coder.1': report(winner === 'coder.1' ? null : 'test_type'),
        'architect.1': report(winner === 'architect.1' ? null : 'test_type'),
      })
      expect(run.fold.context?.judgement?.verdict).toMatchObject({
        winner,
        grade: 'verified',
        tests: { grade: 'verified', passed: true, count: 2, total: 2, why: '' },
      })
      expect(run.outcome).toEqual({ outcome: 'completed', stopReason: 'agreed' })
    }
  })

  test('a program that only passed where it could forge stands behind one that could not', () => {
    const run = tested(upToTests(), { 'coder.1': report(null, 'forgeable'), 'architect.1': report(null, 'verified') })
    expect(run.fold.context?.judgement?.verdict.winner).toBe('architect.1')
  })

  test('a grade of theirs never becomes that of the calls, nor the other way round', () => {
    const run = tested(upToTests(), { 'coder.1': report(null, 'forgeable'), 'architect.1': report(null, 'forgeable') })
    expect(run.fold.context?.judgement?.verdict).toMatchObject({ grade: 'verified', tests: { grade: 'forgeable', passed: true } })
  })

  test('where nothing could be called, their grade is that of the verdict', () => {
    const run = new FoldDriver(spec({ ...TASK, prompt: 'Write the class.' })).gathered().answered('coder').answered('architect')
    run.gated({ 'coder.1': RIGHT, 'architect.1': OTHER }, null)
    expect(run.state).toEqual({ judging: 'testing' })
    tested(run, { 'coder.1': report('test_sum', 'forgeable'), 'architect.1': report(null, 'forgeable') })
    expect(run.fold.context?.judgement?.verdict).toMatchObject({
      winner: 'architect.1',
      grade: 'forgeable',
      method: 'test-suite',
      reason: 'it passes 2 of the 2 tests that were given; there was nothing to call',
    })
  })

  test('tests that prove nothing count for nothing, and are told as that', () => {
    const run = tested(upToTests(), { 'coder.1': report(null, 'unverified'), 'architect.1': report('test_sum', 'unverified') })
    expect(run.fold.context?.judgement?.verdict.tests).toMatchObject({ grade: 'unverified', passed: false, count: 0 })
    expect(run.outcome).toEqual({ outcome: 'completed', stopReason: 'tests-unverified' })
    expect(exitCodeOf({ outcome: 'completed', stopReason: 'tests-unverified', grade: 'verified' }, false)).toBe(3)
    expect(run.fold.context?.judgement?.decision.confidence.caps.map(({ why }) => why)).toEqual([
      'all agreeing answers come from one model',
    ])
  })

  test('a winner that fails one goes back to its author with the test and its message; that fails still: exit 5', () => {
    const run = tested(upToTests(), { 'coder.1': report('test_sum'), 'architect.1': report('test_sum') })
    expect(run.state).toEqual({ repairing: 'open' })
    const asked = run.eventsOf('debate.opened')[0]
    expect(asked).toMatchObject({ kind: 'repair', why: expect.stringContaining('the test test_sum') })
    const [agent] = ['coder', 'architect'].filter((id) => run.hasOpen(`run/${id}`))
    const prompt = run
      .requestOf(agent ?? '')
      .prompt.flatMap(({ parts }) => parts.map(({ text }) => text))
      .join('')
    expect(prompt).toContain('assert 7 == 8')
    run
      .answered(agent ?? '')
      .gated({ 'coder.1': RIGHT, 'architect.1': OTHER }, 'add')
      .executed({ 'coder.1': sum, 'architect.1': sum })
    tested(run, { 'coder.1': report('test_sum'), 'architect.1': report('test_sum') })
    expect(run.outcome).toEqual({ outcome: 'completed', stopReason: 'tests-failed' })
    expect(run.fold.context?.judgement?.decision.confidence.value).toBe(0.12)
    expect(exitCodeOf({ outcome: 'completed', stopReason: 'tests-failed', grade: 'verified' }, false)).toBe(5)
  })

  test('without isolation none are run, and the run says why', () => {
    const run = upToTests()
    run.input({
      k: 'ok',
      id: run.openOf('run').id,
      d: { rows: [], driver: 'none', isolation: 'none', policyHash: '', why: 'no driver holds' },
    })
    expect(run.fold.context?.judgement?.verdict.tests).toEqual({
      grade: 'unverified',
      passed: false,
      count: 0,
      total: 0,
      why: 'no driver holds',
    })
  })
})

describe('examples are tests too', () => {
  test('a winner that misses one is agreed on, and fails', () => {
    const run = new FoldDriver(spec({ prompt: 'Write add(a, b). add(1, 2) == 3\nadd(2, 2) == 5', ids: ['coder'] }))
      .gathered()
      .answered('coder')
    run.gated({ 'coder.1': RIGHT }, 'add').executed({ 'coder.1': sum })
    run.answered('coder').gated({ 'coder.1': RIGHT }, 'add').executed({ 'coder.1': sum })
    expect(run.outcome).toEqual({ outcome: 'completed', stopReason: 'tests-failed' })
  })

  test('a prompt whose only example is wrong is told as not solved, with the example', () => {
    const run = new FoldDriver(spec({ prompt: 'Write add(a, b). add(2, 2) == 5', ids: ['coder'] })).gathered().answered('coder')
    run.gated({ 'coder.1': RIGHT }, 'add').executed({ 'coder.1': sum })
    run.answered('coder').gated({ 'coder.1': RIGHT }, 'add').executed({ 'coder.1': sum })
    expect(run.outcome).toEqual({ outcome: 'noConsensus', stopReason: 'not-solved' })
    expect(run.fold.context?.judgement?.verdict.grade).toBe('unverified')
  })
})
