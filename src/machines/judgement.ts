import type { Decision } from '../consensus/decision.ts'
import type { EvidencePlan } from '../consensus/plan-evidence.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { ExecuteResult, GateResult, SuiteResult } from './effects.ts'

/** What is known of the pool after it was gated, executed where that was possible, and decided. */
export interface Judgement {
  readonly gate: GateResult
  readonly plan: EvidencePlan
  /** Null when there was nothing to execute. */
  readonly execution: ExecuteResult | null
  /** Null when the user gave no tests. */
  readonly suite: SuiteResult | null
  readonly decision: Decision
  readonly verdict: Verdict
}
