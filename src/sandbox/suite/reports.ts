import type { SuiteTest } from '../../domain/suite.ts'

/*
 * What a suite that ran in the candidate's process told, which hostile code may have written: read in one pass, never trusted. Canaries, a
 * stub and mutants say how far a report can be believed. Invariants:
 *  1. A report has an end with the framework's own counts, and its rows add up to them; else it is a problem.
 *  2. A row that is no row is a problem, not nothing.
 */

/** Characters of a failure's message that are kept. */
const MAX_MESSAGE = 400
const MAX_ROWS = 2_000

/** What one run told. */
export interface SuiteRun {
  readonly tests: readonly SuiteTest[]
  /** The tests that were collected, or where the framework does not say that before it runs them, those it ran; null without a report. */
  readonly ids: readonly string[] | null
  /** What is wrong with the report itself; null for one that adds up. */
  readonly problem: string | null
  /** How many tests the framework itself counted as failed. */
  readonly failed: number
}

const broken = (problem: string): SuiteRun => ({ tests: [], ids: null, problem, failed: 0 })

/** Reads the JSON lines of a reporter of ours. */
export function parseReport(text: string): SuiteRun {
  const tests: SuiteTest[] = []
  let ids: string[] | null = null
  let end: { readonly total: number; readonly failed: number } | null = null
  const ran: string[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const row = parseObject(line)
    if (row === null) return broken('a line of the report is not one of ours')
    if (end !== null) return broken('the report goes on after its end')
    if (Array.isArray(row['ids']) && ids === null) ids = row['ids'].map(String)
    else if (row['end'] !== undefined) {
      const { total, failed } = Object(row['end']) as { total?: unknown; failed?: unknown }
      if (typeof total !== 'number' || typeof failed !== 'number') return broken('the end of the report is not one of ours')
      end = { total, failed }
    } else {
      const { id, status, why } = row
      if (typeof id !== 'string' || (status !== 'pass' && status !== 'fail' && status !== 'skip'))
        return broken('a line of the report is not one of ours')
      if (tests.length === MAX_ROWS) return broken(`more than ${MAX_ROWS} tests`)
      if (row['suite'] !== true) ran.push(id.slice(0, 300))
      tests.push(withMessage(id.slice(0, 300), status, typeof why === 'string' && why !== '' ? why : undefined))
    }
  }
  if (end === null) return { tests, ids, problem: 'the report has no end', failed: 0 }
  return addUp({ tests, ids: ids ?? ran, ...end, suites: tests.length - ran.length })
}

/** Reads vitest's JSON report. */
export function parseVitest(text: string): SuiteRun {
  const report = parseObject(text)
  const total = report?.['numTotalTests']
  const failed = report?.['numFailedTests']
  if (typeof total !== 'number' || typeof failed !== 'number') return broken('the report is not one of vitest')
  const tests: SuiteTest[] = []
  for (const file of list(report, 'testResults')) {
    const rows = list(file, 'assertionResults')
    if (rows.length === 0) return { tests, ids: null, problem: 'the test file did not load', failed }
    for (const row of rows) {
      const { title, status } = Object(row) as Record<string, unknown>
      if (tests.length === MAX_ROWS) return broken(`more than ${MAX_ROWS} tests`)
      const id = [...list(row, 'ancestorTitles'), title].map(String).join(' > ').slice(0, 300)
      const [why] = list(row, 'failureMessages')
      tests.push(
        withMessage(
          id,
          status === 'passed' ? 'pass' : status === 'failed' ? 'fail' : 'skip',
          typeof why === 'string' ? why.split('\n', 1)[0] : undefined,
        ),
      )
    }
  }
  return addUp({ tests, ids: tests.map(({ id }) => id), total, failed, suites: 0 })
}

/** Returns `run` with a problem when the summary that unittest or pytest printed counts other failures than the report does. */
export function agreeWithSummary(run: SuiteRun, printed: string): SuiteRun {
  if (run.problem !== null) return run
  const isSummary = /^(?:FAILED \(|OK\b)|^[= ]*\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed)\b.* in \d/
  const line = printed
    .slice(-4_000)
    .split('\n')
    .findLast((each) => isSummary.test(each))
  if (line === undefined) return { ...run, problem: 'there is no summary beside the report' }
  const counts = line.matchAll(/(?<!expected )\b(?:failures|errors|unexpected successes)=(\d+)|\b(\d+) (?:failed|errors?)\b/g)
  const failed = [...counts].reduce((sum, [, a, b]) => sum + Number(a ?? b), 0)
  return failed === run.failed ? run : { ...run, problem: `the summary counts ${failed} failures, the report ${run.failed}` }
}

function addUp({
  tests,
  ids,
  total,
  failed,
  suites,
}: Pick<SuiteRun, 'tests' | 'ids'> & { total: number; failed: number; suites: number }): SuiteRun {
  const failures = tests.filter(({ status }) => status === 'fail').length
  const isSame = tests.length - suites === total && (failures === failed || failures - suites === failed)
  return { tests, ids, problem: isSame ? null : 'the report and the counts of the framework differ', failed }
}

function list(value: unknown, key: string): readonly unknown[] {
  const found = (Object(value) as Record<string, unknown>)[key]
  return Array.isArray(found) ? found : []
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function withMessage(id: string, status: SuiteTest['status'], message: string | undefined): SuiteTest {
  const told = message?.slice(0, MAX_MESSAGE)
  return status === 'pass' || told === undefined ? { id, status } : { id, status, message: told }
}
