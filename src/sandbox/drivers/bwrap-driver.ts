import { statfsSync } from 'node:fs'
import { CodeConductorError } from '../../domain/errors.ts'
import type { RunCgroups } from '../limits/cgroup.ts'
import { BASE_ENV, DEFAULT_LIMITS, rlimitArgs } from '../policy.ts'
import { type BoxStdio, FD, feedPipe, openBoxStdio } from './box-stdio.ts'
import { bwrapArgs, usrLinks } from './bwrap-argv.ts'
import { followChild, numberAfter } from './follow-child.ts'
import type { HostUser } from './host-user.ts'
import type { Interpreters } from './interpreters.ts'
import { type Driver, type Launched, type LaunchPlan, spawnBare } from './launch.ts'
import type { MountHolder, MountHolderSource } from './mount-holder.ts'

interface BwrapTools {
  readonly bwrap: string
  readonly prlimit: string
  readonly nsenter: string
}

export interface BwrapParts {
  readonly tools: BwrapTools
  readonly user: HostUser
  readonly interpreters: Interpreters
  /** File with the assembled filter; opened anew for each run, because a descriptor has one offset. */
  readonly filterPath: string
  /** Hard inode cap and readable scratch; null where this machine forbids it. */
  readonly holder: MountHolderSource | null
  /** The synthetic /etc on the host, used without a holder. */
  readonly etcPath: string
  readonly canDisableUserns: boolean
  readonly inherited: readonly number[]
  readonly groups: RunCgroups | null
}

/** Creates the bubblewrap driver. Its argument list travels through a pipe, so that /proc/1/cmdline shows no host path. */
export function createBwrapDriver(parts: BwrapParts): Driver {
  const topLevel = usrLinks()
  const template = bwrapArgs({
    fds: FD,
    env: BASE_ENV,
    etcPath: '/etc',
    binds: [],
    files: [],
    slotPath: parts.holder ? '/slot' : null,
    limits: DEFAULT_LIMITS,
    cwd: '/scratch',
    topLevel,
    canDisableUserns: parts.canDisableUserns,
  })
  return {
    name: 'bwrap',
    isolation: 'full',
    template,
    launch: (plan) => launchBwrap(parts, topLevel, plan),
    close: () => parts.holder?.close(),
  }
}

async function launchBwrap(parts: BwrapParts, topLevel: readonly string[], plan: LaunchPlan): Promise<Launched> {
  const interpreter = parts.interpreters[plan.language]
  if (!interpreter) throw new CodeConductorError('NO_SANDBOX', `no ${plan.language} interpreter the sandbox can show`)
  const holder = parts.holder ? await parts.holder.get() : null
  const slot = holder ? await holder.acquire(plan.limits.scratchBytes, plan.limits.inodes) : null
  let box: BoxStdio | null = null
  try {
    box = openBoxStdio(plan, parts.filterPath)
    // A program that starts before it is in its group could leave processes outside; so it waits.
    const block = parts.groups ? box.stdio.length : null
    const stdio = block === null ? box.stdio : [...box.stdio, 'pipe' as const]
    const args = bwrapArgs({
      fds: block === null ? FD : { ...FD, block },
      env: plan.env,
      etcPath: holder ? holder.etcPath : parts.etcPath,
      binds: [...interpreter.binds, ...plan.mounts.filter((mount) => mount.kind === 'directory')],
      files: box.files,
      slotPath: slot?.path ?? null,
      limits: plan.limits,
      cwd: plan.cwd,
      topLevel,
      canDisableUserns: parts.canDisableUserns,
    })
    const inside = [parts.tools.prlimit, ...rlimitArgs(plan.language, plan.limits), '--', interpreter.command, ...plan.argv]
    const outer = [parts.tools.bwrap, '--args', String(FD.args), '--', ...inside]
    const command = holder ? [parts.tools.nsenter, ...enterHolder(holder), '--', ...outer] : outer
    const child = spawnBare(command[0] ?? '', command.slice(1), stdio, parts.inherited, parts.user.ids)
    feedPipe(child, FD.args, `${args.join('\0')}\0`)
    box.feed(child)
    return followChild(child, {
      hasChannel: plan.hasChannel,
      group: parts.groups?.open(`cc-${process.pid}-${child.pid}`, plan.limits) ?? null,
      letGo: () => {
        if (block !== null) feedPipe(child, block, '\n')
      },
      findRootPid: (status) => numberAfter(status, 'child-pid'),
      scratchPath: () => slot?.hostScratch ?? null,
      countInodes: slot ? null : (rootPid) => countInodes(rootPid, plan.limits.scratchBytes),
      release: () => {
        if (slot) holder?.release(slot)
      },
    })
  } catch (error) {
    if (slot) holder?.release(slot)
    throw error
  } finally {
    box?.close()
  }
}

function enterHolder(holder: MountHolder): readonly string[] {
  return ['--preserve-credentials', `--user=/proc/${holder.pid}/ns/user`, `--mount=/proc/${holder.pid}/ns/mnt`]
}

/** Without a hard cap: inodes in use in the scratch mounts, read through the first process inside. */
function countInodes(rootPid: number | null, scratchBytes: number): number | null {
  if (rootPid === null) return null
  let used = 0
  for (const dir of ['tmp', 'scratch', 'dev/shm']) {
    try {
      const { type, files, ffree, blocks, bsize } = statfsSync(`/proc/${rootPid}/root/${dir}`)
      // Before the sandbox has its own root this is the host's directory; only a tmpfs of our size counts.
      if (type === 0x01021994 && blocks * bsize <= scratchBytes) used += files - ffree
    } catch {
      return null
    }
  }
  return used
}
