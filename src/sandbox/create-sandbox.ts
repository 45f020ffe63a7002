import { readFileSync, rmSync } from 'node:fs'
import { release } from 'node:os'
import type { RunLimits, RunSpec, Sandbox, SandboxCapabilities, SelfTest } from '../ports/sandbox.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import {
  explainMishap,
  type FoundLanguages,
  kernelNotes,
  languagesOf,
  memoryNote,
  noSandbox,
  sayWithoutPath,
} from './drivers/capability-notes.ts'
import { detectContainer } from './drivers/container-driver.ts'
import { type Detected, type DriverParts, detectBwrap } from './drivers/detect-bwrap.ts'
import { type GuardedDriver, guardDriver } from './drivers/guard-driver.ts'
import { type HostUser, isReachableBy, makePrivateDir, sandboxUser } from './drivers/host-user.ts'
import { findInterpreters, type Interpreters } from './drivers/interpreters.ts'
import { adviseFor, adviseForArch } from './drivers/other-platforms.ts'
import { createRefuseSandbox } from './drivers/refuse-sandbox.ts'
import { assembleFilter, type SeccompArch, seccompArch } from './drivers/seccomp.ts'
import { sweepDead } from './drivers/sweep-dead.ts'
import { detectUnshare } from './drivers/unshare-driver.ts'
import { createRunCgroups, findCgroupHome } from './limits/cgroup.ts'
import { createSlots, type Slots } from './limits/slots.ts'
import { DEFAULT_LIMITS, hashPolicy } from './policy.ts'
import { explainFailure, installCommand } from './self-test/explain-failure.ts'
import { attackDriver, countAttacks, interpreterBinaries, probeKey, recallProbe, rememberProbe } from './self-test/probe.ts'
import { runProgram } from './session/run-program.ts'
import { openSession } from './session/session.ts'

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
  /** What builds each driver; for tests. */
  readonly detectors?: Readonly<Record<DriverName, Detector>>
}

export type DriverName = 'bwrap' | 'unshare' | 'container'

type Detector = (parts: DriverParts) => Promise<Detected>

const DETECTORS: Readonly<Record<DriverName, Detector>> = {
  bwrap: detectBwrap,
  unshare: detectUnshare,
  container: detectContainer,
}

/**
 * Creates the sandbox of this machine. Nothing is started until it is first asked; then the drivers are tried in order and the
 * first one that holds off the self-test's attacks is used. When none does, every `run` and `open` throws `NO_SANDBOX`. A set-up that
 * broke off (a full disk, no descriptors left) is a refusal too, but not for good: whoever asks next has it tried anew.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  let chosen: Promise<Sandbox> | null = null
  let disposing: Promise<void> | null = null
  const choose = async (): Promise<Sandbox> => {
    if (chosen !== null) return chosen
    let hasMishap = false
    const choosing = chooseSandbox(options, () => {
      hasMishap = true
    })
    chosen = choosing
    const sandbox = await choosing
    // Disposing may have come in between; its refusal stays.
    if (hasMishap && chosen === choosing) chosen = null
    return sandbox
  }
  const disposeOnce = async (): Promise<void> => {
    const before = chosen
    // At once: who asks while a set-up comes to its end would otherwise start another, which nobody would dispose of.
    const nothing = { interpreters: null, hasParser: false }
    chosen = Promise.resolve(createRefuseSandbox(noSandbox(['the sandbox was disposed of'], nothing, null)))
    const sandbox = await before
    await sandbox?.dispose()
  }
  return {
    probe: async () => (await choose()).probe(),
    run: async (spec) => (await choose()).run(spec),
    open: async (candidate, session) => (await choose()).open(candidate, session),
    dispose: () => {
      disposing ??= disposeOnce()
      return disposing
    },
  }
}

/** What all drivers are tried with. */
interface Attempt {
  readonly options: SandboxOptions
  readonly user: HostUser
  readonly uid: number
  readonly arch: SeccompArch
  readonly found: FoundLanguages & { readonly interpreters: Interpreters }
  readonly slots: Slots
  readonly cgroupHome: string | null
}

/** What became of one driver: what to run with, or why it is not used and what would help. `why` is to be told either way. */
type Tried =
  | { readonly parts: DriverSandboxParts; readonly capabilities: Omit<SandboxCapabilities, 'fix'> }
  | { readonly parts: null; readonly why: readonly string[]; readonly fix: string | null; readonly selfTest?: SelfTest }

