import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import { joinPayloads, readBlob } from './blobs.ts'
import { readJournal, runJournal, type StoreDisk } from './journal.ts'
import { decodeLine } from './record-codec.ts'
import { listSegments } from './segments.ts'

/** The first and the last record of a log; null where a log has none. */
export interface RunEnds {
  readonly first: LogRecord | null
  readonly last: LogRecord | null
}

/** Bytes read at either end: payloads over 4 KiB lie elsewhere, so a line is shorter than this. */
const END_BYTES = 64 * 1024
const LINE_FEED = 0x0a

/**
 * Returns the ends of a run's log, from a few KiB of it however long it is. Never writes. Returns null where that is not
 * enough (a torn or damaged end, a missing segment): `read` has the answer then. What lies between is not checked.
 */
export function readEnds(disk: StoreDisk, runId: RunId): RunEnds | null {
  const folder = `${disk.runsFolder}/${runId}`
  const { files, beyond } = listSegments(disk.fs.list(folder))
  const [head] = files
  const tail = files.at(-1)
  if (head === undefined || tail === undefined || beyond.length > 0) return null
  const first = firstRecord(disk, folder, head)
  const last = lastRecord(disk, folder, tail)
  if (first === null || last === null) return null
  return last.k === 'end' ? { first, last } : { first, last: lastOfJournal(disk, runId) ?? last }
}

function firstRecord(disk: StoreDisk, folder: string, file: string): LogRecord | null {
  const bytes = disk.fs.read(`${folder}/${file}`, 0, END_BYTES)
  const end = bytes.indexOf(LINE_FEED)
  return end < 0 ? null : recordIn(disk, folder, bytes, 0, end, 0)
}

function lastRecord(disk: StoreDisk, folder: string, file: string): LogRecord | null {
  const path = `${folder}/${file}`
  const from = Math.max(0, disk.fs.size(path) - END_BYTES)
  const bytes = disk.fs.read(path, from)
  if (bytes.at(-1) !== LINE_FEED) return null
  const start = bytes.lastIndexOf(LINE_FEED, bytes.length - 2) + 1
  return start === 0 && from > 0 ? null : recordIn(disk, folder, bytes, start, bytes.length - 1, null)
}

function recordIn(
  disk: StoreDisk,
  folder: string,
  bytes: Buffer,
  from: number,
  end: number,
  seq: number | null,
): LogRecord | null {
  const record = decodeLine(bytes, from, end, seq)
  if (typeof record === 'string') return null
  return joinPayloads(record, (sha256) => readBlob(disk.fs, `${folder}/blobs`, sha256))
}

/** What a WAL holds and the files do not yet; a closing record from the reserve is the last of all. */
function lastOfJournal(disk: StoreDisk, runId: RunId): LogRecord | null {
  const { records, closing } = runJournal(disk, readJournal(disk, runId), runId)
  if (closing !== null) return closing
  return records.reduce<LogRecord | null>((last, record) => (last === null || record.seq > last.seq ? record : last), null)
}
