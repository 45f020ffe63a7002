import { existsSync, lstatSync } from 'node:fs'
import type { RunLimits } from '../../ports/sandbox.ts'

/** Where a bind comes from and what it is called inside. */
interface Bind {
  readonly hostPath: string
  readonly boxPath: string
}

/** Everything the argv template needs; descriptors are numbers the launcher passes at spawn. */
export interface BwrapPlan {
  /** `block` is the descriptor a byte must come on before the program starts. */
  readonly fds: { readonly seccomp: number; readonly status: number; readonly block?: number }
  readonly env: Readonly<Record<string, string>>
  readonly etcPath: string
  readonly binds: readonly Bind[]
  readonly files: readonly { readonly fd: number; readonly boxPath: string }[]
  /** A slot's directory with `tmp`, `shm` and `scratch`; null lets bubblewrap mount its own tmpfs, capped in bytes only. */
  readonly slotPath: string | null
  readonly limits: RunLimits
  readonly cwd: string
  readonly topLevel: readonly string[]
  /** bubblewrap 0.8 and newer; before that the filter alone forbids further user namespaces. */
  readonly canDisableUserns: boolean
}

/** /proc files that tell about the host or reach it. Covered even where their permissions already refuse. */
export const COVERED = ['sysrq-trigger', 'kcore', 'keys', 'kmsg', 'kallsyms', 'timer_list', 'config.gz', 'iomem']

/**
 * What /dev/zero is inside: `full` reads as zeros too but cannot be mapped, and a shared mapping of `zero` is memory that no cap and no
 * sum over processes sees.
 */
export const ZERO_WITHOUT_MEMORY = ['/dev/full', '/dev/zero'] as const

/**
 * Returns bubblewrap's arguments, without the command. `--unshare-user` is spelt out: `--unshare-all` only tries. Mounts are few,
 * since each costs time: `/usr` once, one synthetic `/etc`.
 */
export function bwrapArgs(plan: BwrapPlan): readonly string[] {
  const scratch = plan.slotPath
    ? [
        '--bind',
        `${plan.slotPath}/shm`,
        '/dev/shm',
        '--bind',
        `${plan.slotPath}/tmp`,
        '/tmp',
        '--bind',
        `${plan.slotPath}/scratch`,
        '/scratch',
      ]
    : byteCappedScratch(plan.limits.scratchBytes)
  return [
    ...['--seccomp', String(plan.fds.seccomp), '--json-status-fd', String(plan.fds.status)],
    ...(plan.fds.block === undefined ? [] : ['--block-fd', String(plan.fds.block)]),
    ...['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
    ...(plan.canDisableUserns ? ['--disable-userns'] : []),
    ...[
      '--uid',
      '1000',
      '--gid',
      '1000',
      '--hostname',
      'sandbox',
      '--die-with-parent',
      '--new-session',
      '--cap-drop',
      'ALL',
      '--clearenv',
    ],
    ...Object.entries(plan.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--ro-bind', '/usr', '/usr', ...plan.topLevel.flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`])],
    ...[
      '--ro-bind',
      plan.etcPath,
      '/etc',
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      '--tmpfs',
      '/proc/sys',
      '--remount-ro',
      '/proc/sys',
    ],
    ...['--dev-bind', ...ZERO_WITHOUT_MEMORY],
    ...COVERED.filter((name) => existsSync(`/proc/${name}`)).flatMap((name) => ['--ro-bind', '/dev/null', `/proc/${name}`]),
    ...scratch,
    ...plan.binds.flatMap(({ hostPath, boxPath }) => ['--ro-bind', hostPath, boxPath]),
    ...plan.files.flatMap(({ fd, boxPath }) => ['--perms', '0444', '--file', String(fd), boxPath]),
    ...['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', plan.cwd],
  ]
}

function byteCappedScratch(bytes: number): readonly string[] {
  const part = (share: number): string => String(Math.floor(bytes * share))
  return [
    ...[
      '--size',
      part(1 / 9),
      '--tmpfs',
      '/dev/shm',
      '--size',
      part(4 / 9),
      '--perms',
      '1777',
      '--tmpfs',
      '/tmp',
      '--dir',
      '/tmp/home',
    ],
    ...['--size', part(4 / 9), '--perms', '0700', '--tmpfs', '/scratch'],
  ]
}

/** Names at the top of the file system that are links into /usr here, as they must be inside. */
export function usrLinks(): readonly string[] {
  return ['bin', 'lib', 'lib64', 'lib32', 'sbin'].filter((name) => {
    try {
      return lstatSync(`/${name}`).isSymbolicLink()
    } catch {
      return false
    }
  })
}