/** Never throws: what breaks off is told to `onMishap`, and is a refusal unless another driver holds. */
async function chooseSandbox(options: SandboxOptions, onMishap: () => void): Promise<Sandbox> {
  const nothing = { interpreters: null, hasParser: options.parser !== undefined }
  const arch = seccompArch(process.arch)
  if (process.platform !== 'linux') {
    const { why, fix } = adviseFor(process.platform)
    return createRefuseSandbox(noSandbox([why], nothing, fix))
  }
  if (arch === null) {
    const { why, fix } = adviseForArch(process.arch)
    return createRefuseSandbox(noSandbox([why], nothing, fix))
  }
  const uid = process.getuid?.() ?? 0
  const user = sandboxUser(uid)
  const interpreters = findInterpreters({
    execPath: process.execPath,
    path: process.env['PATH'] ?? '',
    isReachable: (path) => isReachableBy(user, path),
  })
  const found = { ...nothing, interpreters }
  const cgroupHome = findCgroupHome('/sys/fs/cgroup', readSelfCgroup())
  const attempt: Attempt = { options, user, uid, arch, found, slots: createSlots(), cgroupHome }
  const why: string[] = user.isDropped ? ['started by root: sandboxes run as uid 65534'] : []
  let fix: string | null = null
  let selfTest: SelfTest | null = null
  why.push(...kernelNotes(release()))
  sweepDead(options.tmpDir, user)
  for (const name of options.drivers ?? (Object.keys(DETECTORS) as DriverName[])) {
    const place = makePlace(options.tmpDir, user)
    if ('why' in place) {
      onMishap()
      return createRefuseSandbox(noSandbox([...why, place.why], found, place.fix))
    }
    const tried = await tryDriver(attempt, name, place).catch((error: unknown): Tried => {
      onMishap()
      const { why: broke, fix: helps } = explainMishap(name, error, options.tmpDir)
      return { parts: null, why: [broke], fix: helps }
    })
    if (tried.parts !== null) {
      // What a better driver needs, where one was tried first.
      return createDriverSandbox(tried.parts, { ...tried.capabilities, why: [...why, ...tried.capabilities.why], fix })
    }
    place.forget()
    why.push(...tried.why)
    fix ??= tried.fix
    selfTest = tried.selfTest ?? selfTest
  }
  const refused = noSandbox(why, found, fix ?? installCommand('bubblewrap'))
  return createRefuseSandbox(selfTest === null ? refused : { ...refused, selfTest })
}

/** A private directory, and how to remove it. */
interface Place {
  readonly workDir: string
  forget(): void
}

function makePlace(tmpDir: string, user: HostUser): Place | { readonly why: string; readonly fix: string } {
  let workDir: string
  try {
    workDir = makePrivateDir(tmpDir, user)
  } catch (error) {
    const why = `no working directory can be made in the temporary directory: ${sayWithoutPath(error)}`
    return { why, fix: tmpDir.startsWith('/var/tmp') ? 'export TMPDIR=/tmp' : 'export TMPDIR=/var/tmp' }
  }
  const forget = (): void => {
    process.off('exit', forget)
    rmSync(workDir, { recursive: true, force: true })
  }
  // A program that exits without disposing leaves no directory behind either; its sandboxes die with it. One that is killed does, and
  // so does one whose terminal is closed, until the next one sweeps.
  process.once('exit', forget)
  if (!user.isDropped || isReachableBy(user, tmpDir)) return { workDir, forget }
  forget()
  return { why: 'uid 65534 cannot reach the temporary directory', fix: 'export TMPDIR=/tmp' }
}

/** Builds driver `name` and attacks it, unless it is known to have held since. */
async function tryDriver(attempt: Attempt, name: DriverName, { workDir, forget }: Place): Promise<Tried> {
  const { options, user, uid, arch, found, slots, cgroupHome } = attempt
  const { interpreters } = found
  const groups = cgroupHome === null ? null : createRunCgroups(cgroupHome)
  const detected = await (options.detectors ?? DETECTORS)[name]({ user, interpreters, arch, workDir, groups })
  if (detected.driver === null) return { parts: null, why: [detected.why], fix: detected.fix }
  const driver = guardDriver(detected.driver)
  try {
    const hashFor = (limits: RunLimits): string =>
      hashPolicy({ driver: name, argv: driver.template, filter: assembleFilter(arch), limits })
    const policyHash = hashFor(DEFAULT_LIMITS)
    const key = probeKey([...detected.binaries, ...interpreterBinaries(interpreters)], policyHash, uid)
    const recalled = recallProbe(options.cacheDir, key)
    const tested =
      recalled ??
      (await attackDriver((spec) => runProgram({ driver, hashFor, slots }, spec), {
        workDir,
        hasJavaScript: interpreters.javascript !== null,
        hasPython: interpreters.python !== null,
        hasInodeCap: detected.hasInodeCap,
      }))
    const selfTest = countAttacks(tested)
    if (tested.failures.length > 0) {
      await driver.dispose()
      const why = tested.failures.map((failure) => `${name}: ${failure}`)
      return { parts: null, why, fix: explainFailure(tested.failures), selfTest }
    }
    if (recalled === null) rememberProbe(options.cacheDir, key, tested)
    // A remembered self-test started nothing, so nothing was moved into a group yet.
    if (groups?.held() === null) await runProgram({ driver, hashFor, slots }, trivialProgram(interpreters))
    options.logger?.debug({ driver: name, policyHash }, 'sandbox ready')
    const held = `${name}: held off ${selfTest.attacks} attacks of the self-test`
    return {
      parts: { driver, hashFor, slots, forget, parser: options.parser ?? null },
      capabilities: {
        ...{ driver: name, isolation: driver.isolation, policyHash, selfTest },
        why: [held, ...detected.notes, ...(detected.isWatched ? [memoryNote(groups)] : [])],
        languages: languagesOf(found, true),
      },
    }
  } catch (error) {
    await driver.dispose()
    throw error
  }
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
