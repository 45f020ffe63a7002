import { CodeConductorError } from '../../domain/errors.ts'
import type { CallLimits, CandidateProgram, RunEnd, RunLimits } from '../../ports/sandbox.ts'
import type { Driver, Ended, Launched } from '../drivers/launch.ts'
import { JAVASCRIPT_HARNESS } from '../harness/javascript-harness.ts'
import { PYTHON_HARNESS } from '../harness/python-harness.ts'
import { captureStream } from '../limits/capture.ts'
import { readTree, readTreeCpuMs, type TreeUsage } from '../limits/process-tree.ts'
import { isStarved } from '../limits/starvation.ts'
import { type Watch, watch } from '../limits/watchdog.ts'
import { type CallChannel, createCallChannel } from './call-channel.ts'

/** One candidate's process inside, with the channel to it. Ended by the first `timeout`, `ended` or `broken`. */
export interface WarmProcess {
  ask(request: Readonly<Record<string, unknown>>, limits: CallLimits): Promise<Reply>
  close(): Promise<void>
}

export type Reply =
  /** `usedCpuMs`: what the whole tree was seen to use for it; 0 for an answer that came at once. */
  | { readonly kind: 'answer'; readonly value: unknown; readonly usedCpuMs?: number }
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'timeout'; readonly isStarved: boolean }
  | { readonly kind: 'ended'; readonly ended: Ended; readonly forced: RunEnd | null; readonly stderr: string }

/** How much longer the host waits than the fork server does, which ends its calls itself. */
const SERVER_SLACK_MS = 1_000
/** Only a request that takes longer than this has its CPU time measured: most are over before anything could be read. */
const SHORT_MS = 25

/** Starts the harness for `program` under `driver`; no candidate byte has run yet. */
export async function startWarmProcess(
  driver: Driver,
  program: Pick<CandidateProgram, 'language'>,
  limits: RunLimits,
  env: Readonly<Record<string, string>>,
): Promise<WarmProcess> {
  const isPython = program.language === 'python'
  const launched = await driver.launch({
    language: isPython ? 'python' : 'javascript',
    argv: isPython ? ['-s', '-B', '-c', PYTHON_HARNESS] : ['--max-old-space-size=512', '-e', JAVASCRIPT_HARNESS],
    mounts: [],
    env,
    cwd: '/scratch',
    limits,
    hasStdin: true,
    hasChannel: true,
  })
  let forced: RunEnd | null = null
  const over = (end: RunEnd): void => {
    forced ??= end
    launched.kill()
  }
  let outputBytes = 0
  const count = (bytes: number): void => {
    outputBytes += bytes
    if (outputBytes > 2 * limits.outputBytes) over('output')
  }
  captureStream(launched.stdout, 0, count)
  const stderr = captureStream(launched.stderr, 4096, count)
  const cpu = followCpu()
  const watching = watch(launched, limits, over, cpu.read)
  const ended = launched.ended.then((end) => {
    watching.stop()
    launched.release()
    return end
  })
  const { stdin, channel: input } = launched
  if (!stdin || !input) throw new CodeConductorError('INTERNAL', 'a driver must give a session its channel')
  const channel: CallChannel = createCallChannel(stdin, input)

  const close = async (): Promise<void> => {
    launched.kill()
    await ended
  }
  return {
    ask: async (request, callLimits) => {
      const deadline = startDeadline(launched, watching, cpu, callLimits, isPython)
      const answer = await Promise.race([channel.ask(request), deadline.overdue])
      deadline.cancel()
      if (answer.kind === 'timeout') {
        await close()
        return answer
      }
      if (answer.kind === 'answer') return { ...answer, usedCpuMs: deadline.usedCpuMs() }
      if (answer.kind === 'broken') launched.kill()
      const end = await ended
      if (answer.kind === 'broken') return answer
      return { kind: 'ended', ended: end, forced, stderr: stderr().text }
    },
    close,
  }
}

/** The CPU time of a tree since a mark. Its top is kept: what a process used is lost when nobody asks how its child ended. */
interface CpuMeter {
  read(rootPid: number, isThorough: boolean): TreeUsage
  mark(rootPid: number): void
  sinceMark(): number
}

function followCpu(): CpuMeter {
  let [marked, top] = [0, 0]
  return {
    read: (rootPid, isThorough) => {
      const usage = readTree(rootPid, isThorough)
      top = Math.max(top, usage.cpuMs)
      return usage
    },
    mark: (rootPid) => {
      marked = readTree(rootPid).cpuMs
      top = marked
    },
    sinceMark: () => top - marked,
  }
}

interface Deadline {
  readonly overdue: Promise<Extract<Reply, { kind: 'timeout' }>>
  usedCpuMs(): number
  cancel(): void
}

/**
 * Resolves when a request has used up its limits. CPU time is read from the kernel, so that a busy machine makes nobody slow; the
 * Python fork server ends its calls itself and is only overdue when it does not. Must be cancelled once the answer is there.
 */
function startDeadline(launched: Launched, watching: Watch, cpu: CpuMeter, limits: CallLimits, hasServer: boolean): Deadline {
  const wallMs = limits.wallMs + (hasServer ? SERVER_SLACK_MS : 0)
  const startedAt = performance.now()
  const waitedAtStart = watching.seen.waitedMs
  const pidAtStart = launched.rootPid()
  const cpuAtStart = pidAtStart === null || hasServer ? 0 : readTreeCpuMs(pidAtStart)
  let timer: NodeJS.Timeout
  let isMarked = false
  const usedCpuMs = (): number => (isMarked ? cpu.sinceMark() : 0)
  const overdue = new Promise<Extract<Reply, { kind: 'timeout' }>>((resolve) => {
    const end = (isLate: boolean): void => {
      if (isLate) watching.look()
      const seen = { waitedMs: watching.seen.waitedMs - waitedAtStart, cpuMs: usedCpuMs() }
      resolve({ kind: 'timeout', isStarved: isLate && isStarved(seen, { wallMs, cpuMs: limits.cpuMs }) })
    }
    const look = (): void => {
      const wallLeft = wallMs - (performance.now() - startedAt)
      const pid = launched.rootPid()
      if (!isMarked && pid !== null) {
        cpu.mark(pid)
        isMarked = true
      }
      const cpuLeft = hasServer || pid === null ? wallLeft : limits.cpuMs - (readTreeCpuMs(pid) - cpuAtStart)
      if (wallLeft <= 0 || cpuLeft <= 0) end(hasServer || cpuLeft > 0)
      // A process that is only just being started has no pid yet, and is looked at again soon.
      else timer = setTimeout(look, Math.min(wallLeft, isMarked ? Math.max(10, cpuLeft) : SHORT_MS))
    }
    timer = setTimeout(look, Math.min(wallMs, SHORT_MS))
  })
  return { overdue, usedCpuMs, cancel: () => clearTimeout(timer) }
}
