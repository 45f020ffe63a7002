import { createHash } from 'node:crypto'
import { type FileSystem, replaceFile } from './file-system.ts'

/**
 * A run's log is `log.jsonl`, then `log.000002.jsonl`, `log.000003.jsonl` …; a segment that is full, and the last one of a
 * run that ended, is sealed: `segments.json` notes its length and `chain`, the SHA-256 over the chain value before it (as
 * hex; empty for the first) and its content. Changing any sealed byte changes every later chain value, so one value noted
 * elsewhere vouches for the whole log.
 */
export interface SealedSegment {
  readonly file: string
  readonly firstSeq: number
  readonly records: number
  readonly bytes: number
  readonly chain: string
}

export const SEGMENTS_FILE = 'segments.json'
const SEGMENTS_VERSION = 1

/** Returns the file name of segment `number`, from 1. */
export function segmentFile(number: number): string {
  return number === 1 ? 'log.jsonl' : `log.${String(number).padStart(6, '0')}.jsonl`
}

/** Returns the segments among `names`: `files` from the first without a gap, `beyond` those behind a missing one. */
export function listSegments(names: readonly string[]): {
  readonly files: readonly string[]
  readonly beyond: readonly string[]
} {
  const numbers = names.map(segmentNumber).filter((number) => number !== null)
  numbers.sort((a, b) => a - b)
  const gap = numbers.findIndex((number, index) => number !== index + 1)
  const all = numbers.map(segmentFile)
  return gap < 0 ? { files: all, beyond: [] } : { files: all.slice(0, gap), beyond: all.slice(gap) }
}

function segmentNumber(name: string): number | null {
  if (name === 'log.jsonl') return 1
  const digits = /^log\.(\d{6,})\.jsonl$/.exec(name)?.[1]
  return digits === undefined || segmentFile(Number(digits)) !== name ? null : Number(digits)
}

/** Returns the chain value of a segment. */
export function chainValue(previous: string, content: Uint8Array): string {
  return createHash('sha256').update(previous).update(content).digest('hex')
}

/** Returns what `segments.json` notes; null where there is none or it cannot be read. */
export function readSeals(fs: FileSystem, folder: string): readonly SealedSegment[] | null {
  try {
    const value: unknown = JSON.parse(fs.read(`${folder}/${SEGMENTS_FILE}`).toString())
    if (typeof value !== 'object' || value === null || !('segments' in value) || !Array.isArray(value.segments)) return null
    return value.segments.every(isSealedSegment) ? value.segments : null
  } catch {
    return null
  }
}

function isSealedSegment(value: unknown): value is SealedSegment {
  if (typeof value !== 'object' || value === null) return false
  const { file, firstSeq, records, bytes, chain } = value as Partial<Record<keyof SealedSegment, unknown>>
  return typeof file === 'string' && typeof chain === 'string' && [firstSeq, records, bytes].every(Number.isSafeInteger)
}

/** Writes `segments.json` and returns its path. Not synced. */
export function writeSeals(fs: FileSystem, folder: string, segments: readonly SealedSegment[]): string {
  const path = `${folder}/${SEGMENTS_FILE}`
  replaceFile(fs, path, `${JSON.stringify({ v: SEGMENTS_VERSION, segments }, null, 2)}\n`)
  return path
}
