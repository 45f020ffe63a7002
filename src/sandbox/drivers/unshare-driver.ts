import { closeSync, constants, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { CodeConductorError } from '../../domain/errors.ts'
import type { RunLimits } from '../../ports/sandbox.ts'
import { UNSHARE_LAUNCHER } from '../harness/unshare-launcher.ts'
import { addressSpaceBytes, dataBytes } from '../policy.ts'
import { installCommand } from '../self-test/explain-failure.ts'
import { FD, feedPipe, openBoxStdio } from './box-stdio.ts'
import { COVERED, usrLinks, ZERO_WITHOUT_MEMORY } from './bwrap-argv.ts'
import { type Detected, type DriverParts, findTool, keepFilterOpen } from './detect-bwrap.ts'
import { followChild } from './follow-child.ts'
import { boxPriority, type Driver, inheritedDescriptors, type Launched, type LaunchPlan, spawnBare } from './launch.ts'
import { SYNTHETIC_ETC } from './mount-holder.ts'

/** Names of namespaces are spelt out; `--keep-caps` lets the launcher mount although it is not uid 0 inside. */
const UNSHARE_ARGS = [
  ...['--user', '--map-user=1000', '--map-group=1000', '--keep-caps', '--mount', '--propagation', 'private'],
  ...['--pid', '--net', '--ipc', '--uts', '--cgroup', '--fork', '--kill-child=KILL', '--'],
] as const
const PIVOT_ROOT = { x64: 155, arm64: 41 } as const
const CAPSET = { x64: 126, arm64: 91 } as const
const MIB = 1024 * 1024

/** Builds the driver that needs only util-linux and a system Python: the same isolation, set up by a launcher of ours. */
export async function detectUnshare(parts: DriverParts): Promise<Detected> {
  const unshare = findTool('unshare')
  const python = findTool('python3')
  if (!unshare || !python) {
    return {
      driver: null,
      why: `unshare: ${unshare ? 'a system python3' : 'unshare'} is missing`,
      fix: installCommand('bubblewrap'),
    }
  }
  const root = join(parts.workDir, 'root')
  mkdirSync(root, { mode: 0o755 })
  const filter = keepFilterOpen(parts)
  const place = { root, filterPath: `/proc/self/fd/${filter}`, inherited: inheritedDescriptors() }
  const command = [unshare, ...UNSHARE_ARGS, python, '-I', '-S', '-c', UNSHARE_LAUNCHER]
  const driver: Driver = {
    name: 'unshare',
    isolation: 'full',
    template: command,
    launch: (plan) => launchUnshare(parts, command, place, plan),
    close: () => closeSync(filter),
  }
  return { driver, notes: ['inodes capped by the file system'], binaries: [unshare, python], hasInodeCap: true, isWatched: true }
}

async function launchUnshare(
  parts: DriverParts,
  command: readonly string[],
  place: { root: string; filterPath: string; inherited: readonly number[] },
  plan: LaunchPlan,
): Promise<Launched> {
  const interpreter = parts.interpreters[plan.language]
  if (!interpreter) throw new CodeConductorError('NO_SANDBOX', `no ${plan.language} interpreter the sandbox can show`)
  const box = openBoxStdio(plan, place.filterPath)
  try {
    const child = spawnBare(command[0] ?? '', command.slice(1), box.stdio, place.inherited, parts.user.ids)
    const binds = [...interpreter.binds, ...plan.mounts.filter((mount) => mount.kind === 'directory')]
    const told = {
      root: place.root,
      topLevel: usrLinks(),
      etc: SYNTHETIC_ETC,
      covered: COVERED,
      zero: ZERO_WITHOUT_MEMORY,
      scratchBytes: plan.limits.scratchBytes,
      inodes: plan.limits.inodes,
      binds: binds.map(({ hostPath, boxPath }) => [hostPath, boxPath]),
      files: box.files.map(({ fd, boxPath }) => [fd, boxPath]),
      cwd: plan.cwd,
      niceness: boxPriority(),
      limits: rlimits(plan.language, plan.limits),
      command: [interpreter.command, ...plan.argv],
      env: plan.env,
      pivotRoot: PIVOT_ROOT[parts.arch],
      capset: CAPSET[parts.arch],
    }
    const talk: Writable = feedPipe(child, FD.args, `${JSON.stringify(told)}\n`, true)
    box.feed(child)
    let scratch: number | null = null
    return followChild(child, {
      reportsSignals: true,
      hasChannel: plan.hasChannel,
      group: parts.groups?.open(`cc-${process.pid}-${child.pid}`, plan.limits) ?? null,
      findRootPid: (status) => (status.includes('"ready"') ? firstChildOf(child.pid) : null),
      onStatus: (status) => {
        if (scratch !== null || !status.includes('"ready"')) return
        // Nothing hostile runs yet. The descriptor keeps the scratch space readable after everything inside is dead.
        scratch = openScratch(firstChildOf(child.pid))
        talk.end('go\n')
      },
      scratchPath: () => (scratch === null || scratch < 0 ? null : `/proc/self/fd/${scratch}/.`),
      countInodes: null,
      release: () => {
        if (scratch !== null && scratch >= 0) closeSync(scratch)
        scratch = -1
      },
    })
  } finally {
    box.close()
  }
}

/** The rlimits of `policy.ts`, by the names Python's `resource` has for them. */
function rlimits(language: 'python' | 'javascript', limits: RunLimits): Readonly<Record<string, readonly [number, number]>> {
  const cpu = Math.max(1, Math.ceil(limits.cpuMs / 1000))
  const both = (value: number): readonly [number, number] => [value, value]
  return {
    RLIMIT_NPROC: both(limits.processes),
    RLIMIT_NOFILE: both(limits.openFiles),
    RLIMIT_FSIZE: both(limits.fileBytes),
    RLIMIT_CPU: [cpu, cpu + 1],
    RLIMIT_CORE: both(1),
    RLIMIT_STACK: both(16 * MIB),
    RLIMIT_MEMLOCK: both(0),
    RLIMIT_MSGQUEUE: both(0),
    RLIMIT_SIGPENDING: both(128),
    RLIMIT_DATA: both(dataBytes(limits)),
    ...(language === 'python' ? { RLIMIT_AS: both(addressSpaceBytes(limits)) } : {}),
  }
}

function firstChildOf(pid: number | undefined): number | null {
  try {
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')[0]
    return first ? Number(first) : null
  } catch {
    return null
  }
}

function openScratch(rootPid: number | null): number {
  try {
    return openSync(`/proc/${rootPid}/root/scratch`, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch {
    return -1
  }
}
