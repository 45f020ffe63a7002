import { createHash } from 'node:crypto'
import { CodeConductorError } from '../domain/errors.ts'
import type { CallLimits, RunLimits } from '../ports/sandbox.ts'

/** Bumped when what a sandbox holds changes without its argv, filter or limits changing. */
const POLICY_VERSION = 2

const MIB = 1024 * 1024

/** What one program may use when the caller says nothing. CPU judges; wall time only proves liveness. */
export const DEFAULT_LIMITS: RunLimits = {
  cpuMs: 5_000,
  wallMs: 17_000,
  memoryBytes: 1024 * MIB,
  processes: 64,
  openFiles: 256,
  fileBytes: 32 * MIB,
  scratchBytes: 144 * MIB,
  inodes: 4096,
  outputBytes: 256 * 1024,
}

/** One call of a candidate. */
export const DEFAULT_CALL_LIMITS: CallLimits = { cpuMs: 100, wallMs: 1_000 }
/** The candidate's top level: imports included. */
export const DEFAULT_LOAD_LIMITS: CallLimits = { cpuMs: 2_000, wallMs: 8_000 }

/** Returns `limits` over the defaults. Without a wall limit of its own a run gets three times its CPU time and two seconds. */
export function completeLimits(limits: Partial<RunLimits> = {}): RunLimits {
  const cpuMs = limits.cpuMs ?? DEFAULT_LIMITS.cpuMs
  return { ...DEFAULT_LIMITS, wallMs: Math.max(10_000, 3 * cpuMs + 2_000), ...limits, cpuMs }
}

/** How much memory of its own one process may have, in bytes. */
export function dataBytes(limits: RunLimits): number {
  return Math.min(512 * MIB, limits.memoryBytes)
}

/** How much address space one Python process may have, in bytes. */
export function addressSpaceBytes(limits: RunLimits): number {
  return 2 * limits.memoryBytes
}

/**
 * `prlimit` arguments for `limits`. They are set inside, where processes are counted per sandbox. The core limit is 1, not 0:
 * a piped core pattern ignores 0. Address space is bounded for Python only: Node reserves far more than it uses.
 */
export function rlimitArgs(language: 'python' | 'javascript', limits: RunLimits): readonly string[] {
  const cpuSeconds = Math.max(1, Math.ceil(limits.cpuMs / 1000))
  return [
    `--nproc=${limits.processes}`,
    `--nofile=${limits.openFiles}`,
    `--fsize=${limits.fileBytes}`,
    `--cpu=${cpuSeconds}:${cpuSeconds + 1}`,
    '--core=1',
    `--stack=${16 * MIB}`,
    '--memlock=0',
    '--msgqueue=0',
    '--sigpending=128',
    `--data=${dataBytes(limits)}`,
    ...(language === 'python' ? [`--as=${addressSpaceBytes(limits)}`] : []),
  ]
}

/** The whole environment inside, but for extras of the caller, which `completeEnv` checks. */
export const BASE_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/tmp/home',
  TMPDIR: '/tmp',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  PYTHONHASHSEED: '0',
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONNOUSERSITE: '1',
  PYTHONUTF8: '1',
  NO_COLOR: '1',
  TERM: 'dumb',
  CI: '1',
  SOURCE_DATE_EPOCH: '0',
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  UV_THREADPOOL_SIZE: '2',
}

const ENV_NAME = /^[A-Z][A-Z0-9_]{0,63}$/
const STEERING =
  /^(LD_|DYLD_|NODE_|PYTHON|BASH_|GCONV_|GLIBC_|MALLOC_|PERL|RUBY|NPM_|GIT_|SSH_)|_PROXY$|^(PATH|HOME|IFS|ENV|SHELL)$/

/** Returns the environment inside. Throws `POLICY_REFUSED` for a name that steers a loader or interpreter, or a value with NUL. */
export function completeEnv(extra: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(extra)) {
    if (!ENV_NAME.test(name) || STEERING.test(name) || value.includes('\0')) {
      throw new CodeConductorError(
        'POLICY_REFUSED',
        `the sandbox does not take the variable ${JSON.stringify(name.slice(0, 64))}`,
        {
          hint: 'pass the value as an argument or in a file below /box',
        },
      )
    }
  }
  return { ...BASE_ENV, ...extra }
}

/** Returns `path` when it is a plain path below `/box`. Throws `POLICY_REFUSED` otherwise. */
export function checkBoxPath(path: string): string {
  const parts = path.split('/')
  const isPlain = /^\/box(\/[A-Za-z0-9._@+-]{1,255})+$/.test(path) && !parts.includes('..') && !parts.includes('.')
  if (isPlain) return path
  throw new CodeConductorError('POLICY_REFUSED', `a mount must lie below /box, got ${JSON.stringify(path.slice(0, 120))}`, {
    hint: 'use a path like /box/project',
  })
}

/** Returns `path` when a program may start there: scratch space or what was mounted. Throws `POLICY_REFUSED` otherwise. */
export function checkCwd(path: string): string {
  return path === '/scratch' || path === '/tmp' || path === '/box' ? path : checkBoxPath(path)
}

/** Returns the host directory of a mount when it is absolute and printable. Throws `POLICY_REFUSED` otherwise: it becomes an argument. */
export function checkHostDirectory(path: string): string {
  if (/^\/[^\0\n,]*$/.test(path)) return path
  throw new CodeConductorError('POLICY_REFUSED', 'a mounted directory needs an absolute path without comma, line end or NUL')
}

/**
 * Returns the hash results are filed under: driver, argv template, filter bytes, the limits of this run with what is set from them, those
 * of a call, and version. 16 hex digits.
 */
export function hashPolicy(parts: { driver: string; argv: readonly string[]; filter: Uint8Array; limits: RunLimits }): string {
  const hash = createHash('sha256')
  const bounds = [
    Object.entries(parts.limits).sort(([a], [b]) => (a < b ? -1 : 1)),
    rlimitArgs('python', parts.limits),
    rlimitArgs('javascript', parts.limits),
    [DEFAULT_CALL_LIMITS, DEFAULT_LOAD_LIMITS],
  ]
  hash.update(JSON.stringify([POLICY_VERSION, parts.driver, parts.argv, bounds, BASE_ENV]))
  hash.update(parts.filter)
  return hash.digest('hex').slice(0, 16)
}
