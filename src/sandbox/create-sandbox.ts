import { readFileSync, rmSync } from 'node:fs'
import { release } from 'node:os'
import type { CandidateLanguage, RunLimits, RunSpec, Sandbox, SandboxCapabilities, SelfTest } from '../ports/sandbox.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import { createRunCgroups, findCgroupHome, type RunCgroups } from './cgroup.ts'
import { detectContainer } from './container-driver.ts'
import { type Detected, type DriverParts, detectBwrap } from './detect-bwrap.ts'
import { explainFailure, installCommand } from './explain-failure.ts'
import { type GuardedDriver, guardDriver } from './guard-driver.ts'
import { isReachableBy, makePrivateDir, sandboxUser } from './host-user.ts'
import { findInterpreters, type Interpreters } from './interpreters.ts'
import { adviseFor, adviseForArch } from './other-platforms.ts'
import { DEFAULT_LIMITS, hashPolicy } from './policy.ts'
import { attackDriver, countAttacks, interpreterBinaries, probeKey, recallProbe, rememberProbe } from './probe.ts'
import { createRefuseSandbox } from './refuse-sandbox.ts'
import { runProgram } from './run-program.ts'
import { assembleFilter, seccompArch } from './seccomp.ts'
import { openSession } from './session.ts'
import { createSlots, type Slots } from './slots.ts'
import { detectUnshare } from './unshare-driver.ts'

export interface SandboxOptions {
  /** Where the self-test's result is kept between starts. */
  readonly cacheDir: string
  /** Where private working directories are made; its path can be seen inside when a directory is mounted. */
  readonly tmpDir: string
  readonly logger?: { debug(facts: object, message: string): void }
  /** Erases the types of TypeScript candidates; without it those are `not-run`. */
  readonly parser?: SyntaxParser
  /** Drivers to try, in order; for tests and `doctor`. */
  readonly drivers?: readonly DriverName[]
}

export type DriverName = 'bwrap' | 'unshare' | 'container'

const DETECTORS: Readonly<Record<DriverName, (parts: DriverParts) => Promise<Detected>>> = {
  bwrap: detectBwrap,
  unshare: detectUnshare,
  container: detectContainer,
}

