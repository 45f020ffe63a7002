import { describe, expect, test } from 'vitest'
import type { Kpi } from '../../src/domain/kpi.ts'
import type { SuiteReport } from '../../src/domain/suite.ts'
import { FoldDriver } from '../support/fold-driver.ts'
import {
  notTested,
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
import { history, kpiOf } from './kpi-facts.ts'

/** The figures of a driven run as it stands. */
function figures(run: FoldDriver): Kpi {
  const { context } = run.fold
  if (context === null) throw new Error('the run has not begun')
  return kpiOf(history(run.events.map(({ v: _, seq: __, t, ...body }) => [t, body])), context)
}

/** What a run says of the user's tests. */
function said(run: FoldDriver): Partial<Kpi> {
  const { tests_after, tests_grade, pass_rate_after, first_prompt_success, t_first_green, exit_status } = figures(run)
  const { tests_passed, tests_missing } = exit_status
  return {
    ...{ tests_after, tests_grade, pass_rate_after, first_prompt_success, t_first_green },
    ...{ tests_passed, tests_missing },
  }
}

const both = (each: SuiteReport): Readonly<Record<string, SuiteReport>> => ({ 'coder.1': each, 'architect.1': each })
const counts = (passed: number, failed: number, skipped: number, suite_name = 'test_add.py') => ({
  suite_name,
  total: passed + failed + skipped,
  ...{ passed, failed, skipped },
})
const GREEN = '2026-01-01T00:00:00.900Z'

/** The tests' rows come 900 ms into the run, when the examples have long passed. */
function upToTestsAt900(): FoldDriver {
  const run = upToTests()
  run.t = 900
  return run
}

describe('the figures of a run with tests of the user', () => {
  test('green is when the tests have passed, not when the examples had', () => {
    expect(said(tested(upToTestsAt900(), both(report(null))))).toEqual({
      tests_after: counts(2, 0, 0),
      tests_grade: 'verified',
      pass_rate_after: 1,
      first_prompt_success: true,
      t_first_green: GREEN,
      tests_passed: true,
      tests_missing: false,
    })
  })

  test('a run whose every program fails a test was never green, whatever examples it passed', () => {
    const run = tested(upToTestsAt900(), both(report('test_sum')))
    expect(figures(run).t_first_green).toBeNull()
    // So while the tests have not run.
    expect(figures(upToTests()).t_first_green).toBeNull()
  })

  test('tests that pass are not enough where an example is missed', () => {
    const run = tested(
      upToTests(() => 8),
      both(report(null)),
    )
    expect(said(run)).toMatchObject({ t_first_green: null, first_prompt_success: false, tests_passed: false, pass_rate_after: 1 })
  })

  test('where nothing could be called, tests that pass are green', () => {
    const run = upToTestsAlone()
    run.t = 900
    expect(said(tested(run, both(report(null))))).toMatchObject({ t_first_green: GREEN, tests_passed: true, pass_rate_after: 1 })
  })

  test.each([
    ['verified', GREEN],
    ['forgeable', null],
  ] as const)('so are they where no program holds a function to call: %s', (grade, t_first_green) => {
    const run = upToTestsOfNoFunction()
    run.t = 900
    tested(run, both(report(null, grade)))
    expect(said(run)).toEqual({
      tests_after: counts(2, 0, 0),
      tests_grade: grade,
      pass_rate_after: 1,
      first_prompt_success: true,
      t_first_green,
      tests_passed: true,
      tests_missing: false,
    })
    const { exit_status, safety } = figures(run)
    expect([exit_status.patched, safety.driver]).toEqual([true, 'bwrap'])
  })

  test('passed on a channel that can be forged: passed, and never green', () => {
    expect(said(tested(upToTestsAt900(), both(report(null, 'forgeable'))))).toEqual({
      tests_after: counts(2, 0, 0),
      tests_grade: 'forgeable',
      pass_rate_after: 1,
      first_prompt_success: true,
      t_first_green: null,
      tests_passed: true,
      tests_missing: false,
    })
  })

  test('tests that prove nothing passed none: there is no rate and no success', () => {
    expect(said(tested(upToTestsAt900(), both(report(null, 'unverified'))))).toEqual({
      tests_after: counts(0, 0, 2),
      tests_grade: 'unverified',
      pass_rate_after: null,
      first_prompt_success: false,
      t_first_green: null,
      tests_passed: false,
      tests_missing: false,
    })
  })

  test('tests that could not be run are not passed by passing the examples', () => {
    expect(said(notTested(upToTestsAt900()))).toEqual({
      tests_after: counts(2, 0, 0, 'examples'),
      tests_grade: 'verified',
      pass_rate_after: 1,
      first_prompt_success: false,
      t_first_green: null,
      tests_passed: false,
      tests_missing: false,
    })
  })

  test('a report that does not pass is no success, although every test in it passed', () => {
    const run = tested(upToTestsAt900(), both({ ...report(null), passed: false, reasons: ['a call gave no answer'] }))
    expect(said(run)).toMatchObject({
      ...{ tests_after: counts(2, 0, 0), tests_grade: 'verified', first_prompt_success: false },
      ...{ t_first_green: null, tests_passed: false },
    })
  })

  test('are not missing where there is no program to run them on', () => {
    const run = new FoldDriver(spec({ ...TASK, prompt: 'Write it.', ids: ['coder'] })).gathered().answered('coder', 'I cannot.')
    run.gated({})
    expect(said(run)).toMatchObject({ tests_after: null, tests_grade: null, tests_passed: false, tests_missing: false })
  })
})

test('where there is neither an example nor a test, the first prompt succeeds by the assertions that are believed', () => {
  const agents = [...spec({ ids: ['coder'] }).agents, ...spec({ ids: ['tester'] }).agents].map(({ id, persona }) => ({
    id,
    persona: { ...persona, roles: id === 'tester' ? ['write_tests' as const] : persona.roles },
  }))
  const run = new FoldDriver(spec({ prompt: 'Write add(a, b) in Python.', agents })).gathered()
  run.answered('coder').answered('tester', 'assert add(2, 2) == 4\nassert add(3, 2) == 5')
  run.gated({ 'coder.1': RIGHT }, 'add').executed({ 'coder.1': sum })
  expect(said(run)).toEqual({
    tests_after: null,
    tests_grade: null,
    pass_rate_after: null,
    first_prompt_success: true,
    t_first_green: '2026-01-01T00:00:00.000Z',
    tests_passed: true,
    tests_missing: false,
  })
})
