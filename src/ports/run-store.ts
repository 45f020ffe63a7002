import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'

/** A run's log opened for appending by this process, which holds the run's lease while it is open. */
export interface RunLog {
  readonly runId: RunId
  /** Queues one record. Records reach the disk in order; `seq` must continue the log. Never throws: a failure rejects `durable`. */
  append(record: LogRecord): void
  /**
   * Resolves when every record appended so far survives a power cut; rejects with `STORE_FAILED` (disk full, I/O error,
   * lease lost), after which nothing further is written. Concurrent calls share one sync.
   */
  durable(): Promise<void>
  /** Writes what is queued, closes the file and gives up the lease. Idempotent. */
  close(): Promise<void>
}

export interface StoredRun {
  readonly runId: RunId
  readonly records: readonly LogRecord[]
  /** Bytes cut from the end because the last line was incomplete; 0 for a clean log. */
  readonly tornBytes: number
  /** True when the last record is `end`. */
  readonly isSealed: boolean
}

/** Who is writing a run right now. */
export interface LeaseHolder {
  readonly pid: number
  readonly host: string
  readonly sinceMs: number
}

export interface RunListing {
  readonly runId: RunId
  /** Epoch ms of creation, from the run id. */
  readonly createdMs: number
  readonly sizeBytes: number
  readonly isSealed: boolean
  readonly holder: LeaseHolder | null
}

/**
 * Where logs live. Contract, each number has a test in tests/contracts/run-store.contract.ts:
 * 1. What was appended is read back equal, in order, by this and any later process.
 * 2. After `durable` resolves, its records survive SIGKILL and power loss.
 * 3. Records of one run form a gapless `seq` from 0; a gap or a bad line before the end refuses to load, `LOG_CORRUPT`,
 *    naming the record. An incomplete last line is cut and reported in `tornBytes`.
 * 4. Any changed bit of a stored line is noticed.
 * 5. One process holds a run at a time: a second `create` or `open` fails with `RUN_HELD` naming the holder; the lease
 *    of a dead process lapses by itself.
 * 6. Many runs append at once; one sync serves all of them.
 * 7. A failed write (disk full) fails `durable` of the runs concerned, leaves the durable prefix readable, and lets the
 *    run still write one closing record from space reserved at creation.
 * 8. `read` and `list` take no lease and never write.
 */
export interface RunStore {
  create(runId: RunId): Promise<RunLog>
  /** Opens an existing run to go on writing: recovers, cuts a torn tail, takes the lease. An interrupted run goes on after its `end`. */
  open(runId: RunId): Promise<{ readonly log: RunLog; readonly run: StoredRun }>
  read(runId: RunId): Promise<StoredRun>
  list(): Promise<readonly RunListing[]>
  remove(runId: RunId): Promise<void>
  close(): Promise<void>
}
