import { CodeConductorError } from '../domain/errors.ts'
import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import type { StoredRun } from '../ports/run-store.ts'
import { errorCode, type FileSystem } from './file-system.ts'
import { leasePath } from './lease.ts'
import { isComplete, mergeRun, type RunFiles, type RunJournal, readRunFiles } from './load-run.ts'
import { type ProcessTable, parseOwnerTag } from './process-table.ts'
import { parseRecord } from './record-codec.ts'
import { SLOT_BYTES } from './reserve.ts'
import { runNotFound } from './store-error.ts'
import { scanReserve, scanWal } from './wal-format.ts'

/** Where a store's files lie and how they are read. */
export interface StoreDisk {
  readonly fs: FileSystem
  readonly processes: ProcessTable
  readonly walFolder: string
  readonly runsFolder: string
}

/** What all WALs and reserves in the folder hold, of every process, living or dead. */
export interface Journal {
  /** JSON of records by run. */
  readonly lines: ReadonlyMap<RunId, readonly Buffer[]>
  readonly closing: ReadonlyMap<RunId, Buffer>
  /** Owner tags of WALs whose synced part is damaged, with the runs that have records in them. */
  readonly damaged: ReadonlyMap<string, ReadonlySet<RunId>>
}

/** Tries after which a log that keeps changing under the reader is taken for what it looks like. */
const TRIES = 3

/** Reads the journal, of one run or of all, from all files or from those named. Never writes. */
export function readJournal(disk: StoreDisk, only: RunId | null = null, names: readonly string[] | null = null): Journal {
  for (let tries = 1; ; tries++) {
    try {
      return scanFiles(disk, only, names ?? disk.fs.list(disk.walFolder))
    } catch (error) {
      // A file listed a moment ago is gone: its process retired it. Its records are in their runs' files now.
      if (errorCode(error) !== 'ENOENT' || tries === TRIES) throw error
    }
  }
}

function scanFiles(disk: StoreDisk, only: RunId | null, names: readonly string[]): Journal {
  const lines = new Map<RunId, Buffer[]>()
  const closing = new Map<RunId, Buffer>()
  const damaged = new Map<string, Set<RunId>>()
  for (const name of names) {
    const owner = walOwner(name)
    if (owner === null) continue
    const bytes = disk.fs.read(`${disk.walFolder}/${name}`)
    if (name.endsWith('.reserve')) {
      for (const [runId, json] of scanReserve(bytes, SLOT_BYTES)) closing.set(runId, json)
      continue
    }
    const identity = parseOwnerTag(owner)
    const scan = scanWal(bytes, identity !== null && disk.processes.isThisBoot(identity), only)
    for (const [runId, found] of scan.lines) lines.set(runId, [...(lines.get(runId) ?? []), ...found])
    if (scan.corruptAt !== null) {
      damaged.set(owner, new Set([...(damaged.get(owner) ?? []), ...scan.lines.keys(), ...scan.runsBehind]))
    }
  }
  return { lines, closing, damaged }
}

/** Returns the owner tag in the name of a WAL or reserve, or null for any other file. */
export function walOwner(name: string): string | null {
  const tag = /^(.+?)(?:\.\d{6,}\.wal|\.reserve)$/.exec(name)?.[1] ?? null
  return tag !== null && parseOwnerTag(tag) !== null ? tag : null
}

export interface LoadedRun {
  readonly files: RunFiles
  readonly run: StoredRun
}

/**
 * Returns a run as it would stand after recovery, healed in memory only. `journal` spares reading it again. Throws
 * `RUN_NOT_FOUND`, `LOG_CORRUPT`.
 */
export function loadRun(disk: StoreDisk, runId: RunId, journal: Journal | null = null): LoadedRun {
  const folder = `${disk.runsFolder}/${runId}`
  if (!disk.fs.exists(folder)) throw runNotFound(runId)
  const files = readRunFiles(disk.fs, folder)
  if (isComplete(files)) return { files, run: mergeRun(runId, files, NO_JOURNAL) }
  for (let tries = 1; ; tries++) {
    // WALs first, files second: a living writer moves records from the one to the other, never back.
    const ofRun = runJournal(disk, journal ?? readJournal(disk, runId), runId)
    const latest = readRunFiles(disk.fs, folder)
    try {
      return { files: latest, run: mergeRun(runId, latest, ofRun) }
    } catch (error) {
      if (tries === TRIES || journal !== null || !(error instanceof CodeConductorError)) throw error
    }
  }
}

const NO_JOURNAL: RunJournal = { records: [], closing: null, isCorrupt: false }

/** Returns the part of `journal` that is about one run. */
export function runJournal(disk: StoreDisk, journal: Journal, runId: RunId): RunJournal {
  const closing = journal.closing.get(runId)
  return {
    records: (journal.lines.get(runId) ?? []).map(parseLine).filter((record) => record !== null),
    closing: closing === undefined ? null : parseLine(closing),
    isCorrupt: [...journal.damaged].some(([owner, runs]) => runs.has(runId) || hasLease(disk, runId, owner)),
  }
}

/** A run its dead process had open may have lost all its records to the damage: its lease is what tells. */
function hasLease(disk: StoreDisk, runId: RunId, owner: string): boolean {
  return disk.fs.exists(leasePath(`${disk.runsFolder}/${runId}`, owner))
}

function parseLine(json: Buffer): LogRecord | null {
  return parseRecord(json.toString('utf8'))
}
