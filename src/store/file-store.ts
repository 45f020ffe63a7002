import { resolve } from 'node:path'
import { CodeConductorError } from '../domain/errors.ts'
import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import type { Clock, TimerHandle } from '../ports/clock.ts'
import type { RunStore } from '../ports/run-store.ts'
import { type Checkpoints, createCheckpoints } from './checkpoint.ts'
import { createNodeFileSystem, errorCode, type FileSystem } from './file-system.ts'
import { loadRun, type StoreDisk } from './journal.ts'
import { acquireLease, type Lease, type LeaseContext, leaseHolder } from './lease.ts'
import { listRuns } from './list-runs.ts'
import { createNodeProcessTable, createOwnerTag, type ProcessTable } from './process-table.ts'
import { type RunEnds, readEnds } from './read-ends.ts'
import { healRun, REMOVED_PREFIX, recoverDead } from './recover.ts'
import { createReserve } from './reserve.ts'
import { createRunFile, type RunFile, type RunFileOptions, START_OF_LOG } from './run-file.ts'
import { isRunId } from './run-id.ts'
import { createRunLog, type OpenRunLog } from './run-log.ts'
import { runHeld, runNotFound, runPinned, storeFailed } from './store-error.ts'
import { type RunReport, verifyRunFiles } from './verify-run.ts'
import { createWal } from './wal.ts'

/**
 * Runs in a folder, safe to share between processes.
 *
 *     <root>/runs/<run id>/   log.jsonl, log.000002.jsonl …, segments.json, blobs/, pinned, lease.<owner>, and side files
 *     <root>/wal/             <owner>.000001.wal …, <owner>.reserve: of processes that run, or that died
 *
 * 1. A record is durable when the WAL of its process is synced (one sync for all runs); the run's own files follow without
 *    one, and are synced before the WAL goes. Whoever reads takes the files and what only a WAL has.
 * 2. The first `create` or `open` of a store moves what dead processes left in their WALs into the runs' files.
 */
export interface FileStore extends RunStore {
  /** Returns the folder of a run; it need not exist. */
  folderOf(runId: RunId): string
  /** Returns the first and last record of a run without reading what lies between. Throws `RUN_NOT_FOUND`, `LOG_CORRUPT`. */
  readEnds(runId: RunId): Promise<RunEnds>
  /** Checks every line, payload and seal of a run. Throws `RUN_NOT_FOUND`. */
  verifyRun(runId: RunId): Promise<RunReport>
  /** Marks a run to be kept: `remove` refuses it. Throws `RUN_NOT_FOUND`. */
  pin(runId: RunId): Promise<void>
  unpin(runId: RunId): Promise<void>
  isPinned(runId: RunId): Promise<boolean>
}

export interface FileStoreOptions {
  /** The folder that holds `runs/` and `wal/`; created on first writing. */
  readonly root: string
  readonly clock: Clock
  readonly fs?: FileSystem
  readonly processes?: ProcessTable
  /** A segment of a log is sealed before it grows beyond this; 8 MiB. */
  readonly maxSegmentBytes?: number
  /** A WAL is closed, and let go once its runs' files are synced, when it is this long; 16 MiB. */
  readonly maxWalBytes?: number
  /** Records nobody waits for reach the disk within this time, ms; 50. */
  readonly relaxedMs?: number
  /** Durable records reach the run's own file within this time, ms; 250. */
  readonly lagMs?: number
}

/** Characters of one run that are written to its file at once. */
const EAGER_CHARACTERS = 16 * 1024
const PIN_FILE = 'pinned'

