import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs'
import type { CollectedFile, CollectLimits } from '../../ports/sandbox.ts'

/*
 * Takes regular files out of a directory a hostile program filled. Invariants:
 *  1. No link is followed: every level is opened with O_NOFOLLOW and names are resolved against that open descriptor.
 *  2. Only regular files with one name (nlink 1), checked again after opening; a FIFO or device is never waited on.
 *  3. Names are short printable ASCII; anything else is refused, and shown escaped.
 *  4. Files, bytes, depth and entries looked at are capped; a sparse giant is refused by its size before it is read.
 */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,126}$/
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i
const MAX_DEPTH = 8
const MAX_ENTRIES = 4096
/** A program can take its own directories away from an ordinary user, who is who collects. What is in them is lost, and said to be. */
const UNREADABLE = 'a directory that cannot be opened'

export interface Collected {
  readonly files: readonly CollectedFile[]
  readonly refused: readonly string[]
}

/** Returns the files below `root`, sorted by path, and what was left behind with the reason. Never throws for what it finds. */
export function collect(root: string, limits: CollectLimits): Collected {
  const files: CollectedFile[] = []
  const refused: string[] = []
  let bytesLeft = limits.maxBytes
  let entriesLeft = MAX_ENTRIES

  const refuse = (path: string, why: string): void => {
    if (refused.length < 100) refused.push(`${escapeName(path)}: ${why}`)
  }
  const takeFile = (dirFd: number, name: string, path: string, seen: Stats): void => {
    const isFull = files.length >= limits.maxFiles || seen.size > bytesLeft
    const content = seen.nlink !== 1 || isFull ? null : readRegular(`/proc/self/fd/${dirFd}/${name}`, seen)
    if (content === null) {
      refuse(path, isFull ? 'over the limit' : seen.nlink !== 1 ? 'has more than one name' : 'changed while it was read')
      return
    }
    bytesLeft -= content.length
    files.push({ path, content })
  }
  const walk = (dirFd: number, prefix: string, depth: number): void => {
    for (const name of readdirSync(`/proc/self/fd/${dirFd}`, { encoding: 'buffer' }).sort(Buffer.compare)) {
      if (entriesLeft-- <= 0) {
        refuse(prefix, 'too many entries')
        return
      }
      const text = name.toString('latin1')
      const path = prefix + text
      if (!NAME.test(text) || RESERVED.test(text)) {
        refuse(path, 'name')
        continue
      }
      const seen = stat(`/proc/self/fd/${dirFd}/${text}`)
      if (seen?.isFile()) takeFile(dirFd, text, path, seen)
      else if (!seen?.isDirectory()) refuse(path, 'not a regular file')
      else if (depth >= MAX_DEPTH) refuse(path, 'too deep')
      else if (!withDirectory(`/proc/self/fd/${dirFd}/${text}`, (fd) => walk(fd, `${path}/`, depth + 1))) refuse(path, UNREADABLE)
    }
  }
  if (!withDirectory(root, (fd) => walk(fd, '', 0))) refuse('.', UNREADABLE)
  return { files, refused }
}

/** Returns `name` with everything but printable ASCII as `\u{..}`, safe for a terminal or a log. */
export function escapeName(name: string): string {
  return name.replace(/[^\x20-\x7e]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`).slice(0, 300)
}

function stat(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}

/** Returns false, without a call of `use`, when the directory cannot be opened. */
function withDirectory(path: string, use: (fd: number) => void): boolean {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch {
    return false
  }
  try {
    use(fd)
    return true
  } finally {
    closeSync(fd)
  }
}

function readRegular(path: string, seen: Stats): Uint8Array | null {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return null
  }
  try {
    const now = fstatSync(fd)
    if (!now.isFile() || now.nlink !== 1 || now.ino !== seen.ino || now.dev !== seen.dev || now.size > seen.size) return null
    const content = Buffer.alloc(now.size)
    let at = 0
    while (at < content.length) {
      const got = readSync(fd, content, at, content.length - at, at)
      if (got === 0) break
      at += got
    }
    return new Uint8Array(content.subarray(0, at))
  } finally {
    closeSync(fd)
  }
}
