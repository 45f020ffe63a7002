import type { RunId } from '../domain/ids.ts'
import type { Clock, TimerHandle } from '../ports/clock.ts'
import { type FileSystem, writeFully } from './file-system.ts'
import { encodeBatchMark } from './wal-format.ts'

/**
 * The write-ahead log of one store, shared by all its runs (group commit).
 * 1. One sync is in flight at a time; what is appended meanwhile makes the next batch. So the cost of a sync is shared by
 *    all runs that wait, however many.
 * 2. A batch is one write. If it fails, the file is cut back to what was synced, the batch's clients fail, and the others
 *    go on. After a failed sync the file is given up: what the disk holds behind the last sync is unknown.
 * 3. A file that has grown enough is closed and handed to `onRetired`, in order.
 */
export interface WalClient {
  readonly runId: RunId
  /** The first `count` records still waiting are durable. */
  onDurable(count: number): void
  onFailed(cause: unknown): void
  /** True once it failed: its waiting records are dropped. */
  readonly hasFailed: boolean
}

/** A closed file and the runs that have records in it. */
export interface RetiredWal {
  readonly path: string
  readonly runs: ReadonlySet<RunId>
}

export interface WalOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly folder: string
  /** Names the files: `<tag>.000001.wal`. */
  readonly tag: string
  /** A file is closed once it is this long. */
  readonly maxBytes: number
  /** Records nobody waits for are written after this time at the latest. */
  readonly relaxedMs: number
  /** Folders whose new names must be durable with the next batch; emptied when they are. */
  readonly changedFolders: Set<string>
  onRetired(wal: RetiredWal): void
}

export interface Wal {
  /** Queues one line. */
  append(client: WalClient, line: string): void
  /** Asks for everything queued to be made durable soon: now, or with the batch after the one in flight. */
  commit(): void
  /** Writes what is queued and retires the open file. */
  close(): Promise<void>
}

interface Entry {
  readonly client: WalClient
  readonly line: string
}

interface OpenFile {
  readonly path: string
  readonly fd: number
  readonly runs: Set<RunId>
  syncedBytes: number
  isNew: boolean
}

/** Queued text that is written at once though nobody waits: a bound on memory. */
const EAGER_CHARACTERS = 1 << 20

export function createWal(options: WalOptions): Wal {
  const { fs, clock } = options
  let queue: Entry[] = []
  let queuedCharacters = 0
  let file: OpenFile | null = null
  let fileCount = 0
  let batchCount = 0
  let flushing: Promise<void> | null = null
  let isWanted = false
  let relaxed: TimerHandle | null = null

  function append(client: WalClient, line: string): void {
    queue.push({ client, line })
    queuedCharacters += line.length
    if (queuedCharacters >= EAGER_CHARACTERS) commit()
    else if (relaxed === null && !isWanted) relaxed = clock.setTimer(onRelaxed, options.relaxedMs)
  }

  function onRelaxed(): void {
    relaxed = null
    commit()
  }

  function commit(): void {
    if (isWanted) return
    isWanted = true
    // The rest of this turn of the event loop still joins the batch.
    if (flushing === null) setImmediate(startFlush)
  }

  function startFlush(): void {
    if (flushing !== null || !isWanted) return
    isWanted = false
    flushing = flush().finally(() => {
      flushing = null
      // One turn of the event loop lets the runs just told go on to their next records, which then share this batch.
      if (isWanted) setImmediate(startFlush)
    })
  }

  async function flush(): Promise<void> {
    const entries = queue.filter((entry) => !entry.client.hasFailed)
    queue = []
    queuedCharacters = 0
    if (relaxed !== null) clock.clearTimer(relaxed)
    relaxed = null
    if (entries.length === 0) return
    const counts = countByClient(entries)
    try {
      await writeBatch(entries, counts)
    } catch (cause) {
      for (const client of counts.keys()) client.onFailed(cause)
      return
    }
    for (const [client, count] of counts) client.onDurable(count)
    if (file !== null && file.syncedBytes >= options.maxBytes) retire(file)
  }

  async function writeBatch(entries: readonly Entry[], counts: ReadonlyMap<WalClient, number>): Promise<void> {
    const target = file ?? openNext()
    file = target
    for (const client of counts.keys()) target.runs.add(client.runId)
    const pieces = [encodeBatchMark(++batchCount, target.syncedBytes)]
    for (const entry of entries) pieces.push(entry.line)
    const bytes = Buffer.from(pieces.join(''))
    try {
      writeFully(fs, target.fd, bytes, target.syncedBytes)
    } catch (cause) {
      if (!cutBack(target)) retire(target)
      throw cause
    }
    const folders = [...options.changedFolders]
    options.changedFolders.clear()
    const syncs = [fs.fdatasync(target.fd), ...folders.map((folder) => fs.syncFolder(folder))]
    if (target.isNew) syncs.push(fs.syncFolder(options.folder))
    const failure = (await Promise.allSettled(syncs)).find((result) => result.status === 'rejected')
    if (failure !== undefined) {
      for (const folder of folders) options.changedFolders.add(folder)
      cutBack(target)
      retire(target)
      throw failure.reason
    }
    target.syncedBytes += bytes.length
    target.isNew = false
  }

  function openNext(): OpenFile {
    const path = `${options.folder}/${options.tag}.${String(++fileCount).padStart(6, '0')}.wal`
    return { path, fd: fs.open(path, 'wx'), runs: new Set(), syncedBytes: 0, isNew: true }
  }

  /** Returns whether the failed batch is gone from the file, so that the next may take its place. */
  function cutBack(target: OpenFile): boolean {
    try {
      fs.truncate(target.fd, target.syncedBytes)
      return true
    } catch {
      return false
    }
  }

  function retire(target: OpenFile): void {
    file = null
    fs.close(target.fd)
    options.onRetired({ path: target.path, runs: target.runs })
  }

  async function close(): Promise<void> {
    while (flushing !== null || queue.length > 0) {
      isWanted = true
      startFlush()
      await flushing
    }
    if (relaxed !== null) clock.clearTimer(relaxed)
    relaxed = null
    if (file !== null) retire(file)
  }

  return { append, commit, close }
}

function countByClient(entries: readonly Entry[]): ReadonlyMap<WalClient, number> {
  const counts = new Map<WalClient, number>()
  for (const { client } of entries) counts.set(client, (counts.get(client) ?? 0) + 1)
  return counts
}
