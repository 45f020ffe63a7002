import type { RunId } from '../domain/ids.ts'
import type { RunListing } from '../ports/run-store.ts'
import { errorCode, type FileSystem } from './file-system.ts'
import { type Journal, readJournal, runJournal, type StoreDisk } from './journal.ts'
import { leaseHolder } from './lease.ts'
import { decodeLine } from './record-codec.ts'
import { isRunId, runIdTime } from './run-id.ts'
import { listSegments } from './segments.ts'

/** The `end` of a log is looked for in this many last bytes; payloads over 4 KiB lie elsewhere, so it is short. */
const TAIL_BYTES = 64 * 1024

/** Returns all runs, oldest first, without reading their logs. Never writes. */
export function listRuns(disk: StoreDisk): readonly RunListing[] {
  let journal: Journal | null = null
  const endsInJournal = (runId: string): boolean => {
    journal ??= readJournal(disk)
    const { records, closing } = runJournal(disk, journal, runId)
    return closing !== null || records.at(-1)?.k === 'end'
  }
  return disk.fs
    .list(disk.runsFolder)
    .filter(isRunId)
    .map((runId) => listRun(disk, runId, endsInJournal))
    .filter((listing) => listing !== null)
}

function listRun(disk: StoreDisk, runId: RunId, endsInJournal: (runId: RunId) => boolean): RunListing | null {
  const folder = `${disk.runsFolder}/${runId}`
  try {
    const names = disk.fs.list(folder)
    const { files, beyond } = listSegments(names)
    const last = beyond.length > 0 ? undefined : files.at(-1)
    return {
      runId,
      createdMs: runIdTime(runId) ?? 0,
      sizeBytes: sizeOf(disk.fs, folder, files) + sizeOf(disk.fs, `${folder}/blobs`, names.includes('blobs') ? null : []),
      isSealed: (last !== undefined && endsWithEnd(disk.fs, `${folder}/${last}`)) || endsInJournal(runId),
      holder: leaseHolder(disk, folder, names),
    }
  } catch (error) {
    // Removed while we looked.
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

function sizeOf(fs: FileSystem, folder: string, names: readonly string[] | null): number {
  return (names ?? fs.list(folder)).reduce((sum, name) => sum + fs.size(`${folder}/${name}`), 0)
}

function endsWithEnd(fs: FileSystem, path: string): boolean {
  const size = fs.size(path)
  const tail = fs.read(path, Math.max(0, size - TAIL_BYTES))
  if (tail.at(-1) !== 0x0a) return false
  const from = tail.lastIndexOf(0x0a, tail.length - 2) + 1
  const record = decodeLine(tail, from, tail.length - 1, null)
  return typeof record !== 'string' && record.k === 'end'
}
