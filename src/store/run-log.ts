import type { CodeConductorError } from '../domain/errors.ts'
import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import type { RunLog } from '../ports/run-store.ts'
import type { Lease } from './lease.ts'
import { checksum } from './record-codec.ts'
import type { Reserve } from './reserve.ts'
import type { FileEntry, RunFile } from './run-file.ts'
import { storeFailed } from './store-error.ts'
import type { Wal, WalClient } from './wal.ts'
import { encodeWalLine } from './wal-format.ts'

/**
 * One run being written: queue → shared WAL → durable → the run's own files.
 * 1. A record reaches the run's files only when it is durable, so a file never shows what may still be lost.
 * 2. After a failure nothing more is written, but one closing record (`end`), into the reserve. It is given the number
 *    that follows the durable records (`details.nextSeq` of the error), whatever number it came with.
 */
export interface RunLogParts {
  readonly runId: RunId
  /** Number of the first record to come. */
  readonly nextSeq: number
  readonly wal: Wal
  readonly file: RunFile
  readonly lease: Lease
  readonly reserve: Reserve
  readonly slot: number
  /** Makes the run's folder survive a power cut; a batch does it too, but a run may fail in its first. */
  syncName(): Promise<void>
  /** Makes what is in the run's files survive a power cut. */
  syncFiles(): Promise<void>
  /** Called when there is something to write out to the files. */
  onWaiting(log: OpenRunLog): void
  /** `isSaved`: all that is durable is written and sealed in the run's files, if not synced. */
  onClosed(log: OpenRunLog, isSaved: boolean): void
}

export interface OpenRunLog extends RunLog, WalClient {
  readonly runId: RunId
  /** Characters that are durable and not yet in the run's files. */
  readonly waiting: number
  /** Writes what is durable to the run's files; returns false, and keeps it for later, where that fails. */
  writeOut(): boolean
}

interface Waiter {
  readonly target: number
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: CodeConductorError) => void
}

export function createRunLog(parts: RunLogParts): OpenRunLog {
  const { runId, wal, file, lease } = parts
  let appended = parts.nextSeq
  let durableCount = parts.nextSeq
  // An interrupted run that is opened again goes on after its `end`.
  let isSealed = false
  let pending: FileEntry[] = []
  let waiters: Waiter[] = []
  let failure: CodeConductorError | null = null
  /** Records someone asked `durable` for; a failure of others is told by `close`. */
  let askedCount = parts.nextSeq
  let isFailureTold = false
  let closing: Promise<void> | null = null
  let closed: Promise<void> | null = null

  function append(record: LogRecord): void {
    if (failure !== null) {
      if (record.k !== 'end' || isSealed || closing !== null || closed !== null) return
      closing = writeClosing(record)
      closing.catch(() => undefined)
      return
    }
    const refusal = refusalOf(record)
    if (refusal !== null) {
      fail(refusal)
      return
    }
    try {
      const json = JSON.stringify(record)
      const crc = checksum(json)
      wal.append(log, encodeWalLine(runId, json, crc))
      pending.push({ json, checksum: crc })
      appended += 1
      isSealed = record.k === 'end'
    } catch (cause) {
      fail(cause)
    }
  }

  function refusalOf(record: LogRecord): string | null {
    if (closed !== null) return 'the log is closed'
    if (isSealed) return 'the log has ended'
    return record.seq === appended ? null : `record ${record.seq} came where ${appended} was due`
  }

  function durable(): Promise<void> {
    askedCount = appended
    isFailureTold = failure !== null
    return whenDurable()
  }

  function whenDurable(): Promise<void> {
    if (failure !== null) return closing ?? Promise.reject(failure)
    if (durableCount === appended) return Promise.resolve()
    wal.commit()
    const last = waiters.at(-1)
    if (last?.target === appended) return last.promise
    const { promise, resolve, reject } = withResolvers()
    waiters.push({ target: appended, promise, resolve, reject })
    return promise
  }

  function onDurable(count: number): void {
    durableCount += count
    for (const entry of pending.slice(0, count)) file.add(entry)
    pending = pending.slice(count)
    while (waiters[0] !== undefined && waiters[0].target <= durableCount) waiters.shift()?.resolve()
    parts.onWaiting(log)
  }

  function fail(cause: unknown): void {
    if (failure !== null) return
    const error = storeFailed(`writing the log of run ${runId}`, cause, { runId, nextSeq: durableCount })
    failure = error
    if (appended > durableCount) isSealed = false
    isFailureTold = askedCount > durableCount
    pending = []
    for (const waiter of waiters) waiter.reject(error)
    waiters = []
  }

  async function writeClosing(record: LogRecord): Promise<void> {
    try {
      if (!lease.isHeld()) throw storeFailed(`closing run ${runId}`, 'its lease was taken away')
      const json = JSON.stringify({ ...record, seq: durableCount })
      const crc = checksum(json)
      await parts.syncName()
      await parts.reserve.write(parts.slot, Buffer.from(encodeWalLine(runId, json, crc)))
      file.add({ json, checksum: crc })
      isSealed = true
    } catch (cause) {
      throw storeFailed(`closing run ${runId}`, cause, { runId, nextSeq: durableCount })
    }
  }

  function writeOut(): boolean {
    if (file.waiting === 0) return true
    if (!lease.isHeld()) {
      fail('its lease was taken away')
      return false
    }
    try {
      file.writeOut()
      return true
    } catch {
      return false
    }
  }

  async function close(): Promise<void> {
    const outcome = await whenDurable().then(
      () => null,
      (error: unknown) => error,
    )
    const isSaved = sealFile()
    await freeSlot(isSaved)
    lease.release()
    parts.onClosed(log, isSaved)
    if (outcome !== null && !isFailureTold) throw outcome
  }

  function sealFile(): boolean {
    if (!writeOut()) return false
    try {
      if (isSealed) file.seal()
      return true
    } catch {
      return false
    }
  }

  async function freeSlot(isSaved: boolean): Promise<void> {
    const isSynced =
      closing === null ||
      (isSaved &&
        (await parts.syncFiles().then(
          () => true,
          () => false,
        )))
    parts.reserve.free(parts.slot, isSynced)
  }

  const log: OpenRunLog = {
    runId,
    get hasFailed() {
      return failure !== null
    },
    get waiting() {
      return file.waiting
    },
    append,
    durable,
    onDurable,
    onFailed: fail,
    writeOut,
    close: () => {
      closed ??= close()
      return closed
    },
  }
  return log
}

function withResolvers(): Omit<Waiter, 'target'> {
  let resolve: Waiter['resolve'] = () => undefined
  let reject: Waiter['reject'] = () => undefined
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
