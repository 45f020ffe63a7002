import type { Call, CallOutcome } from '../../domain/value.ts'
import type { CallLimits, CandidateProgram, CandidateSession, LoadOutcome, SessionOptions } from '../../ports/sandbox.ts'
import type { SyntaxParser } from '../../ports/syntax-parser.ts'
import type { GuardedDriver } from '../drivers/guard-driver.ts'
import type { Ended } from '../drivers/launch.ts'
import type { Slots } from '../limits/slots.ts'
import { INCONCLUSIVE, isStarved } from '../limits/starvation.ts'
import { completeEnv, completeLimits, DEFAULT_CALL_LIMITS, DEFAULT_LOAD_LIMITS } from '../policy.ts'
import { tellingLine } from '../self-test/explain-failure.ts'
import { eraseTypes } from './erase-types.ts'
import { usesJsx } from './find-jsx.ts'
import { parseCallOutcome, parseLoadOutcome, readClaimedWait } from './parse-outcome.ts'
import { endingSignal } from './run-program.ts'
import { type Reply, startWarmProcess, type WarmProcess } from './warm-process.ts'

const SIGPROF = 27
const SIGXCPU = 24
/** A warm process may use this much CPU over all its calls; each call has its own, smaller limit. */
const SESSION_CPU_MS = 120_000

/** What sessions are made with. */
export interface SessionParts {
  readonly driver: GuardedDriver
  readonly slots: Slots
  /** Erases the types of TypeScript candidates; null where there is none. */
  readonly parser: SyntaxParser | null
}

/** Stands for an outcome that says nothing about the candidate: see `starvation.ts`. */
const STARVED = 'starved'

/** Opens a session for `program`. A process that a time-out ended is started and loaded again for the next call. */
export function openSession(parts: SessionParts, program: CandidateProgram, options: SessionOptions): CandidateSession {
  const limits = completeLimits({ cpuMs: SESSION_CPU_MS, ...options.limits })
  const loadLimits = options.load ?? DEFAULT_LOAD_LIMITS
  const env = completeEnv(options.env)
  let warm: WarmProcess | null = null
  let loaded: Promise<LoadOutcome> | null = null
  let deadBecause: string | null = null
  let turn: Promise<unknown> = Promise.resolve()
  /** A session that is closed waits for no place any more. */
  const closing = new AbortController()

  const die = (why: string): void => {
    deadBecause ??= why
  }
  const start = async (): Promise<LoadOutcome | typeof STARVED> => {
    if (parts.driver.isDisposed()) die('the sandbox was disposed of')
    if (deadBecause !== null) return { kind: 'not-run', reason: deadBecause }
    const prepared = await prepareCode(program, parts.parser)
    if (typeof prepared !== 'string') {
      die(prepared.kind === 'failed' ? 'the candidate did not load (failed)' : prepared.reason)
      return prepared
    }
    const code = prepared
    const started = await startWarmProcess(parts.driver, program, limits, env)
    warm = started
    // The session may have been closed while the process was being started.
    if (deadBecause !== null) {
      await started.close()
      return { kind: 'not-run', reason: deadBecause }
    }
    const { entryPoint, seed } = program
    const reply = await started.ask({ op: 'load', code, entryPoint, seed, ...loadLimits }, loadLimits)
    if (reply.kind === 'timeout' && reply.isStarved) {
      warm = null
      return STARVED
    }
    const outcome = await excuseJsx(explainLoad(reply), program, parts.parser)
    if (outcome.kind !== 'loaded') {
      die(outcome.kind === 'not-run' ? outcome.reason : `the candidate did not load (${outcome.kind})`)
      await started.close()
    }
    return outcome
  }
  /** Tries `work` in a place among others and, when the machine let it do nothing, once more alone. */
  const twice = async <T>(work: () => Promise<T | typeof STARVED>): Promise<T | typeof STARVED> => {
    for (const alone of [false, true]) {
      const leave = await parts.slots.take({ alone, signal: closing.signal })
      try {
        const outcome = await work()
        if (outcome !== STARVED) return outcome
      } finally {
        leave?.()
      }
    }
    return STARVED
  }
  const loadNow = async (): Promise<LoadOutcome> => {
    const outcome = await twice(start)
    if (outcome !== STARVED) return outcome
    die(INCONCLUSIVE)
    return { kind: 'not-run', reason: INCONCLUSIVE }
  }
  const load = (): Promise<LoadOutcome> => {
    loaded ??= loadNow()
    return loaded
  }
  const attempt = async (call: Call, callLimits: CallLimits): Promise<CallOutcome | typeof STARVED> => {
    if (warm === null && deadBecause === null) {
      const again = await start()
      if (again === STARVED) return STARVED
      if (again.kind !== 'loaded') die('the candidate did not load a second time')
    }
    if (deadBecause !== null || warm === null) return { kind: 'not-run', reason: deadBecause ?? 'the session is closed' }
    const reply = await warm.ask({ op: 'call', fn: call.fn, args: call.args, ...callLimits }, callLimits)
    if (deadBecause !== null) return { kind: 'not-run', reason: deadBecause }
    if (reply.kind === 'timeout') {
      warm = null
      return reply.isStarved ? STARVED : { kind: 'timeout' }
    }
    if (reply.kind === 'answer' && wasStarved(reply, callLimits)) return STARVED
    const outcome = explainCall(reply)
    if (outcome.kind === 'not-run') die(outcome.reason)
    else if (reply.kind !== 'answer') die('the candidate ended its process')
    if (deadBecause !== null) await warm.close()
    return outcome
  }
  const callNow = async (call: Call, callLimits: CallLimits): Promise<CallOutcome> => {
    await load()
    const outcome = await twice(() => attempt(call, callLimits))
    return outcome === STARVED ? { kind: 'not-run', reason: INCONCLUSIVE } : outcome
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work)
    turn = next.catch(() => undefined)
    return next
  }
  const abort = (): void => void close()
  const close = async (): Promise<void> => {
    options.signal?.removeEventListener('abort', abort)
    die('the session is closed')
    closing.abort()
    await warm?.close()
    await turn
    await warm?.close()
  }
  options.signal?.addEventListener('abort', abort, { once: true })
  if (options.signal?.aborted) die('the session is closed')

  return {
    load: () => inTurn(load),
    call: (call, some) => inTurn(() => callNow(call, { ...DEFAULT_CALL_LIMITS, ...some })),
    calls: (calls, some = {}) =>
      inTurn(async () => {
        const { stopAfterTimeouts = 4, keeper, ...partial } = some
        const outcomes: CallOutcome[] = []
        let timeouts = 0
        for (const call of calls) {
          const why = timeouts >= stopAfterTimeouts ? `stopped after ${timeouts} time-outs` : (keeper?.full() ?? null)
          if (why !== null) {
            outcomes.push({ kind: 'not-run', reason: why })
            continue
          }
          const outcome = await callNow(call, { ...DEFAULT_CALL_LIMITS, ...partial })
          if (outcome.kind === 'timeout' || (outcome.kind === 'not-run' && outcome.reason === INCONCLUSIVE)) timeouts++
          outcomes.push(keeper?.keep(outcome) ?? outcome)
        }
        return outcomes
      }),
    close,
  }
}

