import type { Call, CallOutcome } from '../domain/value.ts'

/**
 * Runs code nobody trusts. The contract, each number proved in `tests/contracts/sandbox.contract.ts` (1 in `sandboxes.test.ts`, for it needs no driver):
 *
 * 1. Fail closed. Without proven isolation nothing runs: `run` and `open` throw `NO_SANDBOX`, whose hint is one command.
 * 2. A sandbox reports how a program ended and what came out. It knows no expected value and holds no verdict.
 * 3. No host file but the interpreter and what the caller named is visible; what is visible is read-only, but for capped
 *    scratch space that starts empty and dies with the run.
 * 4. The environment inside is an allow-list; nothing of the host's environment, descriptors or process table crosses.
 * 5. No socket leads out, not to loopback, not to a unix or abstract socket, not to a virtual-machine socket.
 * 6. CPU, wall time, memory in total, processes, files, inodes and output are bounded; crossing a bound is an `end`, not an error. A
 *    `partial` driver says in `why` which bounds it holds otherwise, and which ends it cannot tell.
 * 7. When `run` resolves or `close` resolves, no process of the program is left, detached ones included.
 * 8. `call` sends one call under an unguessable id and takes exactly one line back. Any deviation (a second line, a wrong id,
 *    no JSON, too long, an early exit) ends the session: that call and all later ones are `not-run`.
 * 9. Calls are answered in the order asked; a call that exceeds its limit is `timeout` and later calls still run, until
 *    `stopAfterTimeouts` time-outs, from where on calls are `not-run`. One that ran out of wall time while it waited for a core, and
 *    whose processes together used less than the call's CPU time, is tried once more, alone; then it is `not-run`
 *    with a reason that begins with `inconclusive-load`, and counts as a time-out for that bound only.
 * 10. A candidate's own exception is `raised`; a call that ends its process or crosses a bound of the session is `raised` too, never a
 *     value; where all calls share that process (JavaScript), later calls are `not-run`.
 * 11. `close` and `dispose` may be called twice, at any time, and end what is still running.
 */
export interface Sandbox {
  /**
   * What this machine can hold, measured by attacking it. Never throws; cached per boot, binary and policy, but for a set-up that broke
   * off (a full disk), which is tried anew when next asked.
   */
  probe(): Promise<SandboxCapabilities>
  /**
   * Runs one program to its end. Throws `NO_SANDBOX` (no isolation), `POLICY_REFUSED` (a spec outside the policy) or `SANDBOX` (the
   * system started no process; retryable where that passes).
   */
  run(spec: RunSpec): Promise<RunResult>
  /** Opens a warm process for one candidate. The candidate's code runs first in `load`. Throws as `run` does. */
  open(candidate: CandidateProgram, options?: SessionOptions): Promise<CandidateSession>
  /** Ends every run and session and removes what the sandbox wrote. */
  dispose(): Promise<void>
}

export type Isolation = 'full' | 'partial' | 'none'

export interface SandboxCapabilities {
  /** The driver that holds, or `none`. */
  readonly driver: string
  readonly isolation: Isolation
  /**
   * Hash of argv template, filter and default limits, as sessions have them; a run with limits of its own has a hash of its own in its
   * result. Results under different hashes are not compared.
   */
  readonly policyHash: string
  /** One line per fact found: what was tried, what failed, which limits are hard and which are watched. */
  readonly why: readonly string[]
  /** One command that would fix or improve it; null when nothing is missing. */
  readonly fix: string | null
  /**
   * What the self-test measured on the driver in use, or on the last one tried where none holds: attacks made, and how many of
   * them were not held off. Absent where no driver came so far.
   */
  readonly selfTest?: SelfTest
  /** Languages that can run here, with the interpreter, and those that cannot, with the reason: none can where nothing isolates. */
  readonly languages: Readonly<Record<CandidateLanguage, { readonly available: boolean; readonly note: string }>>
}

export interface SelfTest {
  readonly attacks: number
  readonly escaped: number
}

export type CandidateLanguage = 'python' | 'javascript' | 'typescript'

/** Bounds of one program. Bytes, milliseconds, counts; memory is the resident sum over all its processes. */
export interface RunLimits {
  readonly cpuMs: number
  readonly wallMs: number
  readonly memoryBytes: number
  readonly processes: number
  readonly openFiles: number
  readonly fileBytes: number
  readonly scratchBytes: number
  readonly inodes: number
  /** Kept per stream; twice this in total ends the run. */
  readonly outputBytes: number
}

