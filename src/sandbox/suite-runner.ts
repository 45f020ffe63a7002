import { randomBytes } from 'node:crypto'
import type { SuiteReport, SuiteTest } from '../domain/suite.ts'
import type { Sandbox } from '../ports/sandbox.ts'
import { mutants } from './mutate.ts'
import type { SuiteSpec } from './suite.ts'
import { checkModuleName, FRAMEWORKS, type Framework, suiteMounts } from './suite-frameworks.ts'
import { answerNothing, askCandidate, runThroughProxy } from './suite-proxy.ts'

/**
 * Runs a suite. First through the call proxy, where the tests' process holds no candidate byte (`verified`); where the tests do more
 * than call functions with plain values, in the candidate's process with canaries, a stub and a mutant (`forgeable`).
 * Tests that pass without the code prove nothing (`unverified`).
 */
export async function runSuite(sandbox: Sandbox, spec: SuiteSpec): Promise<SuiteReport> {
  checkModuleName(spec.moduleName)
  const flags = findFlags(spec.candidate.code)
  if (spec.candidate.language !== 'python')
    return runInProcess(sandbox, spec, flags, ['JavaScript suites run in the process of the code'])
  const empty = await runThroughProxy(sandbox, spec, answerNothing)
  if (empty.kind === 'cannot') return runInProcess(sandbox, spec, flags, [`no call proxy: ${empty.why}`])
  if (isGreen(empty.tests)) return vacuous(empty.tests, flags)
  const before = empty.tests
  const session = await sandbox.open(spec.candidate, spec.signal === undefined ? {} : { signal: spec.signal })
  try {
    const load = await session.load()
    if (load.kind !== 'loaded') {
      const grade = load.kind === 'not-run' ? 'unverified' : 'verified'
      const tests = before.map(({ id }): SuiteTest => ({ id, status: 'fail', message: 'the code does not load' }))
      return { grade, passed: false, tests, before, reasons: [`the code does not load: ${load.kind}`], flags }
    }
    const real = await runThroughProxy(sandbox, spec, askCandidate(session))
    if (real.kind === 'cannot') return await runInProcess(sandbox, spec, flags, [`no call proxy: ${real.why}`])
    const passed = isGreen(real.tests)
    return { grade: 'verified', passed, tests: real.tests, before, reasons: passed ? [] : describeFailures(real.tests), flags }
  } finally {
    await session.close()
  }
}

/** The in-process channel. Everything it reports could have been written by the candidate, so it has to stand four checks. */
async function runInProcess(
  sandbox: Sandbox,
  spec: SuiteSpec,
  flags: readonly string[],
  reasons: readonly string[],
): Promise<SuiteReport> {
  const framework = FRAMEWORKS[spec.framework]
  const stub = await runOnce(sandbox, framework, spec, framework.stub(spec.names))
  const unverified = (why: string): SuiteReport => ({
    grade: 'unverified',
    passed: false,
    tests: [],
    before: stub.tests,
    reasons: [...reasons, why],
    flags,
  })
  if (stub.problem !== null) return unverified(`the suite does not run against a stub: ${stub.problem}`)
  if (stub.tests.length === 0) return unverified('the suite has no tests')
  if (isGreen(stub.tests)) return vacuous(stub.tests, flags)
  const real = await runOnce(sandbox, framework, spec, spec.candidate.code)
  const why: string[] = real.problem === null ? describeFailures(real.tests) : [real.problem]
  const missing = stub.tests.filter(({ id }) => !real.tests.some((test) => test.id === id))
  if (missing.length > 0) why.push(`${missing.length} tests were not reported`)
  const changed = mutants(spec.candidate.code)
  if (why.length === 0 && changed.length > 0 && !(await killsOne(sandbox, framework, spec, changed)))
    why.push('the tests pass every mutant too')
  const notes = changed.length === 0 ? ['no mutant could be made'] : []
  const all = [...reasons, ...notes, ...why]
  return { grade: 'forgeable', passed: why.length === 0, tests: real.tests, before: stub.tests, reasons: all, flags }
}

async function killsOne(sandbox: Sandbox, framework: Framework, spec: SuiteSpec, changed: readonly string[]): Promise<boolean> {
  for (const mutant of changed) {
    const { tests, problem } = await runOnce(sandbox, framework, spec, mutant)
    if (problem !== null || !isGreen(tests)) return true
  }
  return false
}

/**
 * Runs the suite once with fresh canaries. `problem` is set when the report contradicts itself: a canary that must fail did not, or the
 * process ended well although a test failed in it.
 */
async function runOnce(
  sandbox: Sandbox,
  framework: Framework,
  spec: SuiteSpec,
  code: string,
): Promise<{ readonly tests: readonly SuiteTest[]; readonly problem: string | null }> {
  const passing = `test_${randomBytes(6).toString('hex')}`
  const failing = `test_${randomBytes(6).toString('hex')}`
  const tests = spec.tests + framework.canaries(passing, failing)
  const result = await sandbox.run({
    language: framework.language,
    argv: framework.argv,
    cwd: '/box',
    mounts: suiteMounts(framework, { moduleName: spec.moduleName, code, tests, nodeModules: spec.nodeModules ?? null }),
    limits: { cpuMs: 20_000 },
    ...(spec.signal === undefined ? {} : { signal: spec.signal }),
  })
  const all = framework.parse(result)
  const ours = new Set([passing, failing])
  const own = all.filter(({ id }) => !ours.has(id))
  const statusOf = (name: string): string =>
    [...new Set(all.filter(({ id }) => id === name).map(({ status }) => status))].join('+')
  if (result.end !== 'exit') return { tests: own, problem: `the run ended with ${result.end}` }
  if (result.code === 0) return { tests: own, problem: 'the run reported success although a planted test fails: tampered' }
  if (statusOf(failing) !== 'fail') return { tests: own, problem: 'the planted failing test was not reported as failed' }
  if (statusOf(passing) !== 'pass') return { tests: own, problem: 'the planted passing test was not reported as passed' }
  return { tests: own, problem: null }
}

function isGreen(tests: readonly SuiteTest[]): boolean {
  return tests.length > 0 && tests.every(({ status }) => status === 'pass')
}

function vacuous(tests: readonly SuiteTest[], flags: readonly string[]): SuiteReport {
  return { grade: 'unverified', passed: false, tests, before: tests, reasons: ['the tests pass without the code'], flags }
}

function describeFailures(tests: readonly SuiteTest[]): string[] {
  if (tests.length === 0) return ['no test was reported']
  return tests.filter(({ status }) => status !== 'pass').map(({ id, status }) => `${status}: ${id.slice(0, 200)}`)
}

const FLAGS =
  /\bos\._exit\b|\bctypes\b|\bgc\b|\binspect\b|\bsys\.(settrace|setprofile|modules|_getframe)\b|\batexit\b|\bsignal\b|\bprocess\.(exit|reallyExit|on)\b|\bnode:(module|test|vm)\b|\bvitest\b|\bunittest\b|\bpytest\b/g

/** Returns what in `code` could tamper with a test run in its own process, each once, sorted. */
export function findFlags(code: string): readonly string[] {
  return [...new Set(code.match(FLAGS) ?? [])].sort()
}
