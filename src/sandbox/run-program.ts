import type { CollectedFile, RunEnd, RunLimits, RunResult, RunSpec } from '../ports/sandbox.ts'
import { captureStream, NOTHING_CAPTURED } from './capture.ts'
import { checkMounts } from './check-mounts.ts'
import { collect } from './collect.ts'
import type { Driver, Ended, Launched } from './launch.ts'
import { checkCwd, completeEnv, completeLimits } from './policy.ts'
import { watch } from './watchdog.ts'

const SIGXCPU = 24
const SIGKILL = 9

/** Runs one program under `driver` to its end. `track` hears of the run while it lasts, so that `dispose` can end it. */
export async function runProgram(
  driver: Driver,
  hashFor: (limits: RunLimits) => string,
  spec: RunSpec,
  track: (run: Launched) => () => void,
): Promise<RunResult> {
  const limits = completeLimits(spec.limits)
  const env = completeEnv(spec.env)
  const cwd = checkCwd(spec.cwd ?? '/scratch')
  const startedAt = performance.now()
  const launched = await driver.launch({
    language: spec.language,
    argv: spec.argv,
    mounts: checkMounts(spec.mounts ?? []),
    env,
    cwd,
    limits,
    hasStdin: spec.stdin !== undefined,
    hasChannel: spec.channel === true,
  })
  const untrack = track(launched)
  let forced: RunEnd | null = null
  const over = (end: RunEnd): void => {
    forced ??= end
    launched.kill()
    // What is still in the pipes would otherwise be read to its end, after the cap.
    for (const stream of [launched.stdout, launched.stderr, launched.channel]) stream?.destroy()
  }
  let outputBytes = 0
  const count = (bytes: number): void => {
    outputBytes += bytes
    if (outputBytes > 2 * limits.outputBytes) over('output')
  }
  const stdout = captureStream(launched.stdout, limits.outputBytes, count)
  const stderr = captureStream(launched.stderr, limits.outputBytes, count)
  const frames = launched.channel ? captureStream(launched.channel, limits.outputBytes, count) : () => NOTHING_CAPTURED
  launched.stdin?.on('error', () => undefined)
  launched.stdin?.end(spec.stdin)
  const cancel = (): void => over('cancelled')
  if (spec.signal?.aborted) cancel()
  spec.signal?.addEventListener('abort', cancel)
  const wall = setTimeout(() => over('wall'), limits.wallMs)
  const watching = watch(launched, limits, over)
  const ended = await launched.ended
  clearTimeout(wall)
  watching.stop()
  spec.signal?.removeEventListener('abort', cancel)
  untrack()

  let files: readonly CollectedFile[] = []
  let refusedFiles: readonly string[] = []
  const scratchPath = launched.scratchPath()
  if (spec.collect && scratchPath !== null && ended.started) {
    const found = collect(scratchPath, spec.collect)
    files = found.files
    refusedFiles = found.refused
  }
  launched.release()
  return {
    ...explainEnd(ended, forced, watching.seen.cpuMs, limits.cpuMs),
    cpuMs: watching.seen.cpuMs,
    wallMs: Math.round(performance.now() - startedAt),
    peakRssBytes: watching.seen.peakRssBytes,
    stdout: stdout(),
    stderr: stderr(),
    frames: frames(),
    files,
    refusedFiles,
    driver: driver.name,
    policyHash: hashFor(limits),
  }
}

/** Returns how the run ended, in the port's words. A sandbox that never came up is never the program's fault. */
export function explainEnd(
  ended: Ended,
  forced: RunEnd | null,
  cpuMs: number,
  cpuLimitMs: number,
): Pick<RunResult, 'end' | 'code' | 'signal'> {
  if (forced !== null) return { end: forced, code: null, signal: null }
  if (!ended.started || ended.code === null) return { end: 'sandbox-error', code: null, signal: null }
  const signal = ended.code > 128 && ended.code <= 128 + 64 ? ended.code - 128 : null
  if (signal === SIGXCPU || (signal === SIGKILL && cpuMs >= cpuLimitMs)) return { end: 'cpu', code: null, signal }
  return signal === null ? { end: 'exit', code: ended.code, signal: null } : { end: 'signal', code: null, signal }
}
