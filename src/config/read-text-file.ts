import type { FileHandle } from 'node:fs/promises'
import { constants, open } from 'node:fs/promises'

/** Why a file was not read, in words that fit after its name. */
export class UnreadableFile extends Error {
  readonly reason: 'absent' | 'refused'

  constructor(reason: 'absent' | 'refused', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'UnreadableFile'
    this.reason = reason
  }
}

/**
 * Returns the text of a regular file of at most `maxBytes`. The size is asked of the open file before anything is read,
 * and the read itself is bounded too, for files that grow or that tell no size. A symbolic link is followed; one that leads
 * round in a circle, to a directory or to a device is refused, and opening a pipe never blocks.
 * Throws `UnreadableFile` only.
 */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    throw toUnreadable(error)
  }
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new UnreadableFile('refused', 'is not a regular file')
    if (stat.size > maxBytes) throw tooLarge(maxBytes)
    return decode(await readAtMost(file, maxBytes))
  } catch (error) {
    throw error instanceof UnreadableFile ? error : toUnreadable(error)
  } finally {
    await file.close()
  }
}

async function readAtMost(file: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(maxBytes + 1)
  let length = 0
  while (length <= maxBytes) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
  }
  throw tooLarge(maxBytes)
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new UnreadableFile('refused', 'is not UTF-8 text', cause)
  }
}

function tooLarge(maxBytes: number): UnreadableFile {
  return new UnreadableFile(
    'refused',
    `is larger than ${maxBytes < 1024 ? `${maxBytes} bytes` : `${Math.floor(maxBytes / 1024)} KiB`}`,
  )
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read (permission denied)',
  EPERM: 'may not be read (permission denied)',
  ELOOP: 'is a symbolic link that leads round in a circle',
  EISDIR: 'is not a regular file',
  ENXIO: 'is not a regular file',
  ENAMETOOLONG: 'has too long a name',
}

function toUnreadable(error: unknown): UnreadableFile {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  if (code === 'ENOENT' || code === 'ENOTDIR') return new UnreadableFile('absent', 'does not exist', error)
  return new UnreadableFile('refused', REASONS[code] ?? `could not be read (${code})`, error)
}
