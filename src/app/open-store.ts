import { resolve } from 'node:path'
import type { Config } from '../domain/config.ts'
import type { Clock } from '../ports/clock.ts'
import { createFileStore, type FileStore } from '../store/file-store.ts'
import { createSystemClock } from '../system/system-clock.ts'

/** The runs of a folder, and nothing that could run one. */
export interface OpenStore {
  readonly store: FileStore
  readonly clock: Clock
  readonly artifactsDir: string
  close(): Promise<void>
}

/** Opens the runs that `config` names. Loads no machine, no sandbox and no client: the answer would cost less than they do. */
export function openStore(config: Config, cwd: string): OpenStore {
  const clock = createSystemClock()
  const artifactsDir = resolve(cwd, config.artifactsDir)
  const store = createFileStore({ root: artifactsDir, clock })
  return { store, clock, artifactsDir, close: () => store.close() }
}
