import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createRecordingBackend, formatRecording, type Recording } from '../backends/recording.ts'
import type { Backend } from '../ports/backend.ts'
import { encodeRecord } from '../store/record-codec.ts'
import { readLocatedRun } from './find-run.ts'
import { type DebateOptions, runDebate } from './run-debate.ts'
import type { RunResult } from './start-run.ts'

export interface RecordedRun {
  readonly result: RunResult & { readonly folder: string }
  /** The run's whole log: `expectReplay(log)` folds it again with no model. */
  readonly log: string
  /** Every exchange with a model: `createReplayBackend(recordings)` answers from it. */
  readonly recordings: string
}

/**
 * Runs a debate once against real models and keeps two files for tests to come: `<name>.log.jsonl`, the run itself, and
 * `<name>.recordings.jsonl`, its exchanges. `backends` are the servers to record. Throws as `runDebate` does.
 */
export async function recordRun(
  name: string,
  options: DebateOptions & { readonly backends: readonly Backend[] },
): Promise<RecordedRun> {
  const recorded: Recording[] = []
  const backends = options.backends.map((backend) => createRecordingBackend(backend, (recording) => recorded.push(recording)))
  const debate = await runDebate({ ...options, backends })
  const result = await debate.result
  const log = `${name}.log.jsonl`
  const recordings = `${name}.recordings.jsonl`
  await mkdir(dirname(log), { recursive: true })
  // One file must be enough: payloads that the store keeps apart are written in place.
  const { records } = await readLocatedRun(result.folder, {})
  await writeFile(log, records.map(encodeRecord).join(''))
  await writeFile(recordings, recorded.map(formatRecording).join(''))
  return { result, log, recordings }
}