/**
 * A read-only file or directory inside, always below `/box`. A directory must be a staged copy, or a `node_modules` folder at
 * `/box/node_modules`; any other is `POLICY_REFUSED`.
 */
export type Mount =
  | { readonly kind: 'file'; readonly hostPath: string; readonly boxPath: string }
  | { readonly kind: 'text'; readonly text: string; readonly boxPath: string }
  | { readonly kind: 'directory'; readonly hostPath: string; readonly boxPath: string }

export interface RunSpec {
  readonly language: 'python' | 'javascript'
  /** Arguments after the interpreter. */
  readonly argv: readonly string[]
  readonly mounts?: readonly Mount[]
  readonly stdin?: Uint8Array
  readonly limits?: Partial<RunLimits>
  /** Extra variables; names outside the policy (loader, interpreter and proxy variables) are refused. */
  readonly env?: Readonly<Record<string, string>>
  /** Where the program starts; default `/scratch`. */
  readonly cwd?: string
  /** Returns regular files left in `/scratch`, through the collector that follows no link. */
  readonly collect?: CollectLimits
  readonly signal?: AbortSignal
}

export interface CollectLimits {
  readonly maxFiles: number
  readonly maxBytes: number
}

export interface CollectedFile {
  /** Relative path, printable ASCII, `/` between parts. */
  readonly path: string
  readonly content: Uint8Array
}

/** What a stream held: the first `outputBytes` of it, decoded with replacement, and how much there was. */
export interface CapturedText {
  readonly text: string
  readonly totalBytes: number
  readonly truncated: boolean
}

/**
 * `inconclusive-load` is an end by wall time, alone on a machine too busy to let the program run: it says nothing about the program. So
 * does `cancelled`, an end by the caller's signal or by `dispose`.
 */
export type RunEnd =
  | 'inconclusive-load'
  | 'exit'
  | 'signal'
  | 'cpu'
  | 'wall'
  | 'memory'
  | 'output'
  | 'inodes'
  | 'cancelled'
  | 'sandbox-error'

export interface RunResult {
  readonly end: RunEnd
  /** Exit code when `end` is `exit`. */
  readonly code: number | null
  /** Signal number when `end` is `signal`. */
  readonly signal: number | null
  /** Sampled, so a lower bound. */
  readonly cpuMs: number
  readonly wallMs: number
  readonly peakRssBytes: number
  readonly stdout: CapturedText
  readonly stderr: CapturedText
  readonly files: readonly CollectedFile[]
  /** What the collector left behind and why. */
  readonly refusedFiles: readonly string[]
  readonly driver: string
  readonly policyHash: string
}

export interface CandidateProgram {
  readonly language: CandidateLanguage
  readonly code: string
  /** The function the task asks for; `load` fails when it is not there or not callable. */
  readonly entryPoint: string
  /** Seeds the candidate's own random generator, where the language has one. */
  readonly seed: number
}

export interface SessionOptions {
  readonly limits?: Partial<RunLimits>
  readonly load?: CallLimits
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface CallLimits {
  readonly cpuMs: number
  readonly wallMs: number
}

/** How loading a candidate ended. Only `loaded` allows calls. */
export type LoadOutcome =
  | { readonly kind: 'loaded'; readonly names: readonly string[] }
  | { readonly kind: 'failed'; readonly error: string; readonly message: string }
  | { readonly kind: 'no-entry-point'; readonly names: readonly string[] }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'not-run'; readonly reason: string }

/** Decides what is kept of one candidate's answers, so that no program can fill the log or the memory of this process. */
export interface AnswerKeeper {
  /** Returns what to keep of an outcome: itself, its digest, or `not-run` once the candidate has used up its bytes. */
  keep(outcome: CallOutcome): CallOutcome
  /** Why no more answers are taken; null while there is room. */
  full(): string | null
}

export interface CandidateSession {
  /** Runs the candidate's top level, once; a second call returns the first outcome. */
  load(): Promise<LoadOutcome>
  /** One call; default limits 100 ms CPU and 1000 ms wall. */
  call(call: Call, limits?: Partial<CallLimits>): Promise<CallOutcome>
  /** Many calls, in order, one outcome each. Of each nothing but what `keeper` keeps outlives its call, and once that is full the rest is `not-run`. */
  calls(
    calls: readonly Call[],
    limits?: Partial<CallLimits> & { readonly stopAfterTimeouts?: number; readonly keeper?: AnswerKeeper },
  ): Promise<readonly CallOutcome[]>
  close(): Promise<void>
}
