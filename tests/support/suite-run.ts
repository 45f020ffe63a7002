import { readSuite } from '../../src/consensus/suite-file.ts'
import type { SuiteReport } from '../../src/domain/suite.ts'
import type { EvidenceGrade } from '../../src/domain/verdict.ts'
import { FoldDriver } from './fold-driver.ts'
import { spec } from './test-services.ts'

const SUITE = readSuite(
  'test_add.py',
  'from adding import add\n\ndef test_sum():\n    assert add(7, 1) == 8\n\ndef test_type():\n    add("a", 1)\n',
)
const CONSTANT = readSuite(
  'test_add.py',
  'from adding import LIMIT\n\ndef test_sum():\n    assert LIMIT == 3\n\ndef test_type():\n    assert LIMIT > 2\n',
)
export const RIGHT = 'def add(a, b):\n    return a + b\n'
export const OTHER = 'def add(a, b):\n    return b + a\n'
/** One example, and a file of two tests. */
export const TASK = { prompt: 'Write add(a, b). add(1, 2) == 3', ids: ['coder', 'architect'], suite: SUITE }

export function sum([a = 0, b = 0]: readonly number[]): number {
  return a + b
}

/** What the tests showed of one program: all pass but the one named. */
export function report(failed: string | null, grade: EvidenceGrade = 'verified'): SuiteReport {
  const ids = ['test_sum', 'test_type']
  return {
    grade,
    passed: failed === null && grade !== 'unverified',
    tests: ids.map((id) => (id === failed ? { id, status: 'fail', message: 'assert 7 == 8' } : { id, status: 'pass' })),
    before: ids.map((id) => ({ id, status: 'fail' })),
    reasons: failed === null ? [] : [`fail: ${failed}`],
    flags: [],
  }
}

/** Drives a run of two programs that behave alike up to where the tests are asked for. */
export function upToTests(behave: (args: readonly number[]) => number = sum): FoldDriver {
  const run = new FoldDriver(spec(TASK)).gathered().answered('coder').answered('architect')
  return run.gated({ 'coder.1': RIGHT, 'architect.1': OTHER }, 'add').executed({ 'coder.1': behave, 'architect.1': behave })
}

/** The same where there is no function to call: the tests are all that can tell. */
export function upToTestsAlone(): FoldDriver {
  const run = new FoldDriver(spec({ ...TASK, prompt: 'Write the class.' })).gathered().answered('coder').answered('architect')
  return run.gated({ 'coder.1': RIGHT, 'architect.1': OTHER }, null)
}

/** The same where what the tests import is no function: each program loads, and there is nothing to call in it. */
export function upToTestsOfNoFunction(): FoldDriver {
  const run = new FoldDriver(spec({ ...TASK, prompt: 'Write what the tests import.', suite: CONSTANT })).gathered()
  run.answered('coder').answered('architect').gated({ 'coder.1': 'LIMIT = 3\n', 'architect.1': 'LIMIT = 1 + 2\n' }, 'LIMIT')
  const { id } = run.openOf('run')
  for (const candidate of ['coder.1', 'architect.1'])
    run.input({ k: 'chunk', id, d: { row: { candidate, load: { kind: 'no-entry-point' }, outcomes: [] } } })
  run.input({ k: 'ok', id, d: { driver: 'bwrap', isolation: 'full', policyHash: 'p', why: '' } })
  return run
}

/** Answers the judge's part, a program's row at a time. */
export function tested(run: FoldDriver, reports: Readonly<Record<string, SuiteReport>>): FoldDriver {
  const rows = Object.entries(reports).map(([candidate, each]) => ({ candidate, report: each }))
  const { id } = run.openOf('run')
  for (const row of rows) run.input({ k: 'chunk', id, d: { row } })
  run.input({ k: 'ok', id, d: { driver: 'bwrap', isolation: 'full', policyHash: 'p', why: '' } })
  return run
}

/** Answers the judge's part where nothing can be isolated. */
export function notTested(run: FoldDriver): FoldDriver {
  const d = { rows: [], driver: 'none', isolation: 'none', policyHash: '', why: 'no driver holds' }
  run.input({ k: 'ok', id: run.openOf('run').id, d })
  return run
}
