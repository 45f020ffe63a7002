import { z } from 'zod'
import type { EvidenceGrade } from './verdict.ts'

export const SuiteFramework = z.enum(['unittest', 'pytest', 'node:test', 'vitest'])
export type SuiteFramework = z.infer<typeof SuiteFramework>

/** Characters a test file may have. */
export const MAX_SUITE_CHARS = 262_144

/** The user's own test file: it imports the code that is asked for and says what is right. */
export const TestSuite = z.strictObject({
  /** Its name, for people; nothing is read from there. */
  file: z.string().min(1).max(200),
  framework: SuiteFramework,
  language: z.enum(['python', 'javascript', 'typescript']),
  /** What it imports the code as. */
  moduleName: z.string().regex(/^(?!test)[A-Za-z_][A-Za-z0-9_]{0,60}$/i),
  /** Names it takes from there. */
  names: z.array(z.string().min(1).max(128)).max(64),
  text: z.string().min(1).max(MAX_SUITE_CHARS),
})
export type TestSuite = z.infer<typeof TestSuite>

export interface SuiteTest {
  readonly id: string
  readonly status: 'pass' | 'fail' | 'skip'
  /** Why it did not pass, first lines, from inside the sandbox; absent where the framework does not say. */
  readonly message?: string
}

/** What running a suite on one program showed. */
export interface SuiteReport {
  /** How far `passed` can be trusted; `unverified`: it says nothing. */
  readonly grade: EvidenceGrade
  readonly passed: boolean
  readonly tests: readonly SuiteTest[]
  /** The same tests against a module with nothing in it: how things stood before. */
  readonly before: readonly SuiteTest[]
  /** Why it did not pass, why the grade is not higher. */
  readonly reasons: readonly string[]
  /** Code that could tamper with a test run in its process; shown, never a wall. */
  readonly flags: readonly string[]
}
