import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agreeWithSummary, parseReport, parseVitest } from '../../../src/sandbox/suite/reports.ts'
import { isGreen, isSameBag } from '../../../src/sandbox/suite/verdict.ts'

const line = (row: unknown): string => `${JSON.stringify(row)}\n`
const PASS = line({ id: 'a', status: 'pass', why: '' })
const FAIL = line({ id: 'b', status: 'fail', why: 'no' })

test('a report that adds up is taken as it is', () => {
  expect(parseReport(line({ ids: ['a', 'b'] }) + PASS + FAIL + line({ end: { total: 2, failed: 1 } }))).toEqual({
    tests: [
      { id: 'a', status: 'pass' },
      { id: 'b', status: 'fail', message: 'no' },
    ],
    ids: ['a', 'b'],
    problem: null,
    failed: 1,
  })
})

test.each([
  ['has no end', PASS],
  ['counts one more', PASS + line({ end: { total: 2, failed: 0 } })],
  ['counts another failure', FAIL + line({ end: { total: 1, failed: 0 } })],
  ['goes on after its end', line({ end: { total: 0, failed: 0 } }) + PASS],
  ['has a line of its own', `OK\n${PASS}${line({ end: { total: 1, failed: 0 } })}`],
  ['has a status of its own', line({ id: 'a', status: 'ok' }) + line({ end: { total: 1, failed: 0 } })],
  ['is empty', ''],
])('a report that %s is a problem', (_, text) => {
  expect(parseReport(text).problem).not.toBeNull()
})

test('the summary that was printed has to count the same failures', () => {
  const run = parseReport(PASS + FAIL + line({ end: { total: 2, failed: 1 } }))
  const problemOf = (printed: string) => agreeWithSummary(run, printed).problem
  expect(problemOf('Ran 2 tests in 0.001s\n\nFAILED (failures=1)\n')).toBeNull()
  expect(problemOf('Ran 2 tests in 0.001s\n\nFAILED (failures=1, expected failures=4)\n')).toBeNull()
  expect(problemOf('OK\nRan 2 tests\n\nFAILED (failures=1, errors=1)\n')).toMatch(/counts 2/)
  expect(problemOf('FAILED (failures=1)\n\nOK\n')).toMatch(/counts 0/)
  expect(problemOf('1 failed, 1 passed in 0.02s\n')).toBeNull()
  expect(problemOf('2 passed in 0.02s\n')).toMatch(/counts 0/)
  expect(problemOf('')).toMatch(/no summary/)
})

test('the report of vitest is read with whole names and its own counts', () => {
  const rows = [
    { ancestorTitles: ['a'], title: 'x', status: 'passed', failureMessages: [] },
    { ancestorTitles: [], title: 'x', status: 'failed', failureMessages: ['Error: no\n  at y'] },
  ]
  const report = { numTotalTests: 2, numFailedTests: 1, testResults: [{ assertionResults: rows }] }
  expect(parseVitest(JSON.stringify(report))).toEqual({
    tests: [
      { id: 'a > x', status: 'pass' },
      { id: 'x', status: 'fail', message: 'Error: no' },
    ],
    ids: ['a > x', 'x'],
    problem: null,
    failed: 1,
  })
  expect(parseVitest(JSON.stringify({ ...report, numFailedTests: 0 })).problem).not.toBeNull()
  expect(parseVitest('{').problem).not.toBeNull()
})

const hostile = fc.oneof(
  fc.constantFrom(
    '{',
    '[',
    '"',
    '\\',
    ' ',
    '\n',
    '=',
    '0',
    '1 failed ',
    'FAILED (',
    'failures=1',
    'OK',
    PASS,
    FAIL,
    '{"ids":[',
    '{"end":{',
  ),
  fc.string(),
)

test('a hostile report of 256 KiB is read to its end, and never throws', () => {
  fc.assert(
    fc.property(hostile, hostile, (a, b) => {
      const text = (a + b).repeat(Math.ceil(262_144 / Math.max(1, a.length + b.length))).slice(0, 262_144)
      const run = parseReport(text)
      expect(run.tests.length).toBeLessThanOrEqual(2_000)
      expect(parseVitest(text).tests.length).toBeLessThanOrEqual(2_000)
      expect(agreeWithSummary({ ...run, problem: null }, text).tests).toBe(run.tests)
    }),
    { numRuns: 60 },
  )
})

test('each test is reported as often as it was collected', () => {
  const pass = (id: string) => ({ id, status: 'pass' }) as const
  expect(isGreen([pass('a'), pass('b')], ['b', 'a'])).toBe(true)
  expect(isGreen([pass('a'), pass('a')], ['a', 'b'])).toBe(false)
  expect(isGreen([pass('a')], ['a', 'a'])).toBe(false)
  expect(isGreen([], [])).toBe(false)
  fc.assert(fc.property(fc.array(fc.string()), (words) => isSameBag(words, [...words].reverse())))
})
