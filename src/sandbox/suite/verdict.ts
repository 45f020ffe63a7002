import type { SuiteReport, SuiteTest } from '../../domain/suite.ts'

/** Failed tests that are named in a report's reasons. */
const MAX_NAMED = 50

/** Whether every test passed and, where `ids` are known, each of those was reported, as often as it is there. */
export function isGreen(tests: readonly SuiteTest[], ids: readonly string[] | null = null): boolean {
  return (
    tests.length > 0 &&
    tests.every(({ status }) => status === 'pass') &&
    (ids === null ||
      isSameBag(
        ids,
        tests.map(({ id }) => id),
      ))
  )
}

/** Whether both hold the same words equally often, in any order. */
export function isSameBag(a: readonly string[], b: readonly string[]): boolean {
  const counts = new Map<string, number>()
  for (const word of a) counts.set(word, (counts.get(word) ?? 0) + 1)
  for (const word of b) counts.set(word, (counts.get(word) ?? 0) - 1)
  return [...counts.values()].every((count) => count === 0)
}

/** Returns the report of tests that pass without the code. */
export function vacuous(tests: readonly SuiteTest[]): Omit<SuiteReport, 'flags'> {
  return { grade: 'unverified', passed: false, tests, before: tests, reasons: ['the tests pass without the code'] }
}

/** Returns what did not pass, a phrase each, at most 51 of them. */
export function describeFailures(tests: readonly SuiteTest[]): string[] {
  if (tests.length === 0) return ['no test was reported']
  const failed = tests.filter(({ status }) => status !== 'pass')
  const named = failed.slice(0, MAX_NAMED).map(({ id, status }) => `${status}: ${id.slice(0, 200)}`)
  return failed.length > MAX_NAMED ? [...named, `and ${failed.length - MAX_NAMED} more`] : named
}

const FLAGS =
  /\bos\._exit\b|\bctypes\b|\bgc\b|\binspect\b|\bsys\.(settrace|setprofile|modules|_getframe)\b|\batexit\b|\bsignal\b|\bprocess\.(exit|reallyExit|on)\b|\bnode:(module|test|vm)\b|\bvitest\b|\bunittest\b|\bpytest\b/g

/** Returns what in `code` could tamper with a test run in its own process, each once, sorted. */
export function findFlags(code: string): readonly string[] {
  return [...new Set(code.match(FLAGS) ?? [])].sort()
}
