import { closeSync, lstatSync, openSync, statfsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { CodeConductorError } from '../domain/errors.ts'
import { bwrapArgs } from './bwrap-argv.ts'
import type { HostUser } from './host-user.ts'
import type { Interpreters } from './interpreters.ts'
import { type Driver, type Ended, type Launched, type LaunchPlan, openMountedFile, spawnBare } from './launch.ts'
import type { MountHolder, Slot } from './mount-holder.ts'
import { BASE_ENV, checkBoxPath, DEFAULT_LIMITS, rlimitArgs } from './policy.ts'
import { whenGone } from './process-tree.ts'

export interface BwrapTools {
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
  readonly holder: MountHolder | null
  /** The synthetic /etc on the host, used without a holder. */
  readonly etcPath: string
  readonly canDisableUserns: boolean
}

const FD = { seccomp: 3, status: 4, args: 5, channel: 6, firstFile: 7 } as const

/** Creates the bubblewrap driver. Its argument list travels through a pipe, so that /proc/1/cmdline shows no host path. */
export function createBwrapDriver(parts: BwrapParts): Driver {
  const topLevel = ['bin', 'lib', 'lib64', 'lib32', 'sbin'].filter(isUsrLink)
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
  const { holder } = parts
  const slot = holder ? await holder.acquire(plan.limits.scratchBytes, plan.limits.inodes) : null
  const opened: number[] = []
  try {
    const open = (fd: number): number => {
      opened.push(fd)
      return fd
    }
    const stdio: (number | 'pipe' | 'ignore')[] = [
      plan.hasStdin ? 'pipe' : 'ignore',
      'pipe',
      'pipe',
      open(openSync(parts.filterPath, 'r')),
      'pipe',
      'pipe',
      plan.hasChannel ? 'pipe' : 'ignore',
    ]
    const texts: { readonly fd: number; readonly text: string }[] = []
    const files: { fd: number; boxPath: string }[] = []
    for (const mount of plan.mounts) {
      checkBoxPath(mount.boxPath)
      if (mount.kind === 'directory') continue
      const fd = stdio.length
      if (mount.kind === 'text') texts.push({ fd, text: mount.text })
      stdio.push(mount.kind === 'text' ? 'pipe' : open(openMountedFile(mount.hostPath)))
      files.push({ fd, boxPath: mount.boxPath })
    }
    const args = bwrapArgs({
      fds: FD,
      env: plan.env,
      etcPath: holder ? holder.etcPath : parts.etcPath,
      binds: [...interpreter.binds, ...plan.mounts.filter((mount) => mount.kind === 'directory')],
      files,
      slotPath: slot?.path ?? null,
      limits: plan.limits,
      cwd: plan.cwd,
      topLevel,
      canDisableUserns: parts.canDisableUserns,
    })
    const inside = [parts.tools.prlimit, ...rlimitArgs(plan.language, plan.limits), '--', interpreter.command, ...plan.argv]
    const outer = [parts.tools.bwrap, '--args', String(FD.args), '--', ...inside]
    const command = holder ? [parts.tools.nsenter, ...enterHolder(holder), '--', ...outer] : outer
    const child = spawnBare(command[0] ?? '', command.slice(1), stdio, parts.user.ids)
    const pipe = (fd: number): Writable => child.stdio[fd] as Writable
    for (const { fd, text } of [...texts, { fd: FD.args, text: `${args.join('\0')}\0` }]) {
      pipe(fd).on('error', () => undefined)
      pipe(fd).end(text)
    }
    return followBwrap(child, plan, slot, holder)
  } catch (error) {
    if (slot) holder?.release(slot)
    throw error
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}

function enterHolder(holder: MountHolder): readonly string[] {
  return ['--preserve-credentials', `--user=/proc/${holder.pid}/ns/user`, `--mount=/proc/${holder.pid}/ns/mnt`]
}

function followBwrap(
  child: ReturnType<typeof spawnBare>,
  plan: LaunchPlan,
  slot: Slot | null,
  holder: MountHolder | null,
): Launched {
  let rootPid: number | null = null
  let code: number | null = null
  let status = ''
  const onStatus = (chunk: Buffer): void => {
    status = (status + chunk.toString('latin1')).slice(0, 4096)
    rootPid ??= numberAfter(status, 'child-pid')
    code ??= numberAfter(status, 'exit-code')
  }
  const statusPipe = child.stdio[FD.status] as Readable
  statusPipe.on('data', onStatus)
  statusPipe.on('error', () => undefined)
  const ended = new Promise<Ended>((resolve) => {
    let isDone = false
    const finish = (): void => {
      if (isDone) return
      isDone = true
      // bubblewrap reports the exit code before its pid 1 has gone; only then is everything inside dead.
      void whenGone(rootPid).then(() => resolve({ started: rootPid !== null, code }))
    }
    child.on('error', finish)
    child.on('close', finish)
    // A pipe can outlive the process when someone else holds it; the end does not wait for that.
    child.on('exit', () => setTimeout(finish, 1_500).unref())
  })
  let isReleased = false
  let isGone = false
  child.on('exit', () => {
    isGone = true
  })
  return {
    stdin: child.stdin,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    channel: plan.hasChannel ? ((child.stdio as readonly unknown[])[FD.channel] as Readable) : null,
    rootPid: () => rootPid,
    kill: () => {
      // Once reaped, the numbers may belong to somebody else.
      if (isGone) return
      for (const pid of [rootPid, child.pid === undefined ? null : -child.pid]) {
        try {
          if (pid !== null) process.kill(pid, 'SIGKILL')
        } catch {
          // Already gone.
        }
      }
    },
    ended,
    scratchPath: slot?.hostScratch ?? null,
    countInodes: slot ? null : () => countInodes(rootPid),
    release: () => {
      if (slot && !isReleased) holder?.release(slot)
      isReleased = true
    },
  }
}

/** Without a hard cap: inodes in use in the scratch mounts, read through the first process inside. */
function countInodes(rootPid: number | null): number | null {
  if (rootPid === null) return null
  let used = 0
  for (const dir of ['tmp', 'scratch', 'dev/shm']) {
    try {
      const { type, files, ffree, blocks, bsize } = statfsSync(`/proc/${rootPid}/root/${dir}`)
      // Before the sandbox has its own root this is the host's directory; only a tmpfs of our size counts.
      if (type === 0x01021994 && blocks * bsize <= DEFAULT_LIMITS.scratchBytes) used += files - ffree
    } catch {
      return null
    }
  }
  return used
}

function numberAfter(text: string, key: string): number | null {
  const found = new RegExp(`"${key}"\\s*:\\s*(\\d+)`).exec(text)?.[1]
  return found === undefined ? null : Number(found)
}

function isUsrLink(name: string): boolean {
  try {
    return lstatSync(`/${name}`).isSymbolicLink()
  } catch {
    return false
  }
}
