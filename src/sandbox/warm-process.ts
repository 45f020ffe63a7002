import { CodeConductorError } from '../domain/errors.ts'
import type { CallLimits, CandidateProgram, RunEnd, RunLimits } from '../ports/sandbox.ts'
import { type CallChannel, createCallChannel } from './call-channel.ts'
import { captureStream } from './capture.ts'
import { JAVASCRIPT_HARNESS } from './harness/javascript-harness.ts'
import { PYTHON_HARNESS } from './harness/python-harness.ts'
import type { Driver, Ended, Launched } from './launch.ts'
import { readTreeCpuMs } from './process-tree.ts'
import { isStarved } from './starvation.ts'
import { type Watch, watch } from './watchdog.ts'

/** One candidate's process inside, with the channel to it. Ended by the first `timeout`, `ended` or `broken`. */
export interface WarmProcess {
  ask(request: Readonly<Record<string, unknown>>, limits: CallLimits): Promise<Reply>
  close(): Promise<void>
}

export type Reply =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'timeout'; readonly isStarved: boolean }
  | { readonly kind: 'ended'; readonly ended: Ended; readonly forced: RunEnd | null; readonly stderr: string }

/** How much longer the host waits than the fork server does, which ends its calls itself. */
const SERVER_SLACK_MS = 1_000

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
  const watching = watch(launched, limits, over)
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
      const deadline = startDeadline(launched, watching, callLimits, isPython)
      const answer = await Promise.race([channel.ask(request), deadline.overdue])
      deadline.cancel()
      if ('isStarved' in answer) {
        await close()
        return answer
      }
      if (answer.kind === 'answer') return answer
      if (answer.kind === 'broken') launched.kill()
      const end = await ended
      if (answer.kind === 'broken') return answer
      return { kind: 'ended', ended: end, forced, stderr: stderr().text }
    },
    close,
  }
}

/**
 * Resolves when a request has used up its limits. CPU time is read from the kernel, so that a busy machine makes nobody slow; the
 * Python fork server ends its calls itself and is only overdue when it does not. Must be cancelled once the answer is there.
 */
function startDeadline(
  launched: Launched,
  watching: Watch,
  limits: CallLimits,
  hasServer: boolean,
): { readonly overdue: Promise<Extract<Reply, { kind: 'timeout' }>>; cancel(): void } {
  const wallMs = limits.wallMs + (hasServer ? SERVER_SLACK_MS : 0)
  const startedAt = performance.now()
  const waitedAtStart = watching.seen.waitedMs
  const pidAtStart = launched.rootPid()
  const cpuAtStart = pidAtStart === null || hasServer ? 0 : readTreeCpuMs(pidAtStart)
  let timer: NodeJS.Timeout
  const overdue = new Promise<Extract<Reply, { kind: 'timeout' }>>((resolve) => {
    const end = (isLate: boolean): void => {
      if (isLate) watching.look()
      resolve({ kind: 'timeout', isStarved: isLate && isStarved(watching.seen.waitedMs - waitedAtStart, wallMs) })
    }
    const look = (): void => {
      const wallLeft = wallMs - (performance.now() - startedAt)
      const pid = launched.rootPid()
      const cpuLeft = hasServer || pid === null ? wallLeft : limits.cpuMs - (readTreeCpuMs(pid) - cpuAtStart)
      if (wallLeft <= 0 || cpuLeft <= 0) end(hasServer || cpuLeft > 0)
      else timer = setTimeout(look, Math.min(wallLeft, Math.max(10, cpuLeft)))
    }
    timer = setTimeout(look, hasServer ? wallMs : Math.min(wallMs, limits.cpuMs + 10))
  })
  return { overdue, cancel: () => clearTimeout(timer) }
}
