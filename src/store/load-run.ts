import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import type { StoredRun } from '../ports/run-store.ts'
import { joinPayloads, readBlob } from './blobs.ts'
import type { FileSystem } from './file-system.ts'
import { type BadLine, decodeLine, decodeLog, logCorrupt, type RestoreRecord } from './record-codec.ts'
import { listSegments } from './segments.ts'

/** One segment as read: its sound part. */
interface ReadSegment {
  readonly file: string
  readonly firstSeq: number
  readonly records: number
  readonly soundBytes: number
}

/** What the log files of one run hold, up to the first bad line. */
export interface RunFiles {
  readonly records: readonly LogRecord[]
  /** The segments with sound records, up to the bad line. */
  readonly segments: readonly ReadSegment[]
  readonly bad: BadLine | null
  /** True where the bad line is the last thing in the last segment and has no end: a write that was cut off. */
  readonly isTorn: boolean
  /** Highest number of a sound record behind the bad line; such records must not be cut. */
  readonly highestBehind: number
}

/** Reads the log files in `folder`. Never throws on bad content. */
export function readRunFiles(fs: FileSystem, folder: string): RunFiles {
  const { files, beyond } = listSegments(fs.list(folder))
  const records: LogRecord[] = []
  const segments: ReadSegment[] = []
  const highestIn = (names: readonly string[]) => Math.max(-1, ...names.map((name) => highestSeq(fs.read(`${folder}/${name}`))))
  for (const [index, file] of files.entries()) {
    const bytes = fs.read(`${folder}/${file}`)
    const decoded = decodeLog(bytes, records.length, restorer(fs, folder, bytes))
    // One without a record is none: a power cut may leave its name, and take the end of the one before.
    if (decoded.soundBytes > 0) {
      segments.push({ file, firstSeq: records.length, records: decoded.records.length, soundBytes: decoded.soundBytes })
    }
    for (const record of decoded.records) records.push(record)
    if (decoded.bad === null) continue
    const later = [...files.slice(index + 1), ...beyond]
    const highestBehind = Math.max(highestSeq(bytes.subarray(decoded.soundBytes)), highestIn(later))
    return { records, segments, bad: decoded.bad, isTorn: later.length === 0 && decoded.bad.problem === 'torn', highestBehind }
  }
  if (beyond.length === 0) return { records, segments, bad: null, isTorn: false, highestBehind: -1 }
  const missing: BadLine = { seq: records.length, byte: 0, bytes: 0, problem: 'sequence' }
  return { records, segments, bad: missing, isTorn: false, highestBehind: highestIn(beyond) }
}

function restorer(fs: FileSystem, folder: string, bytes: Buffer): RestoreRecord | null {
  if (!bytes.includes('@sha256:')) return null
  return (record) => joinPayloads(record, (sha256) => readBlob(fs, `${folder}/blobs`, sha256))
}

function highestSeq(bytes: Buffer): number {
  let highest = -1
  let from = 0
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
    const record = decodeLine(bytes, from, end, null)
    if (typeof record !== 'string') highest = Math.max(highest, record.seq)
    from = end + 1
  }
  return highest
}

/** True where the log is complete as it stands: nothing outside its files can add to it. */
export function isComplete(files: RunFiles): boolean {
  return files.bad === null && files.records.at(-1)?.k === 'end'
}

/** What the WALs and reserves hold of one run. */
export interface RunJournal {
  /** In any order, repeats allowed. */
  readonly records: readonly LogRecord[]
  readonly closing: LogRecord | null
  readonly isCorrupt: boolean
}

/**
 * Returns the whole log: the files, then what only the WAL has. A bad line in the files is healed where the WAL holds that
 * record and everything behind it; else it is torn, or `LOG_CORRUPT` is thrown. A closing record replaces whatever stands
 * at its number: what stood there failed to become durable.
 */
export function mergeRun(runId: RunId, files: RunFiles, journal: RunJournal): StoredRun {
  const filed = files.records.length
  const added = inOrder(runId, journal.records, filed)
  if (journal.isCorrupt) throw logCorrupt(runId, { seq: filed + added.length, byte: 0, bytes: 0, problem: 'checksum' })
  const isHealed = added.length > 0 && files.highestBehind < filed + added.length
  if (files.bad !== null && !files.isTorn && !isHealed) throw logCorrupt(runId, files.bad)
  const records = [...files.records, ...added]
  if (journal.closing !== null) putClosing(runId, records, journal.closing)
  const tornBytes = files.isTorn && !isHealed ? (files.bad?.bytes ?? 0) : 0
  return { runId, records, tornBytes, isSealed: records.at(-1)?.k === 'end' }
}

/** Returns the records from `first` on, each once, without a gap. */
function inOrder(runId: RunId, records: readonly LogRecord[], first: number): readonly LogRecord[] {
  const sorted = records.filter((record) => record.seq >= first).sort((a, b) => a.seq - b.seq)
  const unique: LogRecord[] = []
  for (const record of sorted) {
    const before = unique.at(-1)
    if (before?.seq === record.seq && JSON.stringify(before) === JSON.stringify(record)) continue
    if (record.seq !== first + unique.length) {
      throw logCorrupt(runId, { seq: first + unique.length, byte: 0, bytes: 0, problem: 'sequence' })
    }
    unique.push(record)
  }
  return unique
}

function putClosing(runId: RunId, records: LogRecord[], closing: LogRecord): void {
  if (closing.seq > records.length) throw logCorrupt(runId, { seq: records.length, byte: 0, bytes: 0, problem: 'sequence' })
  records.length = closing.seq
  records.push(closing)
}
