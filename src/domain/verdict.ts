import type { AgentId } from './ids.ts'

/**
 * How far a verdict can be trusted. `verified`: judged over a channel the candidate cannot write to;
 * `forgeable`: passed inside a process the candidate could tamper with; `unverified`: nothing was shown, as nothing ran or what ran proves nothing.
 * The grades are never merged into one number.
 */
export type EvidenceGrade = 'verified' | 'forgeable' | 'unverified'

export interface RankedCandidate {
  readonly candidate: string
  readonly agent: AgentId
  /** Higher is better; comparable within one ranking only. Null for one that could not be run where others could. */
  readonly score: number | null
  readonly isLive: boolean
  /** The parts the score was made of, by name. */
  readonly parts: Readonly<Record<string, number>>
}

export interface Dissent {
  readonly agent: AgentId
  readonly candidate: string
  /** What sets it apart from the winner, in a phrase. */
  readonly why: string
}

export interface Verdict {
  /** Candidate id; null when there is no winner. */
  readonly winner: string | null
  readonly agent: AgentId | null
  readonly model: string | null
  readonly grade: EvidenceGrade
  /** In [0, 1]; capped at 0.5 while no call was executed. */
  readonly confidence: number
  /** Name of the rule that picked the winner, e.g. `execution-agreement`. */
  readonly method: string
  readonly reason: string
  readonly ranking: readonly RankedCandidate[]
  readonly dissent: readonly Dissent[]
  /** The user's own tests on the winner; null where none were given. Their grade is their own, beside `grade`. */
  readonly tests: TestsVerdict | null
}

/** What the user's tests said of the winner. */
export interface TestsVerdict {
  readonly grade: EvidenceGrade
  /** Every test passed. */
  readonly passed: boolean
  readonly count: number
  readonly total: number
  /** Why it did not pass; empty where it did. */
  readonly why: string
}

export type Outcome = 'completed' | 'noConsensus' | 'failed' | 'cancelled' | 'budgetExhausted'

/** Why a run ended; every outcome has one. */
export type StopReason =
  | 'agreed'
  /** A program was agreed on, and does not pass the user's own tests. */
  | 'tests-failed'
  /** A program was agreed on, and the user's own tests could not be run, or prove nothing. */
  | 'tests-unverified'
  | 'ranked-unverified'
  | 'no-candidate'
  | 'nothing-parses'
  | 'not-solved'
  | 'no-model'
  | 'quorum-lost'
  | 'cancelled-by-user'
  /** Stopped from outside with its log sealed; `resume` goes on from there. */
  | 'interrupted'
  | 'token-budget'
  | 'time-budget'
  | 'log-failed'
  | 'judge-failed'
  | 'internal-error'
