import type { SuiteReport, SuiteTest } from '../domain/suite.ts'
import type { Sandbox } from '../ports/sandbox.ts'
import type { SuiteSpec } from './suite.ts'
import { loadsByItself, openSuiteCandidate } from './suite-candidate.ts'
import { checkModuleName } from './suite-frameworks.ts'
import { runInProcess } from './suite-in-process.ts'
import { answerNothing, type ProxyResult, runOnCandidate, runThroughProxy, stubNames } from './suite-proxy.ts'
import { describeFailures, findFlags, isGreen, isSameBag, vacuous } from './suite-verdict.ts'

/**
 * Runs a suite. First through the call proxy, where the tests' process holds no candidate byte (`verified`); where the tests do more
 * than call functions with plain values, in the candidate's process with canaries, a stub and a mutant (`forgeable`).
 * Tests that pass without the code prove nothing (`unverified`).
 */
export async function runSuite(sandbox: Sandbox, spec: SuiteSpec): Promise<SuiteReport> {
  checkModuleName(spec.moduleName)
  const flags = findFlags(spec.candidate.code)
  const report = (part: Omit<SuiteReport, 'flags'>): SuiteReport => ({ ...part, flags })
  const inProcess = async (why: string): Promise<SuiteReport> =>
    spec.signal?.aborted ? report(nothing('the run was cancelled')) : report(await runInProcess(sandbox, spec, [why]))
  const candidate = await openSuiteCandidate(sandbox, spec)
  const isOpen = 'ask' in candidate
  try {
    const empty = await runThroughProxy(sandbox, spec, stubNames(spec.names, isOpen ? candidate.names : null), answerNothing)
    if (empty.kind === 'lost') return report(nothing(empty.why))
    const before = empty.kind === 'report' ? markMissing(empty) : []
    if (empty.kind === 'report' && isGreen(empty.tests, empty.ids)) return report(vacuous(empty.tests))
    if (!isOpen) {
      if (candidate.kind === 'not-run' && !candidate.reason.startsWith('the candidate ')) return report(nothing(candidate.reason))
      if (candidate.kind === 'failed' && (await loadsByItself(sandbox, spec)))
        return report(nothing('what the tests import could not be exported from the program'))
      // It is no less certain where the tests themselves could not have been run.
      const tests = before.map(({ id }): SuiteTest => ({ id, status: 'fail', message: 'the code does not load' }))
      return report({ grade: 'verified', passed: false, tests, before, reasons: [`the code does not load: ${candidate.kind}`] })
    }
    if (empty.kind === 'cannot') return await inProcess(`no call proxy: ${empty.why}`)
    const real = await runOnCandidate(sandbox, spec, candidate)
    if (real.kind === 'lost') return report(nothing(real.why))
    if (real.kind === 'cannot') return await inProcess(`no call proxy: ${real.why}`)
    if (real.kind === 'unloadable') {
      // Tests that load with neither may lack something else; the other channel can tell.
      if (empty.kind !== 'report') return await inProcess(`no call proxy: the tests do not load: ${real.why}`)
      const tests = before.map(({ id }): SuiteTest => ({ id, status: 'fail', message: real.why }))
      return report({ grade: 'verified', passed: false, tests, before, reasons: [`the tests do not load: ${real.why}`] })
    }
    return report({ grade: 'verified', before, ...judge(real, empty.kind === 'report' ? empty.ids : null) })
  } finally {
    if (isOpen) await candidate.close()
  }
}

type Ran = Extract<ProxyResult, { kind: 'report' }>

/** Passed is: nothing hung, the same tests as with the stub, each reported once, as passed. */
function judge(real: Ran, expected: readonly string[] | null): Pick<SuiteReport, 'passed' | 'tests' | 'reasons'> {
  const tests = markMissing(real)
  const dead = real.answers.find(({ kind }) => kind === 'dead')
  const reasons = describeFailures(tests)
  if (dead?.kind === 'dead') reasons.push(dead.why)
  if (expected !== null && !isSameBag(expected, real.ids)) reasons.push('the tests are not the ones there are without the code')
  return { passed: reasons.length === 0 && isGreen(real.tests, real.ids), tests, reasons }
}

/** The rows, with one more for each test that was collected and not reported: its class or module could not be set up. */
function markMissing({ tests, ids }: Ran): readonly SuiteTest[] {
  const reported = new Set(tests.map(({ id }) => id))
  return [
    ...tests,
    ...ids.filter((id) => !reported.has(id)).map((id): SuiteTest => ({ id, status: 'fail', message: 'it was not run' })),
  ]
}

function nothing(why: string): Omit<SuiteReport, 'flags'> {
  return { grade: 'unverified', passed: false, tests: [], before: [], reasons: [why] }
}
