import { CodeConductorError, toErrorData } from '../domain/errors.ts'
import { describeNoIsolation } from '../domain/isolation.ts'
import type { SuiteReport } from '../domain/suite.ts'
import type { SuiteRequest, SuiteResult } from '../machines/effects.ts'
import type { SuiteJudge } from '../ports/judge.ts'
import type { Sandbox } from '../ports/sandbox.ts'
import { type EffectSink, type Executor, executorOf } from './executor.ts'

/**
 * Returns the executor of `suite`: the user's tests are run on each candidate, one after the other, each in sandboxes of its own. Without
 * isolation nothing runs, and the result says why.
 */
export function createSuiteExecutor(sandbox: Sandbox, judge: SuiteJudge): Executor {
  return executorOf((request: SuiteRequest, signal, tell) => runSuites(request, sandbox, judge, signal, tell))
}

async function runSuites(
  { suite, candidates }: SuiteRequest,
  sandbox: Sandbox,
  judge: SuiteJudge,
  signal: AbortSignal,
  tell: EffectSink['row'],
): Promise<SuiteResult> {
  const { driver, isolation, policyHash, why, fix, languages } = await sandbox.probe()
  const nothing = (reason: string): SuiteResult => ({ rows: [], driver, isolation: 'none', policyHash, why: reason, fix: null })
  if (isolation === 'none') return { ...nothing(describeNoIsolation(why)), fix }
  const support = languages[suite.language]
  if (!support.available) return nothing(support.note)
  const rows: { candidate: string; report: SuiteReport }[] = []
  for (const { id, program } of candidates) {
    if (signal.aborted) break
    const row = { candidate: id, report: await judgeOne(judge, suite, program, signal) }
    rows.push(row)
    tell(row)
  }
  return { rows, driver, isolation, policyHash, why: '', fix }
}

/** A suite that breaks the judge is told of; it does not end the run. */
async function judgeOne(
  judge: SuiteJudge,
  suite: SuiteRequest['suite'],
  program: string,
  signal: AbortSignal,
): Promise<SuiteReport> {
  try {
    return await judge.judge(suite, program, signal)
  } catch (error) {
    if (error instanceof CodeConductorError && error.code === 'NO_SANDBOX') throw error
    return { grade: 'unverified', passed: false, tests: [], before: [], reasons: [toErrorData(error).message], flags: [] }
  }
}
