import type { RunId } from '../domain/ids.ts'
import { checksum, checksumDigits, readDigits } from './record-codec.ts'
import { RUN_ID_LENGTH } from './run-id.ts'

/**
 * The shared write-ahead log: `<crc, 8 hex> SP <run id, 26> SP <record's JSON> LF`; the crc covers the JSON, then the id.
 * Every batch opens with a mark, `<crc> SP <26 dashes> SP {"wal":1,"batch":n,"at":<its own offset>} LF`.
 * 1. A batch is written only after the one before is synced. So a bad line with a later batch's mark behind it stood in
 *    synced bytes: that is corruption. A bad line in the last batch is what a power cut leaves: cut there.
 * 2. Without a power cut (same boot) nothing written is lost out of order: there a sound line behind a bad one is corruption.
 * 3. Payloads stand here in full, whatever their size, so that a record and its payload are durable in one sync.
 */

const WAL_VERSION = 1

const MARK_ID = '-'.repeat(RUN_ID_LENGTH)
const ID_AT = 9
const JSON_AT = ID_AT + RUN_ID_LENGTH + 1
const SPACE = 0x20
const LINE_FEED = 0x0a

/** Returns the line of a record, given the CRC of its JSON. */
export function encodeWalLine(runId: RunId, json: string, jsonChecksum: number): string {
  return `${checksumDigits(checksum(runId, jsonChecksum))} ${runId} ${json}\n`
}

/** Returns the mark that opens batch `batch` at offset `at`. */
export function encodeBatchMark(batch: number, at: number): string {
  const json = JSON.stringify({ wal: WAL_VERSION, batch, at })
  return encodeWalLine(MARK_ID, json, checksum(json))
}

export interface WalScan {
  /** JSON of the records, by run, in the order written. */
  readonly lines: ReadonlyMap<RunId, readonly Buffer[]>
  /** Offset of a bad line in synced bytes, or null. The records before it are in `lines`. */
  readonly corruptAt: number | null
  /** Runs with sound records behind the bad line. */
  readonly runsBehind: ReadonlySet<RunId>
  /** Bytes cut at the end. */
  readonly tornBytes: number
}

/** Returns what `bytes` holds, of one run or of all. `isSameBoot`: the machine was not restarted since they were written. */
export function scanWal(bytes: Buffer, isSameBoot: boolean, only: RunId | null = null): WalScan {
  const lines = new Map<RunId, Buffer[]>()
  let from = 0
  while (from < bytes.length) {
    const end = bytes.indexOf(LINE_FEED, from)
    if (end < 0 || !isSound(bytes, from, end)) break
    const id = bytes.toString('latin1', from + ID_AT, from + ID_AT + RUN_ID_LENGTH)
    if (id !== MARK_ID && (only === null || id === only)) keep(lines, id, bytes.subarray(from + JSON_AT, end))
    from = end + 1
  }
  const behind = scanBehind(bytes, from, isSameBoot)
  return { lines, corruptAt: behind.isSynced ? from : null, runsBehind: behind.runs, tornBytes: bytes.length - from }
}

/**
 * Returns the records in a reserve: slots of `slotBytes`, each empty (zeros) or one line. An unsound slot counts as
 * empty: it is a closing record that was not finished.
 */
export function scanReserve(bytes: Buffer, slotBytes: number): ReadonlyMap<RunId, Buffer> {
  const closing = new Map<RunId, Buffer>()
  for (let from = 0; from + slotBytes <= bytes.length; from += slotBytes) {
    const end = bytes[from] === 0 ? -1 : bytes.indexOf(LINE_FEED, from)
    if (end < 0 || end >= from + slotBytes || !isSound(bytes, from, end)) continue
    closing.set(bytes.toString('latin1', from + ID_AT, from + ID_AT + RUN_ID_LENGTH), bytes.subarray(from + JSON_AT, end))
  }
  return closing
}

function isSound(bytes: Buffer, from: number, end: number): boolean {
  if (end - from <= JSON_AT || bytes[from + ID_AT - 1] !== SPACE || bytes[from + JSON_AT - 1] !== SPACE) return false
  const id = bytes.subarray(from + ID_AT, from + ID_AT + RUN_ID_LENGTH)
  const crc = checksum(id, checksum(bytes.subarray(from + JSON_AT, end)))
  return readDigits(bytes, from) === crc
}

/** Looks at what stands behind a bad line: whether it proves that the line had been synced, and whose it is. */
function scanBehind(bytes: Buffer, badFrom: number, isSameBoot: boolean): { isSynced: boolean; runs: ReadonlySet<RunId> } {
  const runs = new Set<RunId>()
  let isSynced = false
  let from = badFrom < bytes.length ? bytes.indexOf(LINE_FEED, badFrom) + 1 : 0
  while (from > 0 && from < bytes.length) {
    const end = bytes.indexOf(LINE_FEED, from)
    if (end < 0) break
    if (isSound(bytes, from, end)) {
      if (isSameBoot || isMarkAt(bytes, from, end)) isSynced = true
      const id = bytes.toString('latin1', from + ID_AT, from + ID_AT + RUN_ID_LENGTH)
      if (id !== MARK_ID) runs.add(id)
    }
    from = end + 1
  }
  return { isSynced, runs }
}

/** A mark counts only at the offset it names, so that a copy of it elsewhere proves nothing. */
function isMarkAt(bytes: Buffer, from: number, end: number): boolean {
  if (bytes.toString('latin1', from + ID_AT, from + ID_AT + RUN_ID_LENGTH) !== MARK_ID) return false
  const mark: unknown = JSON.parse(bytes.toString('utf8', from + JSON_AT, end))
  return typeof mark === 'object' && mark !== null && 'at' in mark && mark.at === from
}

function keep(lines: Map<RunId, Buffer[]>, id: RunId, json: Buffer): void {
  const ofRun = lines.get(id)
  if (ofRun === undefined) lines.set(id, [json])
  else ofRun.push(json)
}
