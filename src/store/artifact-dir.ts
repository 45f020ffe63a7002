import { closeSync, existsSync, fsync, lstatSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { CodeConductorError } from '../domain/errors.ts'
import { makeFolders } from './make-folders.ts'
import { storeFailed } from './store-error.ts'

/**
 * The side files of one run (`kpi.json`, `report.md`, `diffs/…`).
 * 1. A file is there whole or not at all, also after a crash; 0600, its folders 0700.
 * 2. Nothing is written outside the run's folder, whatever a name or a link in the folder says, and no file of the store's own.
 */
export interface ArtifactDir {
  readonly folder: string
  /** Writes `name` (a relative path with `/`), replacing it. Throws `POLICY_REFUSED` for an unsafe name, `STORE_FAILED`. */
  write(name: string, content: string | Uint8Array): Promise<void>
  /** Writes `value` as JSON, two spaces deep, with a line end. */
  writeJson(name: string, value: unknown): Promise<void>
  /** Returns the text of `name`, or null where there is none. */
  read(name: string): string | null
}

const FILE_MODE = 0o600
const FOLDER_MODE = 0o700
const MAX_SEGMENT_BYTES = 200
/** Names the run store writes itself, in the run's folder. */
const STORE_FILES = /^(?:log(?:\.\d+)?\.jsonl|segments\.json(?:\.new)?|blobs|pinned|lease\..*)$/i

/** Returns access to the side files in `folder`, which is created on first writing. */
export function createArtifactDir(folder: string): ArtifactDir {
  async function write(name: string, content: string | Uint8Array): Promise<void> {
    const segments = checkName(name)
    const path = [folder, ...segments].join('/')
    try {
      makeParents(folder, segments.slice(0, -1), name)
      if (isLink(path)) throw refused(name, 'a link lies in its place')
      const bytes = Buffer.from(content)
      await writeFileAtomic(path, bytes, { mode: FILE_MODE })
      // One write may be short on a full disk, and that is not told.
      if (statSync(path).size !== bytes.length) throw storeFailed(`writing ${name}`, 'the disk took only part of it')
      await syncFolder(dirname(path))
    } catch (error) {
      throw storeFailed(`writing ${name}`, error)
    }
  }

  return {
    folder,
    write,
    writeJson: (name, value) => write(name, `${JSON.stringify(value, null, 2)}\n`),
    read: (name) => {
      const segments = checkName(name)
      const path = [folder, ...segments].join('/')
      if (segments.some((_, index) => isLink([folder, ...segments.slice(0, index + 1)].join('/')))) {
        throw refused(name, 'it leads through a link')
      }
      return existsSync(path) ? readFileSync(path, 'utf8') : null
    },
  }
}

/** Returns the parts of a safe relative name; throws `POLICY_REFUSED` for any other. */
function checkName(name: string): readonly string[] {
  const segments = name.split('/')
  for (const segment of segments) {
    const isSafe = /^[^\x00-\x1f\x7f\\:]+$/.test(segment) && segment !== '.' && segment !== '..'
    if (!isSafe || Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) throw refused(name, 'it is not a plain relative path')
  }
  if (STORE_FILES.test(segments[0] ?? '')) throw refused(name, "it is one of the log's own files")
  return segments
}

function makeParents(root: string, parents: readonly string[], name: string): void {
  if (!existsSync(root)) makeFolders(root, FOLDER_MODE)
  let path = root
  for (const parent of parents) {
    path = `${path}/${parent}`
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) mkdirSync(path, { mode: FOLDER_MODE })
    else if (!stats.isDirectory()) throw refused(name, 'a link or file lies in its way')
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

function refused(name: string, why: string): CodeConductorError {
  return new CodeConductorError('POLICY_REFUSED', `Will not touch ${JSON.stringify(name)} in the run's folder: ${why}.`, {
    hint: 'codeconductor runs show last',
  })
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const fd = openSync(path, 'r')
  try {
    await new Promise<void>((resolve, reject) => fsync(fd, (error) => (error ? reject(error) : resolve())))
  } finally {
    closeSync(fd)
  }
}
