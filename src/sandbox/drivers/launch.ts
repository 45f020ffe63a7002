import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { basename } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { CodeConductorError } from '../../domain/errors.ts'
import type { Mount, RunLimits } from '../../ports/sandbox.ts'

/** One program to start inside, as every driver takes it. */
export interface LaunchPlan {
  readonly language: 'python' | 'javascript'
  /** Arguments after the interpreter. */
  readonly argv: readonly string[]
  readonly mounts: readonly Mount[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly limits: RunLimits
  readonly hasStdin: boolean
  readonly hasChannel: boolean
}

/** How the sandboxed process ended. `started` is false when the isolation never came up: then nothing ran. */
export interface Ended {
  readonly started: boolean
  /** The program's own exit code; null when a signal ended it or it was killed from outside. */
  readonly code: number | null
  /**
   * The signal that ended it; null when none did. Absent where the driver's report cannot tell: bubblewrap and container engines say
   * 128 + signal for both.
   */
  readonly signal?: number | null
  /** True when the sandbox was disposed of while it ran: then the end is not the program's. */
  readonly isDisposed?: true
}

export interface Launched {
  readonly stdin: Writable | null
  readonly stdout: Readable
  readonly stderr: Readable
  readonly channel: Readable | null
  /** Host pid of the namespace's first process; null until reported. All others descend from it. */
  rootPid(): number | null
  /** Ends every process inside. Safe to call at any time. */
  kill(): void
  readonly ended: Promise<Ended>
  /** The scratch directory as the host sees it, valid after `ended` and before `release`; null when the driver has none. */
  scratchPath(): string | null
  /** The inode watch: how many inodes the scratch space holds now; null where the cap is hard. */
  countInodes: (() => number | null) | null
  release(): void
}

/** A way to isolate. One driver, one file. */
export interface Driver {
  readonly name: string
  readonly isolation: 'full' | 'partial'
  /** The argv template, for the policy hash. */
  readonly template: readonly string[]
  launch(plan: LaunchPlan): Promise<Launched>
  close(): void
}

/** Opens a file to be copied in. Throws `POLICY_REFUSED` unless it is a regular file, reached without a final link. */
export function openMountedFile(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw new CodeConductorError('POLICY_REFUSED', 'only a regular file can be shown to the sandbox')
}

/**
 * Returns the descriptors a child would inherit although nobody meant it to: those this process was itself started with. Node opens
 * its own close-on-exec, and libuv closes only the first few of the others. Asked once a driver, for they do not change.
 */
export function inheritedDescriptors(): readonly number[] {
  const found: number[] = []
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    try {
      const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0'
      if (fd > 2 && (Number.parseInt(flags, 8) & 0o2000000) === 0) found.push(fd)
    } catch {
      // The directory listing's own descriptor, gone by now.
    }
  }
  return found.sort((a, b) => a - b)
}

/** How far sandboxed programs stand back: the tool, its terminal view and the user's own work come first. */
const NICENESS = 10

/** Returns the priority of sandboxed programs: `NICENESS`, or this process's own where that is lower still. */
export function boxPriority(own: number = getPriority()): number {
  return Math.max(NICENESS, own)
}

/**
 * Throws `SANDBOX`, retryable, unless there are descriptors enough to start `name` with `stdio`. Asked first, because Node forgets the
 * pipes of a spawn that fails for want of them, and they stay open for good. A pipe takes two, until its other end has gone to the
 * child; the child moves what it was given out of the way of the numbers it is to have; two more tell how its start went.
 */
export function requireDescriptors(name: string, stdio: readonly (number | 'pipe' | 'ignore')[]): void {
  const pipes = stdio.filter((entry) => entry === 'pipe').length
  const opened: number[] = []
  try {
    while (opened.length < 2 * pipes + stdio.length + 2) opened.push(openSync('/dev/null', 'r'))
  } catch (cause) {
    const why = 'this process has no descriptors left'
    throw new CodeConductorError('SANDBOX', `${name} could not be started: ${why}`, { retryable: true, cause })
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}

/**
 * Spawns with an empty environment (the first process inside keeps the spawner's, and /proc/1/environ shows it) and with
 * every `inherited` descriptor replaced by /dev/null. `ignore` would not do: beyond 2 it leaves a descriptor as it is,
 * which is right for one that is closed anyway. It is made to stand back at once, before it is told what to start.
 * Throws `SANDBOX`, retryable, when there is no process, and loses no descriptor then.
 */
export function spawnBare(
  command: string,
  args: readonly string[],
  stdio: readonly (number | 'pipe' | 'ignore')[],
  inherited: readonly number[],
  ids: object,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  // With the one below, and its copies.
  requireDescriptors(basename(command), [...stdio, 'ignore', ...inherited])
  const nothing = openSync('/dev/null', 'r+')
  try {
    const masked: (number | 'pipe' | 'ignore')[] = stdio.map((entry, fd) => (entry === 'ignore' && fd > 2 ? nothing : entry))
    for (const fd of inherited) {
      if (fd < stdio.length) continue
      while (masked.length < fd) masked.push('ignore')
      masked[fd] = nothing
    }
    const child = spawn(command, [...args], { env, cwd: '/', detached: true, stdio: masked as StdioOptions, ...ids })
    // Told a turn later, when whoever called may have heard already; an error event that nobody hears ends this process.
    child.on('error', () => undefined)
    if (child.pid === undefined) {
      const why = 'it is gone, or this process has no descriptors or no processes left'
      throw new CodeConductorError('SANDBOX', `${basename(command)} could not be started: ${why}`, { retryable: true })
    }
    stepBack(child.pid)
    return child
  } finally {
    closeSync(nothing)
  }
}

function stepBack(pid: number): void {
  try {
    setPriority(pid, boxPriority())
  } catch {
    // Gone already, or a system that forbids it: the limits hold all the same.
  }
}
