import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunStore } from '../../src/ports/run-store.ts'
import { createFileStore } from '../../src/store/file-store.ts'
import { createNodeFileSystem, type FileSystem } from '../../src/store/file-system.ts'
import { createMemoryDisk, createMemoryStore } from '../../src/store/memory-store.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { createSimulatedDisk, KEEP_NONE } from '../store/support/simulated-disk.ts'
import { createSimulatedMachine } from '../store/support/simulated-processes.ts'
import { runStoreContract, type StoreWorld } from './run-store.contract.ts'

runStoreContract('in memory', memoryWorld)
runStoreContract('in files on a simulated disk', simulatedWorld)
runStoreContract('in files in a real folder', folderWorld)

/** Its counted gaps: nothing is synced, so 6 cannot count syncs; `picture` is its bytes. */
function memoryWorld(): StoreWorld {
  const disk = createMemoryDisk()
  return {
    start: () => createMemoryStore(disk),
    crash: () => {
      for (const run of disk.runs.values()) run.holder = null
    },
    damage: (runId, change) => {
      const run = disk.runs.get(runId)
      if (run !== undefined) run.bytes = change(Buffer.from(run.bytes))
    },
    setFreeBytes: (bytes) => {
      disk.freeBytes = Number.isFinite(bytes) ? bytes : -1
    },
    picture: () => [...disk.runs].map(([runId, run]) => [runId, Buffer.from(run.bytes).toString()]),
    syncs: () => null,
    end: async () => undefined,
  }
}

function simulatedWorld(): StoreWorld {
  const machine = createSimulatedMachine()
  let disk = createSimulatedDisk()
  return {
    start: () => createFileStore({ root: '/artifacts', clock: createSimulatedClock(), fs: disk.fs, processes: machine.start() }),
    crash: (losesUnsynced) => {
      const free = disk.freeBytes
      if (!losesUnsynced) disk = disk.afterPowerCut(disk.moment, (_index, bytes) => bytes)
      else disk = disk.afterPowerCut(disk.moment, KEEP_NONE)
      disk.freeBytes = free
      machine.reboot()
    },
    damage: (runId, change) => disk.damage(`/artifacts/runs/${runId}/log.jsonl`, change),
    setFreeBytes: (bytes) => {
      disk.freeBytes = bytes
    },
    picture: () => disk.moment,
    syncs: () => disk.fileSyncs,
    end: async () => undefined,
  }
}

/** A real folder; a crash here kills processes and loses nothing, and the full disk is one that says it is full. */
function folderWorld(): StoreWorld {
  const root = mkdtempSync(join(tmpdir(), 'run-store-'))
  const machine = createSimulatedMachine()
  const stores: RunStore[] = []
  const node = createNodeFileSystem()
  let free = Number.POSITIVE_INFINITY
  let syncs = 0
  const sizes = new Map<number, number>()
  const fs: FileSystem = {
    ...node,
    open: (path, flags) => {
      const fd = node.open(path, flags)
      sizes.set(fd, node.size(path))
      return fd
    },
    write: (fd, bytes, position) => {
      const inPlace = Math.max(0, (sizes.get(fd) ?? 0) - position)
      const taken = Math.min(bytes.length, inPlace + free)
      if (taken === 0 && bytes.length > 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      free -= Math.max(0, taken - inPlace)
      sizes.set(fd, Math.max(sizes.get(fd) ?? 0, position + taken))
      return node.write(fd, bytes.subarray(0, taken), position)
    },
    fdatasync: (fd) => {
      syncs += 1
      return node.fdatasync(fd)
    },
  }
  const log = (runId: string) => join(root, 'runs', runId, 'log.jsonl')
  return {
    start: () => {
      const store = createFileStore({ root, clock: createSimulatedClock(), fs, processes: machine.start() })
      stores.push(store)
      return store
    },
    crash: () => machine.reboot(),
    damage: (runId, change) => writeFileSync(log(runId), change(readFileSync(log(runId)))),
    setFreeBytes: (bytes) => {
      free = bytes
    },
    picture: () =>
      readdirSync(root, { recursive: true })
        .map((name) => `${name} ${statSync(join(root, String(name))).mtimeMs}`)
        .sort(),
    syncs: () => syncs,
    end: async () => {
      await Promise.all(stores.map((store) => store.close().catch(() => undefined)))
      rmSync(root, { recursive: true, force: true })
    },
  }
}
