import type { RunRuntime } from '../actors/effect-actor.ts'
import type { Executors } from '../actors/executor.ts'
import type { RunId } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { RunStore } from '../ports/run-store.ts'

/** What a run needs from the process it lives in. `compose` makes them; tests make smaller ones. */
export interface Services {
  readonly runtime: RunRuntime
  readonly store: RunStore
  readonly executors: Executors
  readonly clock: Clock
  readonly createRunId: () => RunId
  readonly productVersion: string
}
