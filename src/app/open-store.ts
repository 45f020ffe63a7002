import { resolve } from 'node:path'
import type { Config } from '../domain/config.ts'
import type { RunEvent } from '../domain/event.ts'
import type { RunId } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import { createFileStore, type FileStore } from '../store/file-store.ts'
import { readSnapshot } from '../store/run-snapshot.ts'
import { createSystemClock } from '../system/system-clock.ts'

/** The runs of a folder, and nothing that could run one. */
export interface OpenStore {
  readonly store: FileStore
  readonly clock: Clock
  readonly artifactsDir: string
  /** Returns what a run's fold said, if that was kept and is of the log that ends in `digest`; null otherwise. */
  readSnapshot(runId: RunId, digest: string): readonly RunEvent[] | null
  close(): Promise<void>
}

/** Opens the runs that `config` names. Loads no machine, no sandbox and no client: the answer would cost less than they do. */
export function openStore(config: Config, cwd: string): OpenStore {
  const clock = createSystemClock()
  const artifactsDir = resolve(cwd, config.artifactsDir)
  const store = createFileStore({ root: artifactsDir, clock })
  return {
    store,
    clock,
    artifactsDir,
    readSnapshot: (runId, digest) => readSnapshot(store.folderOf(runId), digest),
    close: () => store.close(),
  }
}
