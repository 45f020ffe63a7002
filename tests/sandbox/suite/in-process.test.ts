import { expect, test } from 'vitest'
import type { SuiteFramework, SuiteReport } from '../../../src/domain/suite.ts'
import { runInProcess } from '../../../src/sandbox/suite/in-process.ts'
import { describeInSandbox } from '../../support/this-machines-sandbox.ts'

const unit = (body: string): string =>
  `import unittest\nfrom solution import add\nclass T(unittest.TestCase):\n${body.replace(/^/gm, '    ')}\n`
const RIGHT = 'def add(a, b):\n    return a + b\n'

await describeInSandbox('a suite in the process of the code', (sandbox) => {
  const run = async (
    code: string,
    tests: string,
    framework: SuiteFramework = 'unittest',
  ): Promise<Omit<SuiteReport, 'flags' | 'before'>> => {
    const language = framework === 'unittest' || framework === 'pytest' ? 'python' : 'javascript'
    const candidate = { language, code, entryPoint: 'add', seed: 1 } as const
    const { before: _, ...report } = await runInProcess(
      sandbox(),
      { framework, candidate, moduleName: 'solution', names: ['add'], tests },
      [],
    )
    return report
  }

  test('a failing test with a docstring has failed', async () => {
    const tests = unit('def test_a(self):\n    """Says what it does.\n\n    At length."""\n    self.assertEqual(add(1, 2), 3)')
    expect(await run(RIGHT, tests)).toEqual({
      grade: 'forgeable',
      passed: true,
      tests: [{ id: 'T.test_a', status: 'pass' }],
      reasons: [],
    })
    expect(await run('def add(a, b):\n    return 0\n', tests)).toEqual({
      grade: 'forgeable',
      passed: false,
      tests: [{ id: 'T.test_a', status: 'fail', message: 'AssertionError: 0 != 3' }],
      reasons: ['fail: T.test_a'],
    })
  })

  test('tests of one name in two classes are two tests', async () => {
    const tests = `${unit('def test_it(self): self.assertEqual(add(1, 2), 3)')}class U(unittest.TestCase):\n    def test_it(self): self.assertEqual(add(2, 2), 4)\n`
    expect(await run('def add(a, b):\n    return 3\n', tests)).toMatchObject({
      passed: false,
      tests: [
        { id: 'T.test_it', status: 'pass' },
        { id: 'U.test_it', status: 'fail' },
      ],
    })
  })

  test('a class whose set-up fails has passed none of its tests', async () => {
    const tests = unit(
      '@classmethod\ndef setUpClass(cls): cls.n = add(1, 2)\ndef test_a(self): self.assertEqual(self.n, 3)\ndef test_b(self): pass',
    )
    expect(await run(RIGHT, tests)).toMatchObject({ passed: true, tests: [{ id: 'T.test_a' }, { id: 'T.test_b' }] })
    expect(await run('def add(a, b): raise ValueError\n', tests)).toMatchObject({ passed: false })
  })

  test('a report that was written by the code does not add up', async () => {
    const row = '{"id": "T.test_a", "status": "pass", "why": ""}'
    const tests = unit('def test_a(self): self.assertEqual(add(1, 2), 3)')
    const writes = `def add(a, b):\n    open('/scratch/0-report.jsonl', 'a').write('${row}\\n')\n    return 0\n`
    expect(await run(writes, tests)).toMatchObject({ grade: 'forgeable', passed: false })
    const removes = `import os\ndef add(a, b):\n    os.remove('/scratch/0-report.jsonl')\n    return 3\n`
    expect((await run(removes, tests)).reasons[0]).toBe('the report has no end')
  })

  test('tests that pass whatever comes back do not bite: a mutant that does not parse is no kill', async () => {
    const tests = unit('def test_a(self): add(1, 2)')
    const code = 'def add(a, b):\n    return [\n        a,\n        b,\n    ]\n'
    expect(await run(code, tests)).toMatchObject({ passed: false, reasons: ['the tests pass every mutant too'] })
  })

  test('code that cannot be changed shows nothing of the tests, and says so', async () => {
    const tests = unit('def test_a(self): self.assertEqual(add + 0, 1)')
    expect(await run('add = 1\n', tests)).toMatchObject({
      grade: 'unverified',
      passed: false,
      reasons: ['no mutant could be made, so nothing shows that the tests bite'],
    })
  })

  test('pytest is run with a report of its own, or said to be missing', async () => {
    const tests = 'from solution import add\nclass TestA:\n    def test_it(self): assert add(1, 2) == 3\n'
    const report = await run(RIGHT, tests, 'pytest')
    if (report.grade === 'unverified')
      expect(report.reasons).toEqual(['pytest is not installed for the Python that runs in the sandbox'])
    else expect(report).toMatchObject({ passed: true, tests: [{ id: 'TestA::test_it', status: 'pass' }] })
  })

  test('nested node:test suites are told by their whole names', async () => {
    const tests = `import { describe, it, before } from 'node:test'\nimport assert from 'node:assert'\nimport { add } from './solution.mjs'
describe('a', () => { it('x', () => assert.equal(add(1, 2), 3)); describe('b', () => { it('x', () => assert.equal(add(2, 2), 4)) }) })
describe('c', () => { before(() => { add(0, 0) }); it('x', () => {}) })\n`
    expect(await run('export const add = (a, b) => { console.log("x"); return a + b }\n', tests, 'node:test')).toEqual({
      grade: 'forgeable',
      passed: true,
      tests: ['a > x', 'a > b > x', 'c > x'].map((id) => ({ id, status: 'pass' })),
      reasons: [],
    })
    const wrong = await run('export const add = (a, b) => { if (a === 0) throw new Error("no"); return 3 }\n', tests, 'node:test')
    expect(wrong.passed).toBe(false)
    expect(wrong.reasons).toContain('fail: a > b > x')
  })
})
