import type { SuiteReport, SuiteTest } from '../../domain/suite.ts'
import type { Sandbox } from '../../ports/sandbox.ts'
import { excuseLoad, openSuiteCandidate } from './candidate.ts'
import { checkModuleName } from './frameworks.ts'
import { runInProcess } from './in-process.ts'
import { answerNothing, type ProxyResult, runOnCandidate, runThroughProxy, stubNames } from './proxy.ts'
import type { SuiteSpec } from './spec.ts'
import { describeFailures, findFlags, isGreen, isSameBag, vacuous } from './verdict.ts'

/** Wall time a suite may take through the calls, and once more in the code's process; then nothing is known of the code. */
const SUITE_WALL_MS = 60_000

type Part = Omit<SuiteReport, 'flags'>

/**
 * Runs a suite. First through the call proxy, where the tests' process holds no candidate byte (`verified`); where the tests do more
 * than call functions with plain values, in the candidate's process with canaries, a stub and a mutant (`forgeable`).
 * Tests that pass without the code prove nothing, nor do tests that take longer than `spec.wallMs` (`unverified`).
 */
export async function runSuite(sandbox: Sandbox, spec: SuiteSpec): Promise<SuiteReport> {
  checkModuleName(spec.moduleName)
  const flags = findFlags(spec.candidate.code)
  const found = await inTime(spec, (bounded) => runThroughCalls(sandbox, bounded))
  if (!('cannot' in found)) return { ...found, flags }
  if (spec.signal?.aborted) return { ...nothing('the run was cancelled'), flags }
  return { ...(await inTime(spec, (bounded) => runInProcess(sandbox, bounded, [found.cannot]))), flags }
}

/** Returns what `work` finds, or that it took too long: whatever it then found is of runs that were cut off. */
async function inTime<T>(spec: SuiteSpec, work: (bounded: SuiteSpec) => Promise<T>): Promise<T | Part> {
  const { wallMs = SUITE_WALL_MS, signal } = spec
  const late = AbortSignal.timeout(wallMs)
  const found = await work({ ...spec, signal: signal === undefined ? late : AbortSignal.any([signal, late]) })
  return late.aborted && !signal?.aborted ? nothing(`the suite took longer than ${wallMs / 1000} s`) : found
}

/** `cannot` sends the suite to the other channel. */
async function runThroughCalls(sandbox: Sandbox, spec: SuiteSpec): Promise<Part | { readonly cannot: string }> {
  const candidate = await openSuiteCandidate(sandbox, spec)
  const isOpen = 'ask' in candidate
  try {
    const empty = await runThroughProxy(sandbox, spec, stubNames(spec.names, isOpen ? candidate.names : null), answerNothing)
    if (empty.kind === 'lost') return nothing(empty.why)
    const before = empty.kind === 'report' ? markMissing(empty) : []
    if (empty.kind === 'report' && isGreen(empty.tests, empty.ids)) return vacuous(empty.tests)
    if (!isOpen) {
      if (candidate.kind === 'not-run' && !candidate.reason.startsWith('the candidate ')) return nothing(candidate.reason)
      const excuse = candidate.kind === 'failed' ? await excuseLoad(sandbox, spec) : null
      if (excuse !== null) return nothing(excuse)
      // It is no less certain where the tests themselves could not have been run.
      return { ...failed(before, 'the code does not load'), reasons: [`the code does not load: ${candidate.kind}`] }
    }
    if (empty.kind === 'cannot') return { cannot: `no call proxy: ${empty.why}` }
    const real = await runOnCandidate(sandbox, spec, candidate)
    if (real.kind === 'lost') return nothing(real.why)
    if (real.kind === 'cannot') return { cannot: `no call proxy: ${real.why}` }
    if (real.kind === 'unloadable') {
      // Tests that load with neither may lack something else; the other channel can tell.
      if (empty.kind !== 'report') return { cannot: `no call proxy: the tests do not load: ${real.why}` }
      return { ...failed(before, real.why), reasons: [`the tests do not load: ${real.why}`] }
    }
    return { grade: 'verified', before, ...judge(real, empty.kind === 'report' ? empty.ids : null) }
  } finally {
    if (isOpen) await candidate.close()
  }
}

function failed(before: readonly SuiteTest[], message: string): Omit<Part, 'reasons'> {
  return { grade: 'verified', passed: false, tests: before.map(({ id }) => ({ id, status: 'fail', message })), before }
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

function nothing(why: string): Part {
  return { grade: 'unverified', passed: false, tests: [], before: [], reasons: [why] }
}
