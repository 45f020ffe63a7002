import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunCgroups } from '../limits/cgroup.ts'
import { installCommand } from '../self-test/explain-failure.ts'
import { createBwrapDriver } from './bwrap-driver.ts'
import type { HostUser } from './host-user.ts'
import type { Interpreters } from './interpreters.ts'
import { type Driver, inheritedDescriptors } from './launch.ts'
import { createMountHolderSource, SYNTHETIC_ETC } from './mount-holder.ts'
import { assembleFilter, type SeccompArch } from './seccomp.ts'

/** What every driver is built from. */
export interface DriverParts {
  readonly user: HostUser
  readonly interpreters: Interpreters
  readonly arch: SeccompArch
  /** Makes a group for each run; null where there is no cgroup v2 to make it in. */
  readonly groups: RunCgroups | null
  /** Private, owned by the sandbox user, removed at the end. */
  readonly workDir: string
}

/** A driver that could be built (not yet tested), or why not and what would help. */
export type Detected =
  | {
      readonly driver: Driver
      readonly notes: readonly string[]
      readonly binaries: readonly string[]
      readonly hasInodeCap: boolean
      /** True when the watchdog sees the processes inside; else `notes` say what bounds their memory and CPU time. */
      readonly isWatched: boolean
    }
  | { readonly driver: null; readonly why: string; readonly fix: string }

/** Builds the bubblewrap driver from what is installed. */
export async function detectBwrap(parts: DriverParts): Promise<Detected> {
  const bwrap = findTool('bwrap')
  const prlimit = findTool('prlimit')
  if (!bwrap) return { driver: null, why: 'bwrap: not installed', fix: installCommand('bubblewrap') }
  if (!prlimit) return { driver: null, why: 'bwrap: prlimit is missing', fix: installCommand('util-linux') }
  if ((statSync(bwrap).mode & 0o4000) !== 0) {
    return { driver: null, why: 'bwrap: installed setuid root, which is a risk of its own', fix: `sudo chmod u-s ${bwrap}` }
  }
  const version = readVersion(bwrap)
  if (version === null || version < 7)
    return { driver: null, why: `bwrap: 0.${version ?? '?'} is older than 0.7`, fix: installCommand('bubblewrap') }

  const nsenter = findTool('nsenter')
  const unshare = findTool('unshare')
  const base = join(parts.workDir, 'hold')
  const etcPath = join(parts.workDir, 'etc')
  const python = findTool('python3')
  // All that a full disk stops comes before the holder, which would be left running.
  mkdirSync(base, { mode: 0o755 })
  writeSyntheticEtc(etcPath)
  const filter = keepFilterOpen(parts)
  const holder =
    nsenter && unshare && python
      ? await createMountHolderSource({ unshare, python }, base, parts.user)
      : { why: `${python ? 'nsenter or unshare' : 'a system python3'} is missing` }
  const hasInodeCap = !('why' in holder)
  const driver = createBwrapDriver({
    tools: { bwrap, prlimit, nsenter: nsenter ?? '' },
    user: parts.user,
    interpreters: parts.interpreters,
    filterPath: `/proc/self/fd/${filter}`,
    holder: hasInodeCap ? holder : null,
    etcPath,
    canDisableUserns: version >= 8,
    inherited: inheritedDescriptors(),
    groups: parts.groups,
  })
  const inodes = hasInodeCap ? 'inodes capped by the file system' : `inodes watched every 50 ms, not capped (${holder.why})`
  return {
    driver: {
      ...driver,
      close: () => {
        driver.close()
        closeSync(filter)
      },
    },
    notes: [inodes],
    binaries: [bwrap, prlimit, nsenter, unshare, python].filter((path) => path !== null),
    hasInodeCap,
    isWatched: true,
  }
}

/** Returns a descriptor of the filter; its file is unlinked at once, so nobody can change it. */
export function keepFilterOpen(parts: Pick<DriverParts, 'workDir' | 'arch'>): number {
  const path = join(parts.workDir, 'filter.bpf')
  writeFileSync(path, assembleFilter(parts.arch), { mode: 0o600, flag: 'wx' })
  const fd = openSync(path, 'r')
  unlinkSync(path)
  return fd
}

/** Returns the absolute path of a system tool. Only system folders count: a PATH entry could be a repository's. */
export function findTool(name: string): string | null {
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin']) {
    try {
      if (statSync(`${folder}/${name}`).isFile()) return `${folder}/${name}`
    } catch {
      // Not here.
    }
  }
  return null
}

function readVersion(bwrap: string): number | null {
  try {
    const said = execFileSync(bwrap, ['--version'], { env: {}, encoding: 'utf8', timeout: 5_000 })
    const [, major, minor] = /(\d+)\.(\d+)/.exec(said) ?? []
    return major === undefined || minor === undefined ? null : Number(major) * 1000 + Number(minor)
  } catch {
    return null
  }
}

function writeSyntheticEtc(path: string): void {
  mkdirSync(path, { mode: 0o755 })
  for (const [name, text] of Object.entries(SYNTHETIC_ETC)) writeFileSync(join(path, name), text, { mode: 0o644 })
}
