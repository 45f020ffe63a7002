import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { makeFolders } from './make-folders.ts'

/**
 * What the file store asks of a disk, and no more, so that tests can stand in one that fills up, tears a write at any
 * byte or forgets what was not synced.
 * 1. Everything that touches only the page cache is synchronous: such a call costs about 5 us, its asynchronous form ten
 *    times that. Whatever waits for a disk is asynchronous.
 * 2. `write` may be short; the caller goes on or gives up. Errors are Node's, with their `code`.
 */
export interface FileSystem {
  open(path: string, flags: 'r' | 'r+' | 'w' | 'wx'): number
  close(fd: number): void
  /** Returns how many bytes were written at `position`. */
  write(fd: number, bytes: Uint8Array, position: number): number
  truncate(fd: number, bytes: number): void
  fdatasync(fd: number): Promise<void>
  /** Makes the names in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>
  /** Returns `[from, from + bytes)` of a file, shorter at its end. Without a range, the whole file. */
  read(path: string, from?: number, bytes?: number): Buffer
  size(path: string): number
  exists(path: string): boolean
  /** Returns the names in a folder, sorted; none where it does not exist. */
  list(path: string): readonly string[]
  /** Creates a folder. Fails with EEXIST, unless `withParents`. */
  makeFolder(path: string, withParents?: boolean): void
  rename(from: string, to: string): void
  unlink(path: string): void
  /** Removes a folder and all in it; does nothing where it does not exist. */
  removeTree(path: string): void
}

const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** Returns the machine's own file system. Files are made with mode 0600 and folders with 0700. */
export function createNodeFileSystem(): FileSystem {
  return {
    open: (path, flags) => openSync(path, flags, FILE_MODE),
    close: closeSync,
    write: (fd, bytes, position) => writeSync(fd, bytes, 0, bytes.byteLength, position),
    truncate: ftruncateSync,
    fdatasync: syncData,
    syncFolder,
    read: readRange,
    size: (path) => statSync(path).size,
    exists: existsSync,
    list: listNames,
    makeFolder: (path, withParents = false) => {
      if (withParents) makeFolders(path, FOLDER_MODE)
      else mkdirSync(path, { mode: FOLDER_MODE })
    },
    rename: renameSync,
    unlink: unlinkSync,
    removeTree: (path) => rmSync(path, { recursive: true, force: true }),
  }
}

function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())))
}

/** Windows cannot open a folder; its file systems write names through. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const fd = openSync(path, 'r')
  try {
    await new Promise<void>((resolve, reject) => fsync(fd, (error) => (error ? reject(error) : resolve())))
  } finally {
    closeSync(fd)
  }
}

function readRange(path: string, from = 0, bytes = Number.POSITIVE_INFINITY): Buffer {
  const fd = openSync(path, 'r')
  try {
    const wanted = Math.max(0, Math.min(bytes, fstatSync(fd).size - from))
    const buffer = Buffer.allocUnsafe(wanted)
    let got = 0
    while (got < wanted) {
      const more = readSync(fd, buffer, got, wanted - got, from + got)
      if (more === 0) break
      got += more
    }
    return buffer.subarray(0, got)
  } finally {
    closeSync(fd)
  }
}

function listNames(path: string): readonly string[] {
  try {
    return readdirSync(path).sort()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Returns the `code` of a system error (`ENOSPC`, `ENOENT` …), or null. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** Writes all of `bytes` at `position`, going on after short writes. Throws what the disk says. */
export function writeFully(fs: FileSystem, fd: number, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.byteLength) done += fs.write(fd, done === 0 ? bytes : bytes.subarray(done), position + done)
}

/** Replaces a file as a whole: a reader sees the old or the new content. Not synced; the name may be lost in a power cut. */
export function replaceFile(fs: FileSystem, path: string, text: string): void {
  const draft = `${path}.new`
  const fd = fs.open(draft, 'w')
  try {
    writeFully(fs, fd, Buffer.from(text), 0)
  } finally {
    fs.close(fd)
  }
  fs.rename(draft, path)
}