/** Whether an answer says that the machine gave the call no time. It is a claim; what its processes used in that time was measured. */
function wasStarved({ value, usedCpuMs = 0 }: Extract<Reply, { kind: 'answer' }>, limits: CallLimits): boolean {
  return isStarved({ waitedMs: readClaimedWait(value), cpuMs: usedCpuMs }, limits)
}

/** Returns the code to load, or why it cannot be run. */
async function prepareCode(
  { language, code }: CandidateProgram,
  parser: SyntaxParser | null,
): Promise<string | Extract<LoadOutcome, { kind: 'failed' | 'not-run' }>> {
  if (language !== 'typescript') return code
  const erased = await eraseTypes(code, parser)
  if (erased.kind === 'erased') return erased.code
  return erased.kind === 'failed' ? { kind: 'failed', error: 'SyntaxError', message: erased.message } : erased
}

/** Returns `outcome`, or `not-run` where what failed to load is right but for needing a compiler. */
async function excuseJsx(
  outcome: LoadOutcome,
  { language, code }: CandidateProgram,
  parser: SyntaxParser | null,
): Promise<LoadOutcome> {
  if (outcome.kind !== 'failed' || outcome.error !== 'SyntaxError' || language !== 'javascript') return outcome
  if (!(await usesJsx('javascript', code, parser))) return outcome
  return { kind: 'not-run', reason: 'JavaScript with JSX cannot be run without a compiler' }
}

/** Returns what a reply to `load` means. A sandbox that never came up is `not-run`, never the candidate's failure. */
export function explainLoad(reply: Reply): LoadOutcome {
  switch (reply.kind) {
    case 'timeout':
      return { kind: 'timeout' }
    case 'broken':
      return { kind: 'failed', error: 'ChannelBroken', message: reply.why }
    case 'answer':
      return parseLoadOutcome(reply.value) ?? { kind: 'failed', error: 'ChannelBroken', message: 'its answer was malformed' }
    case 'ended': {
      const { ended, forced } = reply
      const signal = endingSignal(ended)
      if (forced === 'cpu' || signal === SIGPROF || signal === SIGXCPU) return { kind: 'timeout' }
      if (forced !== null) return { kind: 'failed', error: 'LimitExceeded', message: forced }
      if (!ended.started || (ended.code === null && signal === null))
        return { kind: 'not-run', reason: sandboxError(reply.stderr) }
      return { kind: 'failed', error: 'ProcessExit', message: describeExit(ended) }
    }
  }
}

/** Returns what a reply to `call` means. A broken channel is `not-run`: nothing it said counts. */
export function explainCall(reply: Exclude<Reply, { kind: 'timeout' }>): CallOutcome {
  switch (reply.kind) {
    case 'broken':
      return { kind: 'not-run', reason: `the candidate broke the channel: ${reply.why}` }
    case 'answer':
      return (
        parseCallOutcome(reply.value) ?? { kind: 'not-run', reason: 'the candidate broke the channel: its answer was malformed' }
      )
    case 'ended':
      if (reply.forced !== null) return { kind: 'raised', error: 'LimitExceeded', message: reply.forced }
      if (reply.ended.code === null && endingSignal(reply.ended) === null)
        return { kind: 'not-run', reason: sandboxError(reply.stderr) }
      return { kind: 'raised', error: 'ProcessExit', message: describeExit(reply.ended) }
  }
}

function describeExit({ code, signal }: Ended): string {
  return code === null ? `signal ${signal}` : `exit code ${code}`
}

function sandboxError(stderr: string): string {
  return `the sandbox could not be started${stderr.trim() === '' ? '' : `: ${tellingLine(stderr)}`}`
}
