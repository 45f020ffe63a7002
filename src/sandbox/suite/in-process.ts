import { randomBytes } from 'node:crypto'
import type { SuiteReport } from '../../domain/suite.ts'
import type { Sandbox } from '../../ports/sandbox.ts'
import { FRAMEWORKS, type Framework, suiteMounts } from './frameworks.ts'
import { mutants } from './mutate.ts'
import type { SuiteRun } from './reports.ts'
import type { SuiteSpec } from './spec.ts'
import { describeFailures, isGreen, isSameBag, vacuous } from './verdict.ts'

/**
 * Runs a suite in the candidate's process. Everything that is reported could have been written by the candidate, so `passed` takes all of:
 *  1. the tests are the ones a stub was collected with, each reported once, as passed;
 *  2. exit status, the framework's summary and our reporter's rows agree, and say that one test failed: the planted one;
 *  3. the tests fail on the stub, and on a mutant of the code, with a report that is whole. Where no mutant can be made, or all pass,
 *     nothing shows that the tests bite: that is no failure of the code, and no evidence for it (`unverified`).
 */
export async function runInProcess(
  sandbox: Sandbox,
  spec: SuiteSpec,
  reasons: readonly string[],
): Promise<Omit<SuiteReport, 'flags'>> {
  const framework = FRAMEWORKS[spec.framework]
  if (spec.framework === 'vitest' && spec.nodeModules === undefined) {
    const why = 'vitest is not installed in this folder'
    return { grade: 'unverified', passed: false, tests: [], before: [], reasons: [...reasons, why] }
  }
  const toModule = spec.toModule ?? ((code: string): string => code)
  const stub = await runOnce(sandbox, framework, spec, framework.stub(spec.names))
  const before = stub.tests
  const unverified = (why: string): Omit<SuiteReport, 'flags'> => ({
    grade: 'unverified',
    passed: false,
    tests: [],
    before,
    reasons: [...reasons, why],
  })
  const expected = stub.ids ?? []
  if (stub.lost !== null) return unverified(stub.lost)
  if (expected.length === 0) return unverified(`the suite does not run against a stub: ${stub.problem ?? 'it has no tests'}`)
  if (isGreen(stub.tests, stub.ids)) return vacuous(stub.tests)
  const real = await runOnce(sandbox, framework, spec, toModule(spec.candidate.code))
  if (real.lost !== null) return unverified(real.lost)
  const why: string[] = real.problem === null ? describeFailures(real.tests) : [real.problem]
  if (why.length === 0 && real.failed !== 1) why.push(`the framework counts ${real.failed} failed tests where one is ours`)
  const reported = real.tests.map(({ id }) => id)
  if (!isSameBag(expected, reported))
    why.push(`${expected.length} tests were collected, ${reported.length} or others were reported`)
  // Whether tests bite can be asked only where they pass.
  if (why.length === 0) {
    const toothless = (reason: string): Omit<SuiteReport, 'flags'> => ({ ...unverified(reason), tests: real.tests })
    const changed = mutants(spec.candidate.code, 4, spec.names).map(toModule)
    if (changed.length === 0) return toothless('no mutant could be made, so nothing shows that the tests bite')
    if (!(await killsOne(sandbox, framework, spec, changed))) return toothless('the tests pass every mutant too')
  }
  return { grade: 'forgeable', passed: why.length === 0, tests: real.tests, before, reasons: [...reasons, ...why] }
}

/** A mutant is killed by a test that failed on it, in a run that is otherwise whole: one that does not parse is no evidence. */
async function killsOne(sandbox: Sandbox, framework: Framework, spec: SuiteSpec, changed: readonly string[]): Promise<boolean> {
  for (const mutant of changed) {
    const { tests, problem } = await runOnce(sandbox, framework, spec, mutant)
    if (problem === null && tests.some(({ status }) => status === 'fail')) return true
  }
  return false
}

/** `lost`: the sandbox gave up or the framework is not there, which says nothing of the code. */
interface Once extends SuiteRun {
  readonly lost: string | null
}

/** Ends that say nothing of the code. */
const LOST: ReadonlyMap<string, string> = new Map([
  ['cancelled', 'the run was cancelled'],
  ['sandbox-error', 'the sandbox could not be started'],
  ['inconclusive-load', 'the machine was too busy to run the tests'],
])

/**
 * Runs the suite once with fresh canaries, which are taken out again. `problem` is set when the report contradicts itself: a canary that
 * must fail did not, or the process ended well although a test failed in it.
 */
async function runOnce(sandbox: Sandbox, framework: Framework, spec: SuiteSpec, code: string): Promise<Once> {
  const passing = `test_${randomBytes(6).toString('hex')}`
  const failing = `test_${randomBytes(6).toString('hex')}`
  const tests = spec.tests + framework.canaries(passing, failing)
  const result = await sandbox.run({
    language: framework.language,
    argv: framework.argv,
    cwd: '/box',
    collect: { maxFiles: 64, maxBytes: 1024 * 1024 },
    mounts: suiteMounts(framework, { moduleName: spec.moduleName, code, tests, nodeModules: spec.nodeModules ?? null }),
    limits: { cpuMs: 20_000 },
    ...(spec.signal === undefined ? {} : { signal: spec.signal }),
  })
  const all = framework.parse(result)
  const isOurs = (id: string): boolean => id.includes(passing) || id.includes(failing)
  const own: Once = {
    ...all,
    tests: all.tests.filter(({ id }) => !isOurs(id)),
    ids: all.ids?.filter((id) => !isOurs(id)) ?? null,
    lost: null,
  }
  const lost = LOST.get(result.end)
  if (lost !== undefined) return { ...own, lost }
  if (/No module named pytest$/m.test(result.stderr.text) && all.ids === null)
    return { ...own, lost: 'pytest is not installed for the Python that runs in the sandbox' }
  if (result.end !== 'exit') return { ...own, problem: `the run ended with ${result.end}` }
  if (result.code === 0) return { ...own, problem: 'the run reported success although a planted test fails: tampered' }
  if (all.problem !== null) return { ...own, problem: all.problem }
  const statusOf = (name: string): string =>
    all.tests
      .filter(({ id }) => id.includes(name))
      .map(({ status }) => status)
      .join('+')
  if (statusOf(failing) !== 'fail') return { ...own, problem: 'the planted failing test was not reported as failed' }
  if (statusOf(passing) !== 'pass') return { ...own, problem: 'the planted passing test was not reported as passed' }
  return own
}
