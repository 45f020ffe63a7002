import type { SuiteReport } from '../domain/suite.ts'
import type { SuiteFacts } from './decision.ts'

const GRADE_ORDER = { unverified: 0, forgeable: 1, verified: 2 } as const

/** Returns what a decision uses of the reports of a suite. A report that proves nothing counts no test as passed. */
export function suiteFacts(rows: readonly { readonly candidate: string; readonly report: SuiteReport }[]): SuiteFacts[] {
  return rows.map(({ candidate, report }) => {
    const { grade, tests, before, reasons } = report
    const failed = tests.find(({ status }) => status !== 'pass')
    return {
      candidate,
      grade,
      isGreen: report.passed && grade !== 'unverified',
      passed: grade === 'unverified' ? 0 : tests.filter(({ status }) => status === 'pass').length,
      total: Math.max(tests.length, before.length),
      failure:
        failed === undefined ? null : { test: failed.id, message: failed.message ?? (failed.status === 'skip' ? 'skipped' : '') },
      why: reasons.at(-1) ?? '',
    }
  })
}

/**
 * Orders two candidates by the user's tests, the better first: more tests passed, then the grade under which they did. A result that
 * could be forged never stands above an equal one that could not.
 */
export function compareSuite(a: SuiteFacts | undefined, b: SuiteFacts | undefined): number {
  return (
    Number(b?.isGreen ?? false) - Number(a?.isGreen ?? false) ||
    (b?.passed ?? 0) - (a?.passed ?? 0) ||
    GRADE_ORDER[b?.grade ?? 'unverified'] - GRADE_ORDER[a?.grade ?? 'unverified']
  )
}
