import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { createMock, type MockOptions } from '../backends/mock.ts'
import { parseRecordings } from '../backends/recording.ts'
import { createReplay } from '../backends/replay.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { Backend } from '../ports/backend.ts'

/** Returns a backend that opens no socket and answers as its script says, the same to the same request in every process. */
export function createMockBackend(options: MockOptions = {}): Backend {
  return createMock(options)
}

/**
 * Returns a backend that answers from a file of recordings, by the canonical hash of model, messages and sampling. A
 * request without a recording fails closed, and the error names the nearest recorded request and what differs. Throws `ARTIFACT_INVALID` for a file that cannot be
 * read or is no recording.
 */
export async function createReplayBackend(file: string): Promise<Backend> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CodeConductorError('ARTIFACT_INVALID', `the recordings ${basename(file)} cannot be read`, {
      hint: 'codeconductor record NAME --prompt …',
      cause,
    })
  })
  return createReplay({ recordings: parseRecordings(text, file) })
}
