import type { CollectedFile, RunEnd, RunLimits, RunResult, RunSpec } from '../../ports/sandbox.ts'
import { checkMounts } from '../drivers/check-mounts.ts'
import type { Driver, Ended, Launched, LaunchPlan } from '../drivers/launch.ts'
import { captureStream, NOTHING_CAPTURED } from '../limits/capture.ts'
import type { TreeUsage } from '../limits/process-tree.ts'
import type { Slots } from '../limits/slots.ts'
import { isStarved } from '../limits/starvation.ts'
import { watch } from '../limits/watchdog.ts'
import { checkCwd, completeEnv, completeLimits } from '../policy.ts'
import { collect } from './collect.ts'

const SIGXCPU = 24
const SIGKILL = 9

/** What runs are made with. */
export interface RunParts {
  readonly driver: Driver
  readonly hashFor: (limits: RunLimits) => string
  readonly slots: Slots
  /** For tests. */
  readonly readUsage?: (rootPid: number, isThorough: boolean) => TreeUsage
}

/**
 * Runs one program to its end. One that used up its wall time because the machine did not let it run is run once more, alone; if
 * that shows nothing either the end is `inconclusive-load`, which is not the program's.
 */
export async function runProgram(parts: RunParts, spec: RunSpec): Promise<RunResult> {
  const first = await runOnce(parts, spec, false)
  if (!first.isStarved) return first.result
  const second = await runOnce(parts, spec, true)
  return second.isStarved ? { ...second.result, end: 'inconclusive-load' } : second.result
}

interface Ran {
  readonly result: RunResult
  readonly isStarved: boolean
}

async function runOnce(parts: RunParts, spec: RunSpec, alone: boolean): Promise<Ran> {
  const limits = completeLimits(spec.limits)
  const plan: LaunchPlan = {
    language: spec.language,
    argv: spec.argv,
    mounts: checkMounts(spec.mounts ?? []),
    env: completeEnv(spec.env),
    cwd: checkCwd(spec.cwd ?? '/scratch'),
    limits,
    hasStdin: spec.stdin !== undefined,
    // Frames are how a session answers; a run answers by how it ends and what it prints.
    hasChannel: false,
  }
  const leave = await parts.slots.take({ alone, signal: spec.signal })
  if (leave === null) return { result: neverStarted(parts, limits), isStarved: false }
  try {
    return await follow(parts, spec, limits, await parts.driver.launch(plan))
  } finally {
    leave()
  }
}

function neverStarted({ driver, hashFor }: RunParts, limits: RunLimits): RunResult {
  return {
    ...{ end: 'cancelled', code: null, signal: null, cpuMs: 0, wallMs: 0, peakRssBytes: 0 },
    ...{ stdout: NOTHING_CAPTURED, stderr: NOTHING_CAPTURED, files: [], refusedFiles: [] },
    ...{ driver: driver.name, policyHash: hashFor(limits) },
  }
}

async function follow(
  { driver, hashFor, readUsage }: RunParts,
  spec: RunSpec,
  limits: RunLimits,
  launched: Launched,
): Promise<Ran> {
  const startedAt = performance.now()
  let forced: RunEnd | null = null
  const over = (end: RunEnd): void => {
    forced ??= end
    launched.kill()
    // What is still in the pipes would otherwise be read to its end, after the cap.
    for (const stream of [launched.stdout, launched.stderr]) stream.destroy()
  }
  let outputBytes = 0
  const count = (bytes: number): void => {
    outputBytes += bytes
    if (outputBytes > 2 * limits.outputBytes) over('output')
  }
  const stdout = captureStream(launched.stdout, limits.outputBytes, count)
  const stderr = captureStream(launched.stderr, limits.outputBytes, count)
  launched.stdin?.on('error', () => undefined)
  launched.stdin?.end(spec.stdin)
  const cancel = (): void => over('cancelled')
  if (spec.signal?.aborted) cancel()
  spec.signal?.addEventListener('abort', cancel)
  const watching = watch(launched, limits, over, readUsage)
  const wall = setTimeout(() => {
    watching.look()
    over('wall')
  }, limits.wallMs)
  const ended = await launched.ended
  clearTimeout(wall)
  watching.stop()
  spec.signal?.removeEventListener('abort', cancel)

  let files: readonly CollectedFile[] = []
  let refusedFiles: readonly string[] = []
  const scratchPath = launched.scratchPath()
  if (spec.collect && scratchPath !== null && ended.started) {
    const found = collect(scratchPath, spec.collect)
    files = found.files
    refusedFiles = found.refused
  }
  launched.release()
  const result: RunResult = {
    ...explainEnd(ended, forced, watching.seen.cpuMs, limits.cpuMs),
    cpuMs: watching.seen.cpuMs,
    wallMs: Math.round(performance.now() - startedAt),
    peakRssBytes: watching.seen.peakRssBytes,
    stdout: stdout(),
    stderr: stderr(),
    files,
    refusedFiles,
    driver: driver.name,
    policyHash: hashFor(limits),
  }
  return { result, isStarved: result.end === 'wall' && isStarved(watching.seen, limits) }
}

/** Signals that end a program which does not handle them; other exit codes above 128 are just that. */
const ENDING_SIGNALS = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31])
/** How much CPU time may pass between the last look at a program and its end. */
const UNSEEN_CPU_MS = 500

/**
 * Returns how the run ended, in the port's words. A sandbox that never came up, or was disposed of, is never the program's fault. A driver that says
 * 128 + signal for an exit code too is believed to mean the signal, as a shell would; but no program has used up its CPU time that
 * was not seen near its limit.
 */
export function explainEnd(
  ended: Ended,
  forced: RunEnd | null,
  cpuMs: number,
  cpuLimitMs: number,
): Pick<RunResult, 'end' | 'code' | 'signal'> {
  if (forced !== null) return { end: forced, code: null, signal: null }
  const { started, code, isDisposed } = ended
  if (isDisposed) return { end: 'cancelled', code: null, signal: null }
  const signal = endingSignal(ended)
  if (!started || (code === null && signal === null)) return { end: 'sandbox-error', code: null, signal: null }
  if (signal === SIGXCPU || signal === SIGKILL) {
    const isFolded = ended.signal === undefined
    if (cpuMs >= cpuLimitMs - UNSEEN_CPU_MS || (signal === SIGXCPU && !isFolded)) return { end: 'cpu', code: null, signal }
    if (signal === SIGXCPU) return { end: 'exit', code, signal: null }
  }
  return signal === null ? { end: 'exit', code, signal: null } : { end: 'signal', code: null, signal }
}

/** Returns the signal that ended the program, as far as its driver can tell; null when it exited. */
export function endingSignal({ code, signal }: Ended): number | null {
  if (signal !== undefined || code === null) return signal ?? null
  return ENDING_SIGNALS.has(code - 128) ? code - 128 : null
}
