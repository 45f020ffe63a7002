import { crc32 } from 'node:zlib'
import { CodeConductorError } from '../domain/errors.ts'
import type { LogRecord } from '../domain/record.ts'

/**
 * The line format of a log: `<crc32 of the JSON, 8 lower-case hex digits> SP <JSON> LF`.
 * 1. A changed bit anywhere in a line is noticed: in the JSON by the CRC (which finds every single-bit error), in the
 *    digits by taking only lower-case ones, in the separator and the line end by checking both bytes.
 * 2. Only bytes behind the last LF may be cut as torn. A complete line that does not check is corruption wherever it stands.
 */

const SPACE = 0x20
const LINE_FEED = 0x0a
/** Digits, separator, and the shortest JSON object `{}`. */
const SHORTEST_LINE = 11

/** Why a line was refused, and where. */
export interface BadLine {
  /** Number of the record expected there. */
  readonly seq: number
  /** Offset of the line's first byte. */
  readonly byte: number
  /** Length up to the next LF, or to the end. */
  readonly bytes: number
  readonly problem: 'torn' | 'separator' | 'checksum' | 'json' | 'sequence' | 'blob'
}

export interface DecodedLog {
  readonly records: LogRecord[]
  /** Bytes of the sound lines from the start; what lies behind them is `bad`. */
  readonly soundBytes: number
  readonly bad: BadLine | null
}

export type RestoreRecord = (record: LogRecord) => LogRecord | null

/** Returns the CRC-32 of `text` (as UTF-8), continuing from `start`, as an unsigned number. */
export function checksum(text: string | Uint8Array, start = 0): number {
  return crc32(text, start)
}

/** Returns `crc` as 8 lower-case hex digits. */
export function checksumDigits(crc: number): string {
  return (crc + 0x1_0000_0000).toString(16).slice(1)
}

/** Returns one line with its LF, for JSON text without line breaks. */
export function encodeLine(json: string): string {
  return `${checksumDigits(crc32(json))} ${json}\n`
}

/** Returns the log line of `record` with its LF. Throws `TypeError` on what JSON cannot hold (a cycle, a BigInt). */
export function encodeRecord(record: LogRecord): string {
  return encodeLine(JSON.stringify(record))
}

/**
 * Returns every sound record of `bytes` from the start, and the first line that is not. Never throws: the caller decides
 * what a bad line means. Records must count up from `firstSeq`. `restore` puts payloads back, or returns null where it cannot.
 */
export function decodeLog(bytes: Uint8Array, firstSeq = 0, restore: RestoreRecord | null = null): DecodedLog {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: LogRecord[] = []
  let from = 0
  let seq = firstSeq
  while (from < buffer.length) {
    const end = buffer.indexOf(LINE_FEED, from)
    if (end < 0) return { records, soundBytes: from, bad: { seq, byte: from, bytes: buffer.length - from, problem: 'torn' } }
    const line = decodeLine(buffer, from, end, seq)
    const decoded = typeof line === 'string' || restore === null ? line : (restore(line) ?? 'blob')
    if (typeof decoded === 'string') {
      return { records, soundBytes: from, bad: { seq, byte: from, bytes: end + 1 - from, problem: decoded } }
    }
    records.push(decoded)
    seq += 1
    from = end + 1
  }
  return { records, soundBytes: from, bad: null }
}

/** Returns the record in `buffer[from, end)`, a line without its LF, or what is wrong with it. `seq` null takes any number. */
export function decodeLine(buffer: Buffer, from: number, end: number, seq: number | null): LogRecord | BadLine['problem'] {
  if (end - from < SHORTEST_LINE || buffer[from + 8] !== SPACE) return 'separator'
  const json = buffer.subarray(from + 9, end)
  if (readDigits(buffer, from) !== crc32(json)) return 'checksum'
  const record = parseRecord(json.toString('utf8'))
  if (record === null) return 'json'
  return seq === null || record.seq === seq ? record : 'sequence'
}

/** Returns the number in the 8 digits at `from`, or -1 where one is not a lower-case hex digit. */
export function readDigits(buffer: Buffer, from: number): number {
  let number = 0
  for (let at = from; at < from + 8; at++) {
    const byte = buffer[at] ?? 0
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1
    if (digit < 0) return -1
    number = number * 16 + digit
  }
  return number
}

/** Returns the record `json` holds, or null where it is not an object with a number `seq`. */
export function parseRecord(json: string): LogRecord | null {
  try {
    const value: unknown = JSON.parse(json)
    const isRecord = typeof value === 'object' && value !== null && 'seq' in value && Number.isSafeInteger(value.seq)
    return isRecord ? (value as LogRecord) : null
  } catch {
    return null
  }
}

const SAYING: Readonly<Record<BadLine['problem'], string>> = {
  torn: 'is cut off',
  separator: 'is not a log line',
  checksum: 'does not match its checksum',
  json: 'is not a record',
  sequence: 'has another number than its place',
  blob: 'names a payload that is missing or changed',
}

/** Returns the error for a bad line of `source` (a run id or a file name without its folder). */
export function logCorrupt(source: string, bad: BadLine): CodeConductorError {
  return new CodeConductorError('LOG_CORRUPT', `Record ${bad.seq} of ${source}, at byte ${bad.byte}, ${SAYING[bad.problem]}.`, {
    hint: `codeconductor runs verify ${source}`,
    details: { source, seq: bad.seq, byte: bad.byte, problem: bad.problem },
  })
}
