import type { RunId } from '../domain/ids.ts'
import { errorCode, type FileSystem } from './file-system.ts'
import type { RetiredWal } from './wal.ts'

/**
 * Lets a retired WAL go, once everything in it is synced in its runs' own files.
 * 1. One file is synced at a time, in the background, so that a checkpoint never makes the WAL's next sync wait for more
 *    than one other. Once hurried, several at once share the disk's commits.
 * 2. What fails keeps its WAL, to be tried again at the end, and by the next process after that.
 */
export interface Checkpoints {
  /** Notes that a path of a run was written and not synced. */
  touch(runId: RunId, path: string, kind: 'file' | 'folder'): void
  /** Queues a WAL for removal. */
  retire(wal: RetiredWal): void
  /** Syncs all that is written of a run. */
  syncRun(runId: RunId): Promise<void>
  /** Forgets a run that was removed. */
  forget(runId: RunId): void
  /** Says that no run waits for the disk any more: checkpoints may use all of it. */
  hurry(): void
  /** Resolves when every retired WAL is gone or cannot go. */
  drain(): Promise<void>
}

export interface CheckpointOptions {
  readonly fs: FileSystem
  /** Writes what waits of a run to its files; returns false where that failed. */
  writeOut(runId: RunId): boolean
}

const HURRIED_LANES = 4

export function createCheckpoints(options: CheckpointOptions): Checkpoints {
  const { fs } = options
  const unsynced = new Map<RunId, Map<string, 'file' | 'folder'>>()
  let kept: RetiredWal[] = []
  let isHurried = false
  let work: Promise<void> = Promise.resolve()

  function touch(runId: RunId, path: string, kind: 'file' | 'folder'): void {
    const paths = unsynced.get(runId)
    if (paths === undefined) unsynced.set(runId, new Map([[path, kind]]))
    else paths.set(path, kind)
  }

  async function syncNow(runId: RunId): Promise<void> {
    const paths = unsynced.get(runId)
    if (paths === undefined) return
    unsynced.delete(runId)
    try {
      // Contents before names: a name must not survive pointing at nothing.
      for (const [path, kind] of paths) if (kind === 'file') await unlessGone(syncFile(fs, path))
      for (const [path, kind] of paths) if (kind === 'folder') await unlessGone(fs.syncFolder(path))
    } catch (error) {
      for (const [path, kind] of paths) touch(runId, path, kind)
      throw error
    }
  }

  async function retireNow(wal: RetiredWal): Promise<void> {
    let isSafe = true
    const runs = wal.runs.values()
    const lane = async (): Promise<void> => {
      for (const runId of runs) {
        if (!options.writeOut(runId)) isSafe = false
        else isSafe = (await syncNow(runId).then(isDone, isNotDone)) && isSafe
      }
    }
    await Promise.all(Array.from({ length: isHurried ? HURRIED_LANES : 1 }, lane))
    if (isSafe) fs.unlink(wal.path)
    else kept.push(wal)
  }

  function enqueue(wal: RetiredWal): void {
    // A WAL that cannot be unlinked is harmless: what it holds is in the runs' files.
    work = work.then(() => retireNow(wal)).catch(() => undefined)
  }

  return {
    touch,
    retire: enqueue,
    syncRun: (runId) => {
      const done = work.then(() => syncNow(runId))
      work = done.catch(() => undefined)
      return done
    },
    forget: (runId) => {
      unsynced.delete(runId)
    },
    hurry: () => {
      isHurried = true
    },
    drain: async () => {
      await work
      const again = kept
      kept = []
      for (const wal of again) enqueue(wal)
      await work
    },
  }
}

/** What was removed meanwhile, with its run, needs no sync. */
async function unlessGone(sync: Promise<void>): Promise<void> {
  try {
    await sync
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

const isDone = () => true
const isNotDone = () => false

async function syncFile(fs: FileSystem, path: string): Promise<void> {
  const fd = fs.open(path, 'r+')
  try {
    await fs.fdatasync(fd)
  } finally {
    fs.close(fd)
  }
}
