import type { Conductor } from '../app/compose.ts'
import type { RunResult } from '../app/start-run.ts'
import { type CodeConductorError, toCodeConductorError } from '../domain/errors.ts'

/** The files beside a run's log; or why they could not be written, which changes nothing about how the run ended. */
export interface SavedArtifacts {
  readonly folder: string
  /** Names in `folder`, those worth opening first. */
  readonly files: readonly string[]
  readonly error: CodeConductorError | null
}

/** Writes the run's files beside its log. Never throws: the run has ended, and its end must still be told. */
export async function saveArtifacts(conductor: Conductor, result: RunResult): Promise<SavedArtifacts> {
  try {
    // Loaded when there is something to write: validators of every schema come with it.
    const { writeArtifacts } = await import('../app/write-artifacts.ts')
    return { ...(await writeArtifacts(conductor, result)), error: null }
  } catch (error) {
    const failed = toCodeConductorError(error, 'writing the files of the run')
    return { folder: conductor.store.folderOf(result.runId), files: ['log.jsonl'], error: failed }
  }
}
