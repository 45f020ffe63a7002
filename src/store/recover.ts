import type { RunId } from '../domain/ids.ts'
import type { StoredRun } from '../ports/run-store.ts'
import { errorCode } from './file-system.ts'
import { type Journal, loadRun, readJournal, type StoreDisk, walOwner } from './journal.ts'
import { acquireLease, type LeaseContext } from './lease.ts'
import type { RunFiles } from './load-run.ts'
import { parseOwnerTag } from './process-table.ts'
import { checksum } from './record-codec.ts'
import { createRunFile, type RunFile, type RunFileOptions, type RunFilePosition, START_OF_LOG } from './run-file.ts'
import { chainValue, listSegments, readSeals, type SealedSegment } from './segments.ts'

/** Name of a run's folder on its way out; whatever bears it may be removed at any time. */
export const REMOVED_PREFIX = '.removed-'

/**
 * Brings a run's files to what `loadRun` shows: cuts the bad end, adds what only a WAL has. The caller holds the lease and
 * syncs what was touched. Throws `LOG_CORRUPT`, `RUN_NOT_FOUND`, or what the disk says.
 */
export function healRun(
  disk: StoreDisk,
  runId: RunId,
  options: RunFileOptions,
  journal: Journal | null = null,
): { readonly run: StoredRun; readonly file: RunFile } {
  const { files, run } = loadRun(disk, runId, journal)
  cutBadEnd(options, files)
  const file = createRunFile(options, endOf(options, files))
  for (const record of run.records.slice(files.records.length)) {
    const json = JSON.stringify(record)
    file.add({ json, checksum: checksum(json) })
  }
  file.writeOut()
  return { run, file }
}

function cutBadEnd({ fs, folder, touch }: RunFileOptions, files: RunFiles): void {
  const sound = files.segments.map((segment) => segment.file)
  const { files: present, beyond } = listSegments(fs.list(folder))
  for (const later of [...present, ...beyond]) {
    if (sound.includes(later)) continue
    fs.unlink(`${folder}/${later}`)
    touch(folder, 'folder')
  }
  const last = files.segments.at(-1)
  if (last === undefined || files.bad === null) return
  const path = `${folder}/${last.file}`
  const fd = fs.open(path, 'r+')
  try {
    fs.truncate(fd, last.soundBytes)
  } finally {
    fs.close(fd)
  }
  touch(path, 'file')
}

function endOf({ fs, folder }: RunFileOptions, files: RunFiles): RunFilePosition {
  const last = files.segments.at(-1)
  if (last === undefined) return START_OF_LOG
  const full = files.segments.slice(0, -1)
  const noted = readSeals(fs, folder) ?? []
  const seals: SealedSegment[] = []
  for (const [index, { file, firstSeq, records, soundBytes: bytes }] of full.entries()) {
    const seal = noted[index]
    // A seal that is there is kept, right or wrong: making it anew would hide a change. One that a crash took is made.
    if (seal?.file === file) seals.push(seal)
    else
      seals.push({ file, firstSeq, records, bytes, chain: chainValue(seals.at(-1)?.chain ?? '', fs.read(`${folder}/${file}`)) })
  }
  return { segment: files.segments.length, firstSeq: last.firstSeq, records: last.records, bytes: last.soundBytes, seals }
}

export interface RecoveryOptions {
  readonly disk: StoreDisk
  readonly lease: LeaseContext
  readonly maxSegmentBytes: number
}

/**
 * Moves what dead processes left in their WALs into the runs' own files, and removes those WALs. A run that another
 * process holds, or that cannot be read, keeps its WAL where it is.
 */
export async function recoverDead(options: RecoveryOptions): Promise<void> {
  const { disk } = options
  removeLeftovers(disk)
  const dead = new Map<string, string[]>()
  for (const name of disk.fs.list(disk.walFolder)) {
    const tag = walOwner(name)
    const identity = tag === null ? null : parseOwnerTag(tag)
    if (tag === null || identity === null || disk.processes.isRunning(identity)) continue
    dead.set(tag, [...(dead.get(tag) ?? []), name])
  }
  for (const names of dead.values()) {
    if (!(await recoverFiles(options, names))) continue
    for (const name of names) unlinkIfThere(disk, `${disk.walFolder}/${name}`)
  }
}

/** Returns whether all runs in these WALs of one dead store are safe in their own files. */
async function recoverFiles(options: RecoveryOptions, names: readonly string[]): Promise<boolean> {
  const { disk } = options
  let journal: Journal
  try {
    journal = readJournal(disk, null, names)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
  let isSafe = journal.damaged.size === 0
  for (const runId of new Set([...journal.lines.keys(), ...journal.closing.keys()])) {
    // A run without a folder was removed: its folder is made durable with its first record.
    if (disk.fs.exists(`${disk.runsFolder}/${runId}`)) isSafe = (await recoverRun(options, runId, journal)) && isSafe
  }
  return isSafe
}

async function recoverRun(options: RecoveryOptions, runId: RunId, journal: Journal): Promise<boolean> {
  const { disk } = options
  const folder = `${disk.runsFolder}/${runId}`
  try {
    const lease = await acquireLease(options.lease, folder, runId, true)
    try {
      const written = new Map<string, 'file' | 'folder'>()
      const touch = (path: string, kind: 'file' | 'folder') => void written.set(path, kind)
      const { run, file } = healRun(
        disk,
        runId,
        { fs: disk.fs, folder, maxSegmentBytes: options.maxSegmentBytes, touch },
        journal,
      )
      if (run.isSealed) file.seal()
      // What the dead process wrote and never synced must be synced as well, changed here or not.
      touchAll(disk, folder, touch)
      await syncPaths(disk, written)
      return true
    } finally {
      lease.release()
    }
  } catch {
    // Held, corrupt or a full disk: its WAL stays, and whoever opens or reads the run is told.
    return false
  }
}

function touchAll({ fs }: StoreDisk, folder: string, touch: RunFileOptions['touch']): void {
  for (const file of listSegments(fs.list(folder)).files) touch(`${folder}/${file}`, 'file')
  touch(folder, 'folder')
  for (const blob of fs.list(`${folder}/blobs`)) touch(`${folder}/blobs/${blob}`, 'file')
  if (fs.exists(`${folder}/blobs`)) touch(`${folder}/blobs`, 'folder')
}

async function syncPaths(disk: StoreDisk, paths: ReadonlyMap<string, 'file' | 'folder'>): Promise<void> {
  for (const [path, kind] of paths) {
    if (kind === 'folder') await disk.fs.syncFolder(path)
    else {
      const fd = disk.fs.open(path, 'r+')
      try {
        await disk.fs.fdatasync(fd)
      } finally {
        disk.fs.close(fd)
      }
    }
  }
}

function removeLeftovers(disk: StoreDisk): void {
  for (const name of disk.fs.list(disk.runsFolder)) {
    if (!name.startsWith(REMOVED_PREFIX)) continue
    try {
      disk.fs.removeTree(`${disk.runsFolder}/${name}`)
    } catch {
      // Another process is at it.
    }
  }
}

function unlinkIfThere(disk: StoreDisk, path: string): void {
  try {
    disk.fs.unlink(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
