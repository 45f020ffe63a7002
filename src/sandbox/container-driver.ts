import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { CodeConductorError } from '../domain/errors.ts'
import { type ContainerPlan, containerArgs } from './container-argv.ts'
import { containerProfile } from './container-seccomp.ts'
import { type Detected, type DriverParts, findTool } from './detect-bwrap.ts'
import { installCommand } from './explain-failure.ts'
import {
  type Driver,
  type Ended,
  inheritedDescriptors,
  type Launched,
  type LaunchPlan,
  openMountedFile,
  spawnBare,
} from './launch.ts'
import { BASE_ENV, checkBoxPath, checkHostDirectory, DEFAULT_LIMITS } from './policy.ts'

const run = promisify(execFile)

/** Images that are used when they are there already; nothing is ever pulled. */
const CONTAINER_IMAGES = { python: 'python:3-slim', javascript: 'node:22-slim' } as const
/** Exit codes by which docker and podman say that the container never started. */
const ENGINE_FAILED = new Set([125, 126, 127])

/**
 * Builds the driver for docker or podman, whichever answers. Weaker than the others, hence partial: bind sources show in mountinfo,
 * the engine's daemon is trusted, and CPU time is bounded per process only. What an engine promises it may not keep (rootless podman
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
    const nothing = { name: '', image: '', command: [], seccompPath: '', hasInodeCap }
    const template = containerArgs(planFor(nothing, DEFAULT_LIMITS, BASE_ENV))
    const driver: Driver = {
      name: 'container',
      isolation: 'partial',
      template: [name, ...template, profile],
      launch: async (plan) => launchContainer(engine, place, plan),
      close: () => undefined,
    }
    const inodes = hasInodeCap ? 'inodes capped by the file system' : 'inodes not capped: podman has no option for it'
    return { driver, notes: [`containers by ${name}`, inodes], binaries: [engine], hasInodeCap }
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

function planFor(
  what: Pick<ContainerPlan, 'name' | 'image' | 'command' | 'seccompPath' | 'hasInodeCap'>,
  limits: LaunchPlan['limits'],
  env: Readonly<Record<string, string>>,
): ContainerPlan {
  return { ...what, limits, env, binds: [], cwd: '/scratch', hasChannel: false }
}

function launchContainer(engine: string, place: Place, plan: LaunchPlan): Launched {
  const name = `cc-${randomBytes(8).toString('hex')}`
  const texts = join(place.workDir, name)
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
  const child = spawnBare(
    engine,
    args,
    [plan.hasStdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    inheritedDescriptors(),
    {},
    clientEnv(),
  )
  const ended = new Promise<Ended>((resolve) => {
    child.on('error', () => resolve({ started: false, code: null }))
    child.on('close', (code) => resolve({ started: code !== null && !ENGINE_FAILED.has(code), code }))
  })
  const stdout = child.stdout
  const stderr = child.stderr
  if (!stdout || !stderr) throw new CodeConductorError('SANDBOX', 'the container engine was started without its pipes')
  return {
    stdin: child.stdin,
    stdout: plan.hasChannel ? (stderr as Readable) : stdout,
    stderr,
    channel: plan.hasChannel ? stdout : null,
    rootPid: () => null,
    kill: () => {
      execFile(engine, ['kill', '--signal', 'KILL', name], { timeout: 10_000 }, () => child.kill('SIGKILL'))
    },
    ended,
    scratchPath: () => null,
    countInodes: null,
    release: () => rmSync(texts, { recursive: true, force: true }),
  }
}

/** What an engine's client needs to find its daemon. */
function clientEnv(): Readonly<Record<string, string>> {
  const names = ['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'CONTAINER_HOST']
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? '']])))
}
