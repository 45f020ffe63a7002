import type { LogRecord, RecordKind } from '../../../src/domain/record.ts'
import type { RunLog, RunStore } from '../../../src/ports/run-store.ts'
import { createRunId } from '../../../src/store/run-id.ts'

/** Returns a record as a model's text would give; equal for equal arguments. */
export function recordAt(seq: number, k: RecordKind = 'chunk', text = `said ${seq} — “ü”`): LogRecord {
  return { v: 1, seq, t: seq * 40, k, a: 'run/coder', id: 'run/coder#1', d: { text }, o: [['t', seq]], h: `digest${seq}` }
}

/** Returns records `from` up to, not with, `to`. */
export function recordsBetween(from: number, to: number): readonly LogRecord[] {
  return Array.from({ length: to - from }, (_, index) => recordAt(from + index))
}

/** Returns a run id; different for different numbers, sorted as they are. */
export function runIdAt(number: number): string {
  return createRunId(1_700_000_000_000 + number, new Uint8Array(10).fill(number))
}

export function appendAll(log: RunLog, records: readonly LogRecord[]): void {
  for (const record of records) log.append(record)
}

/** Creates a run with these records, all durable, and closes it. */
export async function storeRun(store: RunStore, runId: string, records: readonly LogRecord[]): Promise<void> {
  const log = await store.create(runId)
  appendAll(log, records)
  await log.durable()
  await log.close()
}

/** Returns the code of the error a promise rejects with; `none` where it does not. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'none',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
}
