import type { RestartPolicy } from '../domain/persona.ts'

export type RestartDecision =
  | { readonly isRestart: true; readonly delayMs: number }
  | { readonly isRestart: false; readonly why: string }

/**
 * Decides whether a failed turn is tried again, as a supervisor's child spec does: `transient` restarts after a
 * retryable failure, with back-off doubling from `backoffSeconds` to `maxBackoffSeconds`, until `intensity` restarts
 * lie within `periodSeconds`. `pastMs` are the logical times of earlier restarts; `nowMs` is that of the failure.
 */
export function decideRestart(
  policy: RestartPolicy,
  isRetryable: boolean,
  pastMs: readonly number[],
  nowMs: number,
): RestartDecision {
  if (!isRetryable) return { isRestart: false, why: 'another attempt cannot help' }
  if (policy.strategy === 'temporary') return { isRestart: false, why: 'its restart policy is temporary' }
  const recent = pastMs.filter((at) => nowMs - at < policy.periodSeconds * 1000).length
  if (recent >= policy.intensity)
    return { isRestart: false, why: `${recent} restarts within ${policy.periodSeconds} s are its limit` }
  const delaySeconds = Math.min(policy.maxBackoffSeconds, policy.backoffSeconds * 2 ** recent)
  return { isRestart: true, delayMs: Math.round(delaySeconds * 1000) }
}
