import type { Conductor } from '../app/compose.ts'
import type { RunResult } from '../app/start-run.ts'

export interface SavedArtifacts {
  readonly folder: string
  readonly files: readonly string[]
}

/** Writes the run's files beside its log; null where that is not possible. */
export async function saveArtifacts(_conductor: Conductor, _result: RunResult): Promise<SavedArtifacts | null> {
  return null
}
