import { readFile } from 'node:fs/promises'
import { createMock, type MockOptions } from '../backends/mock.ts'
import { parseRecordings } from '../backends/recording.ts'
import { createReplay } from '../backends/replay.ts'
import type { Backend } from '../ports/backend.ts'

/** Returns a backend that opens no socket and answers as its script says, the same to the same request in every process. */
export function createMockBackend(options: MockOptions = {}): Backend {
  return createMock(options)
}

/**
 * Returns a backend that answers from a file of recordings, by the canonical hash of model, messages and sampling. A
 * request without a recording fails closed, and the error names the nearest recorded request and what differs.
 */
export async function createReplayBackend(file: string): Promise<Backend> {
  return createReplay({ recordings: parseRecordings(await readFile(file, 'utf8'), file) })
}
