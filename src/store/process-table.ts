import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { errorCode } from './file-system.ts'

/**
 * Who a process is, so that it is not mistaken for another that got its number later: pid, start time in clock ticks
 * since boot (0 where the system does not tell), the boot, and the place its pid counts in (host and pid namespace).
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTicks: string
  readonly boot: string
  readonly place: string
}

export interface ProcessTable {
  self(): ProcessIdentity
  hostName(): string
  /** True while that process runs. A process of another place cannot be judged and counts as running. */
  isRunning(identity: ProcessIdentity): boolean
  /** True where the machine was not restarted since: what that process wrote is all in the page cache. */
  isThisBoot(identity: ProcessIdentity): boolean
}

/** Returns the table of this machine, read from /proc where there is one. */
export function createNodeProcessTable(): ProcessTable {
  const boot = shortHash(readOr('/proc/sys/kernel/random/boot_id', ''))
  const place = shortHash(`${hostname()} ${readLinkOr('/proc/self/ns/pid', '')}`)
  const self: ProcessIdentity = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '0', boot, place }
  return {
    self: () => self,
    hostName: hostname,
    isThisBoot: (identity) => identity.boot === boot,
    isRunning: (identity) => {
      if (identity.place !== place) return true
      if (identity.boot !== boot || !hasProcess(identity.pid)) return false
      const ticks = startTicksOf(identity.pid)
      return ticks === null || identity.startTicks === '0' || ticks === identity.startTicks
    },
  }
}

/** Returns a name for files of one store of a process; unlike any other, and its owner can be read from it. */
export function createOwnerTag(identity: ProcessIdentity): string {
  return `${identity.pid}-${identity.startTicks}-${identity.boot}-${identity.place}-${randomBytes(6).toString('hex')}`
}

/** Returns the process a tag names, or null where it is not one. */
export function parseOwnerTag(tag: string): ProcessIdentity | null {
  const parts = /^(\d+)-(\d+)-([0-9a-f]{8})-([0-9a-f]{8})-[0-9a-f]{12}$/.exec(tag)
  if (parts === null) return null
  const [, pid = '', startTicks = '', boot = '', place = ''] = parts
  return { pid: Number(pid), startTicks, boot, place }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/** Returns the start time, null where the system does not tell, `gone` for a killed process its parent has not collected (Z, X). */
function startTicksOf(pid: number): string | null {
  const stat = readOr(`/proc/${pid}/stat`, '')
  // The name in brackets may hold spaces and brackets itself; the fields are counted from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return 'gone'
  return fields[19] ?? null
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}

function readLinkOr(path: string, otherwise: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return otherwise
  }
}
