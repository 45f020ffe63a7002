import { accessSync, chmodSync, chownSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PRIVATE_PREFIX, signDirectory } from './sweep-dead.ts'

/** The uid that runs sandboxes when the program itself was started by root: `nobody`, who owns nothing. */
export const UNPRIVILEGED_ID = 65534

/** Who starts sandbox processes. `ids` go to `spawn`, which also clears the supplementary groups. */
export interface HostUser {
  readonly isDropped: boolean
  readonly ids: { readonly uid?: number; readonly gid?: number }
}

/**
 * Returns the user sandboxes are started as: the caller, or `nobody` when the caller is root. A sandbox started by real root is
 * not one: the kernel checks the real uid on every file below /proc/sys and does not count root's processes.
 */
export function sandboxUser(uid: number | undefined): HostUser {
  return uid === 0 ? { isDropped: true, ids: { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } } : { isDropped: false, ids: {} }
}

/**
 * Creates a private directory below `parent` that the sandbox user, and no other unprivileged user, can enter. It names its process, so
 * that a later one can remove it should this one be killed; see `sweep-dead.ts`.
 */
export function makePrivateDir(parent: string, user: HostUser): string {
  const dir = mkdtempSync(join(parent, PRIVATE_PREFIX))
  try {
    chmodSync(dir, 0o700)
    signDirectory(dir)
    if (user.isDropped) chownSync(dir, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    return dir
  } catch (error) {
    rmSync(dir, { recursive: true, force: true })
    throw error
  }
}

/** True when the sandbox user can reach `path`: for the caller itself by asking, for `nobody` by the world bits on the way. */
export function isReachableBy(user: HostUser, path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    if (!user.isDropped) return true
    for (let at = path; ; at = dirname(at)) {
      const { mode } = statSync(at)
      if ((mode & 0o005) !== 0o005 && !(at === path && (mode & 0o004) !== 0)) return false
      if (at === dirname(at)) return true
    }
  } catch {
    return false
  }
}
