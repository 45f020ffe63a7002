import type { LogRecord } from '../domain/record.ts'
import { isPlain, splitPayloads, writeBlob } from './blobs.ts'
import { type FileSystem, writeFully } from './file-system.ts'
import { checksumDigits, encodeRecord } from './record-codec.ts'
import { chainValue, type SealedSegment, segmentFile, writeSeals } from './segments.ts'

/**
 * The log files of one run, written from records that are durable in the shared WAL already.
 * 1. Nothing is synced here: what is written is reported to `touch`, and synced before the WAL that still holds it goes.
 * 2. Records wait until `writeOut`; one that fails leaves them waiting and the file as it was, so it can be tried again.
 */
export interface RunFile {
  add(entry: FileEntry): void
  /** Characters waiting. */
  readonly waiting: number
  /** Writes what waits. Throws what the disk says. */
  writeOut(): void
  /** Writes what waits and seals the last segment. */
  seal(): void
}

/** A record's JSON, payloads in full, and its checksum. */
export interface FileEntry {
  readonly json: string
  readonly checksum: number
}

/** Where a run's last segment ends. */
export interface RunFilePosition {
  /** From 1. */
  readonly segment: number
  readonly firstSeq: number
  readonly records: number
  readonly bytes: number
  readonly seals: readonly SealedSegment[]
}

export const START_OF_LOG: RunFilePosition = { segment: 1, firstSeq: 0, records: 0, bytes: 0, seals: [] }

export interface RunFileOptions {
  readonly fs: FileSystem
  readonly folder: string
  /** A segment is sealed before it would grow beyond this. */
  readonly maxSegmentBytes: number
  touch(path: string, kind: 'file' | 'folder'): void
}

/** Returns the writer of the run in `folder`, going on at `position`. */
export function createRunFile(options: RunFileOptions, position: RunFilePosition): RunFile {
  const { fs, folder, touch } = options
  let { segment, firstSeq, records, bytes } = position
  let seals = position.seals
  let queue: FileEntry[] = []
  let waiting = 0

  function writeOut(): void {
    while (queue.length > 0) {
      const { text, count } = takePiece()
      if (count > 0) {
        writeText(text)
        records += count
        for (const entry of queue.slice(0, count)) waiting -= entry.json.length
        queue = queue.slice(count)
      }
      if (queue.length > 0) startNextSegment()
    }
  }

  /** Returns as many waiting lines as the segment takes; at least one where it is empty. */
  function takePiece(): { readonly text: Buffer; readonly count: number } {
    const lines: string[] = []
    let room = options.maxSegmentBytes - bytes
    for (const entry of queue) {
      const line = encodeEntry(entry)
      room -= Buffer.byteLength(line)
      if (room < 0 && bytes + lines.length > 0) break
      lines.push(line)
    }
    return { text: Buffer.from(lines.join('')), count: lines.length }
  }

  function encodeEntry(entry: FileEntry): string {
    if (isPlain(entry.json)) return `${checksumDigits(entry.checksum)} ${entry.json}\n`
    const split = splitPayloads(JSON.parse(entry.json) as LogRecord)
    for (const blob of split.blobs) {
      touch(writeBlob(fs, `${folder}/blobs`, blob), 'file')
      touch(`${folder}/blobs`, 'folder')
      touch(folder, 'folder')
    }
    return encodeRecord(split.record)
  }

  function writeText(text: Buffer): void {
    const path = `${folder}/${segmentFile(segment)}`
    const isNew = bytes === 0
    const fd = fs.open(path, isNew ? 'w' : 'r+')
    touch(path, 'file')
    if (isNew) touch(folder, 'folder')
    try {
      writeFully(fs, fd, text, bytes)
      bytes += text.length
    } catch (error) {
      fs.truncate(fd, bytes)
      throw error
    } finally {
      fs.close(fd)
    }
  }

  function noteSeal(): void {
    const file = segmentFile(segment)
    const content = fs.read(`${folder}/${file}`)
    const next = [...seals, { file, firstSeq, records, bytes, chain: chainValue(seals.at(-1)?.chain ?? '', content) }]
    touch(writeSeals(fs, folder, next), 'file')
    touch(folder, 'folder')
    seals = next
  }

  function startNextSegment(): void {
    noteSeal()
    segment += 1
    firstSeq += records
    records = 0
    bytes = 0
  }

  return {
    add: (entry) => {
      queue.push(entry)
      waiting += entry.json.length
    },
    get waiting() {
      return waiting
    },
    writeOut,
    seal: () => {
      writeOut()
      if (bytes > 0 && seals.length < segment) noteSeal()
    },
  }
}
