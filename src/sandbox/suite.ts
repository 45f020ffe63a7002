import type { EvidenceGrade } from '../domain/verdict.ts'
import type { CandidateProgram } from '../ports/sandbox.ts'

export type SuiteFramework = 'unittest' | 'pytest' | 'node:test' | 'vitest'

/** A test file that imports the code under test. */
export interface SuiteSpec {
  readonly framework: SuiteFramework
  readonly candidate: CandidateProgram
  /** What the test file imports it as, e.g. `solution`. */
  readonly moduleName: string
  /** Names the test file takes from it. */
  readonly names: readonly string[]
  readonly tests: string
  /** A directory on the host with the framework in it; vitest needs one. Bound read-only, so its path can be seen inside. */
  readonly nodeModules?: string
}

export interface SuiteTest {
  readonly id: string
  readonly status: 'pass' | 'fail' | 'skip'
}

/** What running a suite showed. `grade` says how far `passed` can be trusted; `unverified` means that it says nothing. */
export interface SuiteResult {
  readonly grade: EvidenceGrade
  readonly passed: boolean
  readonly tests: readonly SuiteTest[]
  /** Why it did not pass, why the grade is not higher. */
  readonly reasons: readonly string[]
  /** Code that could tamper with a test run in its process; shown, never a wall. */
  readonly flags: readonly string[]
}
