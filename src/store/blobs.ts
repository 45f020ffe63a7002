import { createHash } from 'node:crypto'
import type { LogRecord } from '../domain/record.ts'
import { errorCode, type FileSystem, writeFully } from './file-system.ts'

/**
 * Payloads over 4 KiB leave a run's log and lie beside it, `blobs/<sha256>`, once per content.
 * 1. `d`, where it is an object: each property whose JSON is longer than 4,096 characters. Anything else: `d` as a whole.
 *    In its place stands `"@sha256:<64 hex>"`; the blob holds the JSON.
 * 2. A string in such a place that reads like a reference gets one more `@` in front, taken off again on reading, so that
 *    no text of a model can name a file.
 * 3. A blob is checked against its name on every read.
 */

const BLOB_CHARACTERS = 4096

const REFERENCE = /^@sha256:([0-9a-f]{64})$/
const LIKE_REFERENCE = /^@+sha256:/

export interface Blob {
  readonly sha256: string
  readonly json: string
}

/** True where the JSON of a record can be stored as it is: it is short and names no reference. */
export function isPlain(json: string): boolean {
  return json.length <= BLOB_CHARACTERS && !json.includes('@sha256:')
}

/** Returns `record` with references for its large payloads, and the payloads. */
export function splitPayloads(record: LogRecord): { readonly record: LogRecord; readonly blobs: readonly Blob[] } {
  const blobs: Blob[] = []
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string' && LIKE_REFERENCE.test(value)) return `@${value}`
    const json = JSON.stringify(value)
    if (json === undefined || json.length <= BLOB_CHARACTERS) return value
    const sha256 = hashOf(json)
    blobs.push({ sha256, json })
    return `@sha256:${sha256}`
  }
  return { record: mapPayloads(record, replace), blobs }
}

/** Returns `record` as it was appended, or null where a blob it names is missing or changed. `readBlob` returns null for none. */
export function joinPayloads(record: LogRecord, readBlob: (sha256: string) => string | null): LogRecord | null {
  let isWhole = true
  const restored = mapPayloads(record, (value) => {
    if (typeof value !== 'string' || !LIKE_REFERENCE.test(value)) return value
    const sha256 = REFERENCE.exec(value)?.[1]
    if (sha256 === undefined) return value.slice(1)
    const json = readBlob(sha256)
    if (json !== null) return JSON.parse(json)
    isWhole = false
    return value
  })
  return isWhole ? restored : null
}

function mapPayloads(record: LogRecord, map: (value: unknown) => unknown): LogRecord {
  const { d } = record
  if (typeof d !== 'object' || d === null || Array.isArray(d)) return 'd' in record ? { ...record, d: map(d) } : record
  // Object.fromEntries defines each key as its own, `__proto__` too.
  return { ...record, d: Object.fromEntries(Object.entries(d).map(([key, value]) => [key, map(value)])) }
}

/** Returns the JSON of a blob in `folder`, or null where it is missing or does not match its name. */
export function readBlob(fs: FileSystem, folder: string, sha256: string): string | null {
  try {
    const json = fs.read(`${folder}/${sha256}`).toString()
    return hashOf(json) === sha256 ? json : null
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

/**
 * Makes sure the blob lies in `folder`, and returns its path. Not synced. A sound one is left alone (records already
 * name it); what a crash left half-written is replaced.
 */
export function writeBlob(fs: FileSystem, folder: string, blob: Blob): string {
  if (!fs.exists(folder)) fs.makeFolder(folder)
  const path = `${folder}/${blob.sha256}`
  if (readBlob(fs, folder, blob.sha256) !== null) return path
  const fd = fs.open(path, 'w')
  try {
    writeFully(fs, fd, Buffer.from(blob.json), 0)
  } finally {
    fs.close(fd)
  }
  return path
}

function hashOf(json: string): string {
  return createHash('sha256').update(json).digest('hex')
}
