import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/*
 * A process that is killed, or whose terminal is closed, leaves its private directories behind; the next one removes them. Invariants:
 *  1. Only what makePrivateDir made is removed: it has our prefix, is owned by the user it was made for, and holds a plain file of this
 *     user's own that names the process it was made by.
 *  2. That process must be known to be dead: same boot, same pid and time namespaces (a temporary directory may be shared between
 *     containers and machines), and no process of that number, or one that was started at another time.
 *  3. No link is followed: names are resolved against open directories, for whom a sandbox runs as may own the directory.
 */

/** Every private directory is called this and some random letters. */
export const PRIVATE_PREFIX = 'cc-'
/** In every private directory: who made it, as JSON. */
export const OWNER_FILE = '.codeconductor-owner'
/** So many directories are looked at. */
const MAX_LOOKS = 1_000

/** A process, told from all others. */
export interface Owner {
  readonly boot: string
  /** Its pid namespace. */
  readonly processes: string
  /** Its time namespace, which start times are told in; empty on a kernel without. */
  readonly clock: string
  readonly pid: number
  /** In ticks since boot. */
  readonly startedAt: string
}

/** Writes who owns `dir`: this process. Nothing where the system does not tell processes apart: such a directory is never swept. */
export function signDirectory(dir: string): void {
  const startedAt = readStart(process.pid)
  const boot = readText('/proc/sys/kernel/random/boot_id')
  if (startedAt === null || boot === '') return
  const owner: Owner = { boot, processes: readLink('pid'), clock: readLink('time'), pid: process.pid, startedAt }
  writeFileSync(join(dir, OWNER_FILE), JSON.stringify(owner), { mode: 0o600, flag: 'wx' })
}

/** Removes the private directories below `parent` whose process is dead. Never throws: what cannot be removed is left. */
export function sweepDead(parent: string, user: { readonly ids: { readonly uid?: number } }): void {
  const ownUid = process.getuid?.()
  const self = { boot: readText('/proc/sys/kernel/random/boot_id'), processes: readLink('pid'), clock: readLink('time') }
  if (ownUid === undefined || self.boot === '' || self.processes === '') return
  try {
    const names = readdirSync(parent).filter((name) => name.startsWith(PRIVATE_PREFIX))
    for (const name of names.slice(0, MAX_LOOKS)) sweepOne(join(parent, name), ownUid, user.ids.uid ?? ownUid, self)
  } catch {
    // No such directory: then nothing is in it either.
  }
}

function sweepOne(path: string, ownUid: number, dirUid: number, self: Pick<Owner, 'boot' | 'processes' | 'clock'>): void {
  try {
    withDirectory(path, (fd) => {
      if (fstatSync(fd).uid !== dirUid) return
      const owner = readOwner(`/proc/self/fd/${fd}/${OWNER_FILE}`, ownUid)
      if (owner === null || owner.boot !== self.boot || owner.processes !== self.processes || owner.clock !== self.clock) return
      if (!isDead(owner)) return
      empty(fd)
      rmdirSync(path)
    })
  } catch {
    // Not ours to open, or somebody else is removing it.
  }
}

/** Removes all that is in the open directory `fd`, and links as links. Who owns it goes last, so that an unfinished sweep goes on later. */
function empty(fd: number): void {
  const names = readdirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' })
  const owner = Buffer.from(OWNER_FILE)
  for (const name of names.sort((a, b) => Number(a.equals(owner)) - Number(b.equals(owner)))) {
    const path = Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name])
    if (!lstatSync(path).isDirectory()) unlinkSync(path)
    else {
      withDirectory(path, empty)
      rmdirSync(path)
    }
  }
}

function withDirectory(path: string | Buffer, use: (fd: number) => void): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    use(fd)
  } finally {
    closeSync(fd)
  }
}

function readOwner(path: string, uid: number): Owner | null {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const seen = fstatSync(fd)
    if (!seen.isFile() || seen.uid !== uid || seen.nlink !== 1 || seen.size > 4096) return null
    const owner = JSON.parse(readFileSync(fd, 'utf8')) as Partial<Record<keyof Owner, unknown>> | null
    if (typeof owner?.pid !== 'number' || !Number.isSafeInteger(owner.pid) || owner.pid < 1) return null
    const { boot, processes, clock, startedAt } = owner
    if (![boot, processes, clock, startedAt].every((field) => typeof field === 'string')) return null
    return owner as Owner
  } finally {
    closeSync(fd)
  }
}

function isDead({ pid, startedAt }: Owner): boolean {
  const start = readStart(pid)
  if (start !== null) return start !== startedAt
  try {
    // Somebody may have hidden /proc from us; the kernel tells whether there is one.
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/** Returns when `pid` was started; null when that cannot be read. The name in parentheses may hold anything; fields count from the last one. */
function readStart(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function readLink(namespace: string): string {
  try {
    return readlinkSync(`/proc/self/ns/${namespace}`)
  } catch {
    return ''
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim()
  } catch {
    return ''
  }
}