/**
 * Creates the sandbox of this machine. Nothing is started until it is first asked; then the drivers are tried in order and the
 * first one that holds off the self-test's attacks is used. When none does, every `run` and `open` throws `NO_SANDBOX`.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  let chosen: Promise<Sandbox> | null = null
  const choose = (): Promise<Sandbox> => {
    chosen ??= chooseSandbox(options)
    return chosen
  }
  return {
    probe: async () => (await choose()).probe(),
    run: async (spec) => (await choose()).run(spec),
    open: async (candidate, session) => (await choose()).open(candidate, session),
    dispose: async () => {
      const sandbox = await chosen
      chosen = Promise.resolve(createRefuseSandbox(noSandbox(['the sandbox was disposed of'], null, null)))
      await sandbox?.dispose()
    },
  }
}

async function chooseSandbox(options: SandboxOptions): Promise<Sandbox> {
  const arch = seccompArch(process.arch)
  if (process.platform !== 'linux') {
    const { why, fix } = adviseFor(process.platform)
    return createRefuseSandbox(noSandbox([why], null, fix))
  }
  if (arch === null) {
    const { why, fix } = adviseForArch(process.arch)
    return createRefuseSandbox(noSandbox([why], null, fix))
  }
  const uid = process.getuid?.() ?? 0
  const user = sandboxUser(uid)
  const why: string[] = user.isDropped ? ['started by root: sandboxes run as uid 65534'] : []
  let fix: string | null = null
  let selfTest: SelfTest | null = null
  let interpreters: Interpreters | null = null
  const slots = createSlots()
  const cgroupHome = findCgroupHome('/sys/fs/cgroup', readSelfCgroup())
  why.push(...kernelNotes(release()))
  for (const name of options.drivers ?? (Object.keys(DETECTORS) as DriverName[])) {
    let workDir: string
    try {
      workDir = makePrivateDir(options.tmpDir, user)
    } catch {
      return createRefuseSandbox(
        noSandbox(
          [...why, 'no working directory can be made in the temporary directory'],
          interpreters,
          'export TMPDIR=/var/tmp',
        ),
      )
    }
    const forget = (): void => {
      process.off('exit', forget)
      rmSync(workDir, { recursive: true, force: true })
    }
    // A program that exits without disposing leaves no directory behind either; its sandboxes die with it.
    process.once('exit', forget)
    if (user.isDropped && !isReachableBy(user, options.tmpDir)) {
      forget()
      return createRefuseSandbox(
        noSandbox([...why, 'uid 65534 cannot reach the temporary directory'], interpreters, 'export TMPDIR=/tmp'),
      )
    }
    interpreters = findInterpreters({
      execPath: process.execPath,
      path: process.env['PATH'] ?? '',
      isReachable: (path) => isReachableBy(user, path),
    })
    const groups = cgroupHome === null ? null : createRunCgroups(cgroupHome)
    const detected = await DETECTORS[name]({ user, interpreters, arch, workDir, groups })
    if (detected.driver === null) {
      why.push(detected.why)
      fix ??= detected.fix
      forget()
      continue
    }
    const driver = guardDriver(detected.driver)
    const hashFor = (limits: RunLimits): string =>
      hashPolicy({ driver: name, argv: driver.template, filter: assembleFilter(arch), limits })
    const policyHash = hashFor(DEFAULT_LIMITS)
    const key = probeKey([...detected.binaries, ...interpreterBinaries(interpreters)], policyHash, uid)
    const tested =
      recallProbe(options.cacheDir, key) ??
      (await attackDriver((spec) => runProgram({ driver, hashFor, slots }, spec), {
        workDir,
        hasJavaScript: interpreters.javascript !== null,
        hasPython: interpreters.python !== null,
        hasInodeCap: detected.hasInodeCap,
      }))
    selfTest = countAttacks(tested)
    if (tested.failures.length > 0) {
      why.push(...tested.failures.map((failure) => `${name}: ${failure}`))
      fix ??= explainFailure(tested.failures)
      await driver.dispose()
      forget()
      continue
    }
    rememberProbe(options.cacheDir, key, tested)
    // A remembered self-test started nothing, so nothing was moved into a group yet.
    if (groups?.held() === null) await runProgram({ driver, hashFor, slots }, trivialProgram(interpreters))
    options.logger?.debug({ driver: name, policyHash }, 'sandbox ready')
    return createDriverSandbox(
      { driver, hashFor, slots, forget, parser: options.parser ?? null },
      {
        driver: name,
        isolation: driver.isolation,
        policyHash,
        why: [...why, `${name}: held off ${selfTest.attacks} attacks of the self-test`, ...detected.notes, memoryNote(groups)],
        // What a better driver needs, where one was tried first.
        fix,
        selfTest,
        languages: languagesOf(interpreters, options.parser !== undefined),
      },
    )
  }
  const refused = noSandbox(why, interpreters, fix ?? installCommand('bubblewrap'))
  return createRefuseSandbox(selfTest === null ? refused : { ...refused, selfTest })
}

interface DriverSandboxParts {
  readonly driver: GuardedDriver
  readonly hashFor: (limits: RunLimits) => string
  readonly slots: Slots
  readonly forget: () => void
  readonly parser: SyntaxParser | null
}

function createDriverSandbox(parts: DriverSandboxParts, capabilities: SandboxCapabilities): Sandbox {
  return {
    probe: async () => capabilities,
    run: (spec) => runProgram(parts, spec),
    open: async (candidate, options = {}) => openSession(parts, candidate, options),
    dispose: async () => {
      await parts.driver.dispose()
      parts.forget()
    },
  }
}

function noSandbox(why: readonly string[], interpreters: Interpreters | null, fix: string | null): SandboxCapabilities {
  return { driver: 'none', isolation: 'none', policyHash: '', why, fix, languages: languagesOf(interpreters) }
}

function languagesOf(interpreters: Interpreters | null, hasParser = false): SandboxCapabilities['languages'] {
  const note = (found: { command: string } | null | undefined): { available: boolean; note: string } =>
    found ? { available: true, note: found.command } : { available: false, note: 'no interpreter found' }
  const javascript = note(interpreters?.javascript)
  const typescript = hasParser ? javascript : { available: false, note: 'no parser to erase types with' }
  return { python: note(interpreters?.python), javascript, typescript } satisfies Record<CandidateLanguage, unknown>
}

/** Returns how the total of a run's memory is held. A cgroup counts only when runs were seen to be in theirs. */
export function memoryNote(groups: Pick<RunCgroups, 'held'> | null): string {
  const watchdog = 'a watchdog every 50 ms'
  const without =
    groups === null ? 'no cgroup v2 to use' : 'there is a cgroup v2, but runs could not be put into groups of their own'
  const total = groups?.held() === true ? `cgroup and ${watchdog}` : `${watchdog} (${without})`
  return `memory: per process 512 MiB (rlimit), in total by ${total}`
}

/** Returns what this kernel does not hold; nothing for one from 5.14 on, which counts the processes of each user namespace by itself. */
export function kernelNotes(kernel: string): readonly string[] {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number)
  if (major > 5 || (major === 5 && minor >= 14)) return []
  return [
    `kernel ${major}.${minor} is older than 5.14: the process limit counts all processes of the user, not those of one sandbox`,
  ]
}

function trivialProgram(interpreters: Interpreters): RunSpec {
  return interpreters.python ? { language: 'python', argv: ['-S', '-c', ''] } : { language: 'javascript', argv: ['-e', '0'] }
}

function readSelfCgroup(): string {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8')
  } catch {
    return ''
  }
}
