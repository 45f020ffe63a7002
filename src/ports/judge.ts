import type { SuiteReport, TestSuite } from '../domain/suite.ts'

/**
 * Judges programs by a test file. The contract:
 *
 * 1. Nothing runs outside the sandbox; without one, `judge` throws `NO_SANDBOX`.
 * 2. `verified` only where the process that holds the tests never held a byte of the program.
 * 3. Tests that pass without the program, that are not reported, or that are skipped are not passed.
 * 4. A suite that could not be run is a report with grade `unverified` and its reason, not an error.
 */
export interface SuiteJudge {
  judge(suite: TestSuite, program: string, signal?: AbortSignal): Promise<SuiteReport>
}
