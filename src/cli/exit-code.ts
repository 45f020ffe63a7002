import { EXIT, type ExitCode } from '../domain/errors.ts'
import type { EvidenceGrade, Outcome, StopReason } from '../domain/verdict.ts'

export interface RunEnding {
  readonly outcome: Outcome
  readonly stopReason: StopReason
  readonly grade: EvidenceGrade
}

/**
 * Returns the exit code of a run's end. `mustVerify`: a winner that nothing was executed for counts as no isolation. Tests that were
 * given and could not tell always do.
 */
export function exitCodeOf({ outcome, stopReason, grade }: RunEnding, mustVerify: boolean): ExitCode {
  switch (outcome) {
    case 'completed':
      if (stopReason === 'tests-failed') return EXIT.testsFailed
      if (stopReason === 'tests-unverified') return EXIT.unavailable
      return mustVerify && grade === 'unverified' ? EXIT.unavailable : EXIT.ok
    case 'noConsensus':
      return EXIT.noConsensus
    case 'budgetExhausted':
      return EXIT.budget
    case 'cancelled':
      return EXIT.interrupted
    case 'failed':
      return stopReason === 'no-model' ? EXIT.unavailable : EXIT.internal
    default:
      return outcome satisfies never
  }
}
