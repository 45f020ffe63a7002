import { renderKpi } from '../../src/app/render-kpi.ts'
import { type RunHistory, seenHistory } from '../../src/app/run-history.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import type { RunEvent, RunEventBody } from '../../src/domain/event.ts'
import type { Kpi } from '../../src/domain/kpi.ts'
import { createContext, type RunContext } from '../../src/machines/run-context.ts'
import { spec } from '../support/test-services.ts'

/** A history of these bodies at these logical ms; the run began with the year 2026. */
export function history(
  entries: readonly (readonly [t: number, body: RunEventBody])[],
  effects: Record<string, number> = {},
): RunHistory {
  const events = entries.map(([t, body], seq): RunEvent => ({ v: 1, seq, t, ...body }))
  return {
    ...seenHistory(events),
    effectMs: new Map(Object.entries(effects)),
    startedMs: Date.UTC(2026, 0, 1),
    wallMs: (t) => Date.UTC(2026, 0, 1) + t,
  }
}

/** The figures of a run with this past, of which nothing else is known; `context` is how it ended. */
export function kpiOf(past: RunHistory, context: RunContext = createContext({ runId: 'run1', spec: spec() }, 'task')): Kpi {
  return renderKpi({
    runId: 'run1',
    outcome: 'failed',
    stopReason: 'internal-error',
    detail: 'x'.repeat(2_000),
    digest: 'd',
    context,
    history: past,
    config: BUILT_IN_CONFIG,
    productVersion: '1',
    folder: 'artifacts/runs/run1',
    writtenMs: Date.UTC(2026, 0, 2),
    hardware: null,
    engineVersion: null,
    likeness: null,
    backends: [],
  })
}
