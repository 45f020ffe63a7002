import type { SuiteFramework } from '../../domain/suite.ts'
import type { CandidateProgram } from '../../ports/sandbox.ts'

/** A test file that imports the code under test, and the code. */
export interface SuiteSpec {
  readonly framework: SuiteFramework
  readonly candidate: CandidateProgram
  /** What the test file imports it as, e.g. `solution`. */
  readonly moduleName: string
  /** Names the test file takes from it. */
  readonly names: readonly string[]
  readonly tests: string
  /** Makes the program, or a mutant of it, the module that the tests import; as it is when absent. */
  readonly toModule?: (code: string) => string
  /** A directory on the host with the framework in it; vitest needs one. Bound read-only, so its path can be seen inside. */
  readonly nodeModules?: string
  readonly signal?: AbortSignal
  /** Wall time for all that runs on one channel; a minute when absent. */
  readonly wallMs?: number
}
