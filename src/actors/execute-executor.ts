import type { ExecutionRow } from '../consensus/execution-matrix.ts'
import { consensusLanguage } from '../consensus/language.ts'
import { CodeConductorError, toErrorData } from '../domain/errors.ts'
import { describeNoIsolation } from '../domain/isolation.ts'
import type { ExecuteRequest, ExecuteResult } from '../machines/effects.ts'
import type { CandidateLanguage, Sandbox } from '../ports/sandbox.ts'
import { type EffectSink, type Executor, executorOf } from './executor.ts'
import { createAnswerKeeper } from './keep-answers.ts'

/** Calls of one candidate that may time out before the rest are not run. */
const STOP_AFTER_TIMEOUTS = 4

/**
 * Returns the executor of `execute`: each candidate is loaded in a sandbox of its own and asked the planned calls over
 * a channel it cannot forge, and its row is told as soon as it is there. Of its answers `createAnswerKeeper` bounds what is kept. Without isolation nothing runs, and the result says why.
 */
export function createExecuteExecutor(sandbox: Sandbox, parallel: number): Executor {
  return executorOf((request: ExecuteRequest, signal, tell) => executeCalls(request, sandbox, parallel, signal, tell))
}

async function executeCalls(
  request: ExecuteRequest,
  sandbox: Sandbox,
  parallel: number,
  signal: AbortSignal,
  tell: EffectSink['row'],
): Promise<ExecuteResult> {
  const { driver, isolation, policyHash, why, fix, languages, selfTest } = await sandbox.probe()
  const facts = { driver, policyHash, ...(selfTest === undefined ? {} : { selfTest }) }
  const nothing = (reason: string): ExecuteResult => ({ ...facts, rows: [], isolation: 'none', why: reason, fix: null })
  if (isolation === 'none') return { ...nothing(describeNoIsolation(why)), fix }
  const language = sandboxLanguage(request.language)
  if (language === null) return nothing(`${request.language} programs cannot be called here`)
  const support = languages[language]
  if (!support.available) return nothing(support.note)
  const rows: ExecutionRow[] = new Array(request.candidates.length)
  let next = 0
  const work = async (): Promise<void> => {
    for (let i = next; i < request.candidates.length; i = next) {
      next = i + 1
      const candidate = request.candidates[i]
      if (candidate === undefined) continue
      const row = await executeOne(candidate, request, language, sandbox, signal)
      rows[i] = row
      tell(row)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, work))
  return { ...facts, rows, isolation, why: '', fix }
}

async function executeOne(
  candidate: ExecuteRequest['candidates'][number],
  request: ExecuteRequest,
  language: CandidateLanguage,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<ExecutionRow> {
  let session: Awaited<ReturnType<Sandbox['open']>> | null = null
  try {
    session = await sandbox.open({ language, code: candidate.program, entryPoint: request.entryPoint, seed: 0 }, { signal })
    const load = await session.load()
    if (load.kind !== 'loaded')
      return { candidate: candidate.id, load: load.kind === 'no-entry-point' ? { kind: 'no-entry-point' } : load, outcomes: [] }
    const keeper = createAnswerKeeper(language === 'python' ? 'python' : 'javascript')
    const outcomes = await session.calls(request.calls, { stopAfterTimeouts: STOP_AFTER_TIMEOUTS, keeper })
    return { candidate: candidate.id, load: { kind: 'loaded' }, outcomes }
  } catch (error) {
    if (error instanceof CodeConductorError && error.code === 'NO_SANDBOX') throw error
    return { candidate: candidate.id, load: { kind: 'not-run', reason: toErrorData(error).message }, outcomes: [] }
  } finally {
    await session?.close()
  }
}

function sandboxLanguage(language: string): CandidateLanguage | null {
  if (language === 'typescript' || language === 'tsx') return 'typescript'
  return consensusLanguage(language)
}
