import type { CodeConductorError } from '../domain/errors.ts'
import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import type { LeaseHolder, RunListing, RunLog, RunStore, StoredRun } from '../ports/run-store.ts'
import { decodeLog, encodeRecord, logCorrupt } from './record-codec.ts'
import { runIdTime } from './run-id.ts'
import { runHeld, runNotFound, storeFailed } from './store-error.ts'

/** What several memory stores share, as several processes share a disk. Open to tests, which damage it. */
export interface MemoryDisk {
  readonly runs: Map<RunId, MemoryRun>
  /** Bytes left; -1 for no limit. A closing record is written all the same. */
  freeBytes: number
}

interface MemoryRun {
  /** What is durable: log lines as in a file. */
  bytes: Uint8Array
  holder: LeaseHolder | null
}

/** Returns a disk without runs and without a limit. */
export function createMemoryDisk(): MemoryDisk {
  return { runs: new Map(), freeBytes: -1 }
}

/** Returns a store that keeps its runs in `disk`, for tests and for runs nobody wants kept. */
export function createMemoryStore(disk: MemoryDisk = createMemoryDisk()): RunStore {
  const open = new Set<RunLog>()
  const holder: LeaseHolder = { pid: 0, host: 'memory', sinceMs: 0 }

  function find(runId: RunId): MemoryRun {
    const run = disk.runs.get(runId)
    if (run === undefined) throw runNotFound(runId)
    return run
  }

  function start(runId: RunId, run: MemoryRun, stored: StoredRun): RunLog {
    run.holder = holder
    const log = createMemoryLog(disk, runId, run, stored, () => open.delete(log))
    open.add(log)
    return log
  }

  return {
    create: async (runId) => {
      const before = disk.runs.get(runId)
      if (before?.holder) throw runHeld(runId, before.holder)
      if (before !== undefined) throw storeFailed(`creating run ${runId}`, 'it exists already')
      const run: MemoryRun = { bytes: new Uint8Array(), holder: null }
      disk.runs.set(runId, run)
      return start(runId, run, readRun(runId, run))
    },
    open: async (runId) => {
      const run = find(runId)
      if (run.holder !== null) throw runHeld(runId, run.holder)
      const stored = readRun(runId, run)
      run.bytes = run.bytes.slice(0, run.bytes.length - stored.tornBytes)
      return { run: stored, log: start(runId, run, stored) }
    },
    read: async (runId) => readRun(runId, find(runId)),
    list: async () => [...disk.runs].map(([runId, run]) => listRun(runId, run)).sort((a, b) => (a.runId < b.runId ? -1 : 1)),
    remove: async (runId) => {
      const run = find(runId)
      if (run.holder !== null) throw runHeld(runId, run.holder)
      disk.runs.delete(runId)
    },
    close: async () => {
      await Promise.allSettled([...open].map((log) => log.close()))
    },
  }
}

function readRun(runId: RunId, run: MemoryRun): StoredRun {
  const { records, bad } = decodeLog(run.bytes)
  if (bad !== null && bad.problem !== 'torn') throw logCorrupt(runId, bad)
  return { runId, records, tornBytes: bad?.bytes ?? 0, isSealed: records.at(-1)?.k === 'end' }
}

function listRun(runId: RunId, run: MemoryRun): RunListing {
  const isSealed = decodeLog(run.bytes).records.at(-1)?.k === 'end'
  return { runId, createdMs: runIdTime(runId) ?? 0, sizeBytes: run.bytes.length, isSealed, holder: run.holder }
}

function createMemoryLog(disk: MemoryDisk, runId: RunId, run: MemoryRun, stored: StoredRun, onClosed: () => void): RunLog {
  let queue: string[] = []
  let appended = stored.records.length
  let durableCount = appended
  // An interrupted run that is opened again goes on after its `end`.
  let isSealed = false
  let failure: CodeConductorError | null = null
  let isClosed = false
  let isAsked = true
  let hasClosing = false
  let space = Buffer.from(run.bytes)

  function append(record: LogRecord): void {
    if (failure !== null) {
      if (record.k !== 'end' || isSealed || isClosed) return
      isSealed = true
      hasClosing = true
      write(encodeRecord({ ...record, seq: durableCount }))
      return
    }
    const refusal = refusalOf(record)
    if (refusal !== null) {
      fail(refusal)
      return
    }
    try {
      queue.push(encodeRecord(record))
      appended += 1
      isAsked = false
      isSealed = record.k === 'end'
    } catch (cause) {
      fail(cause)
    }
  }

  function refusalOf(record: LogRecord): string | null {
    if (isClosed) return 'the log is closed'
    if (isSealed) return 'the log has ended'
    return record.seq === appended ? null : `record ${record.seq} came where ${appended} was due`
  }

  function fail(cause: unknown): void {
    if (appended > durableCount) isSealed = false
    queue = []
    failure = storeFailed(`writing the log of run ${runId}`, cause, { runId, nextSeq: durableCount })
  }

  function write(text: string): void {
    const added = Buffer.from(text)
    const end = run.bytes.length + added.length
    if (end > space.length) {
      // Twice the need, so that a log of n records costs n copies, not n squared.
      space = Buffer.alloc(end * 2)
      space.set(run.bytes)
    }
    space.set(added, run.bytes.length)
    run.bytes = space.subarray(0, end)
  }

  function flush(): void {
    const text = queue.join('')
    const size = Buffer.byteLength(text)
    if (disk.freeBytes >= 0 && size > disk.freeBytes) {
      fail(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
      return
    }
    if (disk.freeBytes >= 0) disk.freeBytes -= size
    write(text)
    durableCount = appended
    queue = []
  }

  return {
    runId,
    append,
    durable: async () => {
      isAsked = true
      if (failure === null && queue.length > 0) flush()
      if (failure !== null && !hasClosing) throw failure
    },
    close: async () => {
      if (isClosed) return
      if (failure === null) flush()
      isClosed = true
      run.holder = null
      onClosed()
      if (failure !== null && !isAsked) throw failure
    },
  }
}
