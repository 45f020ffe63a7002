import { describe, expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-code.ts'
import type { SuiteRequest } from '../../src/machines/effects.ts'
import { FoldDriver } from '../support/fold-driver.ts'
import {
  notTested,
  OTHER,
  RIGHT,
  report,
  sum,
  TASK,
  tested,
  upToTests,
  upToTestsAlone,
  upToTestsOfNoFunction,
} from '../support/suite-run.ts'
import { spec } from '../support/test-services.ts'

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
    const run = upToTestsAlone()
    expect(run.state).toEqual({ judging: 'testing' })
    tested(run, { 'coder.1': report('test_sum', 'forgeable'), 'architect.1': report(null, 'forgeable') })
    expect(run.fold.context?.judgement?.verdict).toMatchObject({
      winner: 'architect.1',
      grade: 'forgeable',
      method: 'test-suite',
      reason: 'it passes 2 of 2 tests that were given; no call was executed: the task names no function that could be called',
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

  test('are told of each program with the grade under which they passed; what proves nothing counts no test', () => {
    const run = tested(upToTests(), { 'coder.1': report(null, 'forgeable'), 'architect.1': report(null, 'unverified') })
    const told = { v: 1, t: 0, type: 'evidence.gathered', loads: true, examples: [2, 2], assertions: [0, 0] }
    expect(run.eventsOf('evidence.gathered').map(({ seq: _, ...event }) => event)).toEqual([
      { ...told, candidate: 'coder.1', agent: 'coder' },
      { ...told, candidate: 'architect.1', agent: 'architect' },
      { ...told, candidate: 'coder.1', agent: 'coder', tests: [2, 2], testsGrade: 'forgeable' },
      { ...told, candidate: 'architect.1', agent: 'architect', tests: [0, 2], testsGrade: 'unverified' },
    ])
  })

  test('a program that passes some of them loads, although nothing of it was called', () => {
    const run = tested(upToTestsAlone(), { 'coder.1': report('test_sum'), 'architect.1': report(null, 'unverified') })
    expect(run.eventsOf('evidence.gathered')).toMatchObject([
      { candidate: 'coder.1', loads: true, tests: [1, 2], testsGrade: 'verified' },
      { candidate: 'architect.1', loads: false, tests: [0, 2], testsGrade: 'unverified' },
    ])
  })

  test('a program that passes them wins by them although it has no function to call, and no round is held for that', () => {
    const run = tested(upToTestsOfNoFunction(), {
      'coder.1': report('test_sum', 'forgeable'),
      'architect.1': report(null, 'forgeable'),
    })
    expect(run.eventsOf('evidence.gathered')).toMatchObject([
      { candidate: 'coder.1', loads: true },
      { candidate: 'architect.1', loads: true },
      { candidate: 'coder.1', loads: true, tests: [1, 2] },
      { candidate: 'architect.1', loads: true, tests: [2, 2] },
    ])
    expect(run.eventsOf('debate.opened')).toEqual([])
    expect(run.fold.context?.judgement?.verdict).toMatchObject({
      winner: 'architect.1',
      grade: 'forgeable',
      method: 'test-suite',
      tests: { grade: 'forgeable', passed: true, count: 2, total: 2, why: '' },
    })
    expect(run.outcome).toEqual({ outcome: 'completed', stopReason: 'agreed' })
  })

  test('programs without a function that they show nothing of are no solution, and no round is held for that', () => {
    const run = tested(upToTestsOfNoFunction(), {
      'coder.1': report(null, 'unverified'),
      'architect.1': report(null, 'unverified'),
    })
    expect(run.eventsOf('debate.opened')).toEqual([])
    expect(run.outcome).toEqual({ outcome: 'noConsensus', stopReason: 'not-solved' })
  })

  test('without isolation none are run, and the run says why', () => {
    const run = notTested(upToTests())
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
