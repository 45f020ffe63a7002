import { type ChildProcess, execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { CodeConductorError } from '../../domain/errors.ts'
import { addressSpaceBytes, BASE_ENV, checkBoxPath, checkHostDirectory, DEFAULT_LIMITS, dataBytes } from '../policy.ts'
import { installCommand } from '../self-test/explain-failure.ts'
import { type ContainerPlan, containerArgs } from './container-argv.ts'
import { containerProfile } from './container-seccomp.ts'
import { type Detected, type DriverParts, findTool } from './detect-bwrap.ts'
import {
  type Driver,
  type Ended,
  inheritedDescriptors,
  type Launched,
  type LaunchPlan,
  openMountedFile,
  spawnBare,
} from './launch.ts'
import { cutAtMark } from './start-mark.ts'

const run = promisify(execFile)

/** Images that are used when they are there already; nothing is ever pulled. */
const CONTAINER_IMAGES = { python: 'python:3-slim', javascript: 'node:22-slim' } as const
/** What an engine holds of the limits, and what nobody does. */
const LIMIT_NOTES = [
  'memory: per process 512 MiB (rlimit), in total 1 GiB by the engine (--memory); no watchdog looks into a container',
  'CPU: 5 s a process (rlimit), in total and in a JavaScript call bounded by wall time only; crossing a bound shows as a signal or an exit code, not as cpu or memory',
]

/**
 * Builds the driver for docker or podman, whichever answers. Weaker than the others, hence partial: bind sources show in mountinfo,
 * the engine's daemon is trusted, and CPU time is bounded per process only, for what runs in a container is no child of ours to look at. What an engine promises it may not keep (rootless podman
 * has ignored --pids-limit in silence), so the self-test is run inside before it is used.
 */
export async function detectContainer(parts: DriverParts): Promise<Detected> {
  const why: string[] = []
  for (const name of ['podman', 'docker']) {
    const engine = findTool(name)
    if (!engine) continue
    try {
      for (const image of Object.values(CONTAINER_IMAGES)) await run(engine, ['image', 'inspect', image], { timeout: 10_000 })
    } catch (error) {
      const line = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : ''
      why.push(`${name}: ${line.slice(0, 160)}`)
      continue
    }
    const profile = JSON.stringify(containerProfile(parts.arch))
    const hasInodeCap = name === 'docker'
    const place = { workDir: parts.workDir, seccompPath: join(parts.workDir, 'seccomp.json'), hasInodeCap }
    writeFileSync(place.seccompPath, profile, { mode: 0o644, flag: 'wx' })
    const driver = createContainerDriver(engine, place, [name, profile])
    const inodes = hasInodeCap ? 'inodes capped by the file system' : 'inodes not capped: podman has no option for it'
    return { driver, notes: [`containers by ${name}`, inodes, ...LIMIT_NOTES], binaries: [engine], hasInodeCap, isWatched: false }
  }
  return {
    driver: null,
    why: `container: ${why.join('; ') || 'neither podman nor docker is installed'}`,
    fix: installCommand('bubblewrap'),
  }
}

interface Place {
  readonly workDir: string
  readonly seccompPath: string
  readonly hasInodeCap: boolean
}

/** Creates the driver that runs containers by the program `engine`. `about` is what its policy hash depends on besides the arguments. */
export function createContainerDriver(engine: string, place: Place, about: readonly string[] = []): Driver {
  const nothing = { name: '', image: '', command: [], mark: '', seccompPath: '', hasInodeCap: place.hasInodeCap }
  const template = (['python', 'javascript'] as const).flatMap((language) =>
    containerArgs(planFor({ ...nothing, language }, DEFAULT_LIMITS, BASE_ENV)),
  )
  return {
    name: 'container',
    isolation: 'partial',
    template: [...about, ...template],
    launch: async (plan) => launchContainer(engine, place, plan),
    close: () => undefined,
  }
}

function planFor(
  {
    language,
    ...what
  }: Pick<ContainerPlan, 'name' | 'image' | 'command' | 'mark' | 'seccompPath' | 'hasInodeCap'> & Pick<LaunchPlan, 'language'>,
  limits: LaunchPlan['limits'],
  env: Readonly<Record<string, string>>,
): ContainerPlan {
  const bytes = { data: dataBytes(limits), addressSpace: language === 'python' ? addressSpaceBytes(limits) : null }
  return { ...what, bytes, limits, env, binds: [], cwd: '/scratch', hasChannel: false }
}

function launchContainer(engine: string, place: Place, plan: LaunchPlan): Launched {
  const name = `cc-${randomBytes(8).toString('hex')}`
  const mark = `started-${randomBytes(16).toString('hex')}`
  const texts = join(place.workDir, name)
  const release = (): void => rmSync(texts, { recursive: true, force: true })
  const binds = plan.mounts.map((mount, i) => {
    checkBoxPath(mount.boxPath)
    if (mount.kind === 'file') closeSync(openMountedFile(mount.hostPath))
    if (mount.kind !== 'text') return { hostPath: checkHostDirectory(mount.hostPath), boxPath: mount.boxPath }
    const hostPath = join(texts, `${i}-${basename(mount.boxPath)}`)
    mkdirSync(texts, { recursive: true, mode: 0o755 })
    writeFileSync(hostPath, mount.text, { mode: 0o644, flag: 'wx' })
    return { hostPath, boxPath: mount.boxPath }
  })
  const args = containerArgs({
    ...planFor(
      {
        name,
        mark,
        language: plan.language,
        image: CONTAINER_IMAGES[plan.language],
        command: [plan.language === 'python' ? 'python3' : 'node', ...plan.argv],
        seccompPath: place.seccompPath,
        hasInodeCap: place.hasInodeCap,
      },
      plan.limits,
      plan.env,
    ),
    binds,
    cwd: plan.cwd,
    hasChannel: plan.hasChannel,
  })
  // The engine's client finds its daemon through its environment; nothing of it reaches the container.
  let child: ChildProcess
  try {
    const stdio = [plan.hasStdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] as const
    child = spawnBare(engine, args, stdio, inheritedDescriptors(), {}, clientEnv())
  } catch (error) {
    release()
    throw error
  }
  const { stdout } = child
  if (!stdout || !child.stderr) throw new CodeConductorError('SANDBOX', 'the container engine was started without its pipes')
  const { rest: stderr, isSeen } = cutAtMark(child.stderr, mark)
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      const finish = (): void => resolve({ started: isSeen(), code })
      // What it said last is read a moment after its pipe is.
      if (stderr.closed) finish()
      else stderr.once('close', finish)
    })
  })
  return {
    stdin: child.stdin,
    stdout: plan.hasChannel ? stderr : stdout,
    stderr,
    channel: plan.hasChannel ? stdout : null,
    rootPid: () => null,
    kill: () => {
      execFile(engine, ['kill', '--signal', 'KILL', name], { timeout: 10_000 }, () => child.kill('SIGKILL'))
    },
    ended,
    scratchPath: () => null,
    countInodes: null,
    release,
  }
}

/** What an engine's client needs to find its daemon. */
function clientEnv(): Readonly<Record<string, string>> {
  const names = ['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'CONTAINER_HOST']
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? '']])))
}