/** Returns a store in `options.root`. Does nothing on disk until the first `create` or `open`. */
export function createFileStore(options: FileStoreOptions): FileStore {
  const { clock } = options
  const fs = options.fs ?? createNodeFileSystem()
  const processes = options.processes ?? createNodeProcessTable()
  const maxSegmentBytes = options.maxSegmentBytes ?? 8 * 1024 * 1024
  const root = resolve(options.root)
  const disk: StoreDisk = { fs, processes, walFolder: `${root}/wal`, runsFolder: `${root}/runs` }
  const tag = createOwnerTag(processes.self())
  const leases: LeaseContext = { fs, processes, tag, wallMs: () => clock.wallMs(), pause: () => pause(clock) }

  const open = new Map<RunId, OpenRunLog>()
  /** Closed and not all written to its files: the WAL must stay, for the next process to finish from. */
  const unwritten = new Set<RunId>()
  const changedFolders = new Set<string>()
  const checkpoints: Checkpoints = createCheckpoints({ fs, writeOut })
  const reserve = createReserve(fs, disk.walFolder, `${tag}.reserve`)
  const wal = createWal({
    fs,
    clock,
    folder: disk.walFolder,
    tag,
    maxBytes: options.maxWalBytes ?? 16 * 1024 * 1024,
    relaxedMs: options.relaxedMs ?? 50,
    changedFolders,
    onRetired: checkpoints.retire,
  })
  let ready: Promise<void> | null = null
  let lag: TimerHandle | null = null
  let closed: Promise<void> | null = null

  function writeOut(runId: RunId): boolean {
    return !unwritten.has(runId) && (open.get(runId)?.writeOut() ?? true)
  }

  function onWaiting(log: OpenRunLog): void {
    if (log.waiting >= EAGER_CHARACTERS) log.writeOut()
    else lag ??= clock.setTimer(onLag, options.lagMs ?? 250)
  }

  function onLag(): void {
    lag = null
    for (const log of open.values()) log.writeOut()
  }

  function folderOf(runId: RunId): string {
    if (!isRunId(runId)) throw runNotFound(runId)
    return `${disk.runsFolder}/${runId}`
  }

  function getReady(): Promise<void> {
    if (closed !== null) return Promise.reject(storeFailed('using the store', 'it is closed'))
    ready ??= prepare().catch((error: unknown) => {
      ready = null
      throw storeFailed('preparing the run folder', error)
    })
    return ready
  }

  async function prepare(): Promise<void> {
    if (!fs.exists(disk.walFolder) || !fs.exists(disk.runsFolder)) {
      fs.makeFolder(disk.walFolder, true)
      fs.makeFolder(disk.runsFolder, true)
      await fs.syncFolder(root)
      await fs.syncFolder(resolve(root, '..'))
    }
    await recoverDead({ disk, lease: leases, maxSegmentBytes })
  }

  function fileOptions(runId: RunId, folder: string): RunFileOptions {
    return { fs, folder, maxSegmentBytes, touch: (path, kind) => checkpoints.touch(runId, path, kind) }
  }

  function startLog(runId: RunId, lease: Lease, file: RunFile, nextSeq: number): OpenRunLog {
    const slot = reserve.take()
    const syncFiles = () => checkpoints.syncRun(runId)
    const syncName = () => fs.syncFolder(disk.runsFolder)
    const log = createRunLog({
      runId,
      nextSeq,
      wal,
      file,
      lease,
      reserve,
      slot,
      syncName,
      syncFiles,
      onWaiting,
      onClosed,
    })
    open.set(runId, log)
    return log
  }

  function onClosed(log: OpenRunLog, isSaved: boolean): void {
    open.delete(log.runId)
    if (!isSaved) unwritten.add(log.runId)
  }

  async function create(runId: RunId): Promise<OpenRunLog> {
    const folder = folderOf(runId)
    await getReady()
    makeRunFolder(runId, folder)
    try {
      const lease = await acquireLease(leases, folder, runId)
      return startLog(runId, lease, createRunFile(fileOptions(runId, folder), START_OF_LOG), 0)
    } catch (error) {
      const isTaken = error instanceof CodeConductorError && error.code === 'RUN_HELD'
      if (!isTaken) fs.removeTree(folder)
      throw storeFailed(`creating run ${runId}`, error)
    }
  }

  function makeRunFolder(runId: RunId, folder: string): void {
    try {
      fs.makeFolder(folder)
      changedFolders.add(disk.runsFolder)
    } catch (error) {
      const holder = errorCode(error) === 'EEXIST' ? leaseHolder(disk, folder) : null
      if (holder !== null) throw runHeld(runId, holder)
      throw storeFailed(`creating run ${runId}`, errorCode(error) === 'EEXIST' ? 'it exists already' : error)
    }
  }

  async function openRun(runId: RunId): ReturnType<RunStore['open']> {
    const folder = folderOf(runId)
    await getReady()
    if (!fs.exists(folder)) throw runNotFound(runId)
    const lease = await acquireLease(leases, folder, runId)
    try {
      const { run, file } = healRun(disk, runId, fileOptions(runId, folder))
      return { run, log: startLog(runId, lease, file, run.records.length) }
    } catch (error) {
      lease.release()
      throw storeFailed(`opening run ${runId}`, error)
    }
  }

  async function remove(runId: RunId): Promise<void> {
    const folder = folderOf(runId)
    if (!fs.exists(folder)) throw runNotFound(runId)
    if (fs.exists(`${folder}/${PIN_FILE}`)) throw runPinned(runId)
    const lease = await acquireLease(leases, folder, runId)
    // Renamed first: a half-removed folder must never look like a run.
    const doomed = `${disk.runsFolder}/${REMOVED_PREFIX}${runId}.${tag}`
    try {
      fs.rename(folder, doomed)
    } catch (error) {
      lease.release()
      throw storeFailed(`removing run ${runId}`, error)
    }
    checkpoints.forget(runId)
    unwritten.delete(runId)
    await fs.syncFolder(disk.runsFolder)
    try {
      fs.removeTree(doomed)
    } catch {
      // It is no run any more; the next process to write here removes the rest.
    }
  }

  async function close(): Promise<void> {
    await ready?.catch(() => undefined)
    // Their own callers were told of failures; the store goes on closing the others.
    await Promise.allSettled([...open.values()].map((log) => log.close()))
    if (lag !== null) clock.clearTimer(lag)
    checkpoints.hurry()
    await wal.close()
    await checkpoints.drain()
    await reserve.close()
  }

  async function existing(runId: RunId): Promise<string> {
    const folder = folderOf(runId)
    if (!fs.exists(folder)) throw runNotFound(runId)
    return folder
  }

  return {
    folderOf,
    create,
    open: openRun,
    read: async (runId) => {
      folderOf(runId)
      return loadRun(disk, runId).run
    },
    readEnds: async (runId) => {
      await existing(runId)
      return readEnds(disk, runId) ?? endsOf(loadRun(disk, runId).run.records)
    },
    list: async () => listRuns(disk),
    remove,
    verifyRun: async (runId) => {
      folderOf(runId)
      return verifyRunFiles(disk, runId)
    },
    pin: async (runId) => {
      const fd = fs.open(`${await existing(runId)}/${PIN_FILE}`, 'w')
      fs.close(fd)
    },
    unpin: async (runId) => {
      const path = `${await existing(runId)}/${PIN_FILE}`
      if (fs.exists(path)) fs.unlink(path)
    },
    isPinned: async (runId) => fs.exists(`${await existing(runId)}/${PIN_FILE}`),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

function endsOf(records: readonly LogRecord[]): RunEnds {
  return { first: records[0] ?? null, last: records.at(-1) ?? null }
}

/** Up to 20 ms: enough for a rival to finish withdrawing. */
function pause(clock: Clock): Promise<void> {
  return new Promise((done) => void clock.setTimer(done, 1 + Math.random() * 19))
}
