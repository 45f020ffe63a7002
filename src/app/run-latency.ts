import type { Phase } from '../domain/event.ts'
import type { Kpi } from '../domain/kpi.ts'
import type { RunHistory } from './run-history.ts'

/** Rounds in which agents answer each other or the evidence; the others write what is judged. */
const DEBATE: ReadonlySet<Phase> = new Set<Phase>(['rebut', 'revise', 'repair', 'arbitrate'])

/** Returns the run's wall time by what was done, whole ms; null for what was not done. A round cut off counts to the end. */
export function latencyOf({ events, effectMs }: RunHistory, isExecuted: boolean): Kpi['latency_ms'] {
  const endMs = events.at(-1)?.t ?? 0
  let planning: number | null = null
  let generation: number | null = null
  let debate: number | null = null
  let judging: number | null = null
  let open: { readonly t: number; readonly phase: Phase } | null = null
  let closedMs: number | null = null
  const close = (t: number): void => {
    if (open === null) return
    if (DEBATE.has(open.phase)) debate = (debate ?? 0) + t - open.t
    else generation = (generation ?? 0) + t - open.t
    open = null
    closedMs = t
  }
  for (const event of events) {
    switch (event.type) {
      case 'round.started':
        planning ??= event.t
        close(event.t)
        open = { t: event.t, phase: event.phase }
        break
      case 'round.completed':
        close(event.t)
        break
      case 'candidates.gated':
        // A budget that ran out closes a round without saying so.
        close(event.t)
        break
      case 'candidates.ranked':
        if (closedMs !== null) judging = (judging ?? 0) + event.t - closedMs
        closedMs = null
        break
      default:
        break
    }
  }
  close(endMs)
  const [calls, suites] = [effectMs.get('execute'), effectMs.get('suite')]
  const executeMs = calls === undefined && suites === undefined ? null : (calls ?? 0) + (suites ?? 0)
  return {
    planning: rounded(planning),
    debate: rounded(debate),
    selection: judging === null ? null : rounded(Math.max(0, judging - (executeMs ?? 0))),
    generation: rounded(generation),
    patch_apply: null,
    tests: isExecuted ? rounded(executeMs) : null,
  }
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms)
}
