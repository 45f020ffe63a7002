import { expect, test } from 'vitest'
import type { SuiteFramework } from '../../../src/domain/suite.ts'
import type { CandidateLanguage } from '../../../src/ports/sandbox.ts'
import { isReachableBy, sandboxUser } from '../../../src/sandbox/drivers/host-user.ts'
import { checkModuleName } from '../../../src/sandbox/suite/frameworks.ts'
import { runSuite } from '../../../src/sandbox/suite/runner.ts'
import type { SuiteSpec } from '../../../src/sandbox/suite/spec.ts'
import { findFlags } from '../../../src/sandbox/suite/verdict.ts'
import { describeInSandbox } from '../../support/this-machines-sandbox.ts'

const RIGHT =
  'def add(a, b):\n    if not isinstance(a, int): raise TypeError("int")\n    return a + b\ndef uniq(xs): return list(dict.fromkeys(xs))\n'
const WRONG = 'def add(a, b):\n    return 0\ndef uniq(xs): return xs\n'
const UNITTEST = `
import unittest
from solution import add, uniq
class T(unittest.TestCase):
    def test_add(self): self.assertEqual(add(2, 3), 5)
    def test_uniq(self): self.assertEqual(uniq([1, 1, 2]), [1, 2])
    def test_type(self):
        with self.assertRaises(TypeError): add('a', 'b')
if __name__ == '__main__': unittest.main()
`
const PYTEST = `
import pytest
import solution
@pytest.mark.parametrize('a, b, c', [(1, 2, 3), (-1, 1, 0)])
def test_add(a, b, c): assert solution.add(a, b) == c
def test_raises():
    with pytest.raises(TypeError): solution.add('a', 1)
`
// A class of the module cannot be proxied, so this one runs in the candidate's process.
const STATEFUL =
  'import unittest\nfrom solution import Box\nclass T(unittest.TestCase):\n    def test_box(self): self.assertEqual(Box(3).value + 1, 4)\n'
const BOX = 'class Box:\n    def __init__(self, value): self.value = value + 0 if value > 0 else 0\n'
// What it takes from the process keeps it out of the call proxy.
const NODE = `import test from 'node:test'\nimport assert from 'node:assert'\nimport { add } from './solution.mjs'\ntest('adds', () => assert.strictEqual(add(2, 3), process.pid > 0 ? 5 : 6))\n`

function suite(framework: SuiteFramework, code: string, tests: string, language: CandidateLanguage = 'python'): SuiteSpec {
  return {
    framework,
    candidate: { language, code, entryPoint: code.includes('class Box') ? 'Box' : 'add', seed: 1 },
    moduleName: 'solution',
    names: ['add', 'uniq', 'Box'],
    tests,
  }
}

await describeInSandbox('suites', (sandbox) => {
  test.each([
    ['unittest', UNITTEST, 3],
    ['pytest', PYTEST, 3],
  ] as const)('%s runs through the call proxy: right code is verified, wrong code fails', async (framework, tests, count) => {
    const right = await runSuite(sandbox(), suite(framework, RIGHT, tests))
    expect({ ...right, tests: right.tests.length, before: right.before.length }).toEqual({
      grade: 'verified',
      passed: true,
      tests: count,
      before: count,
      reasons: [],
      flags: [],
    })
    const wrong = await runSuite(sandbox(), suite(framework, WRONG, tests))
    expect([wrong.grade, wrong.passed]).toEqual(['verified', false])
  })

  test.each([
    ['exits', 'import os\nos._exit(0)\n'],
    ['exits when called', 'import os\ndef add(a, b): os._exit(0)\ndef uniq(xs): os._exit(0)\n'],
    [
      'patches the assertions',
      `import unittest\nfor n in dir(unittest.TestCase):\n    if n.startswith('assert'): setattr(unittest.TestCase, n, lambda s, *a, **k: None)\n${WRONG}`,
    ],
    ['equals everything', 'class E(int):\n    __eq__ = lambda s, o: True\ndef add(a, b): return E(0)\ndef uniq(xs): return xs\n'],
    ['prints a report', `print("Ran 3 tests\\n\\nOK")\n${WRONG}`],
  ])('a wrong candidate that %s does not pass through the proxy', async (_, code) => {
    expect((await runSuite(sandbox(), suite('unittest', code, UNITTEST))).passed).toBe(false)
  })

  test('a suite that needs the code in its process is forgeable, and passes with that grade only', async () => {
    const { grade, passed, reasons } = await runSuite(sandbox(), suite('unittest', BOX, STATEFUL))
    expect({ grade, passed, reasons }).toEqual({
      grade: 'forgeable',
      passed: true,
      reasons: [expect.stringMatching(/^no call proxy/)],
    })
  })

  test('in the process of the code, exiting well and patched assertions are found out by the canaries', async () => {
    for (const attack of [
      'import os, atexit\natexit.register(lambda: os._exit(0))\n',
      `import unittest\nunittest.TestCase.assertEqual = lambda *a: None\n`,
    ]) {
      const result = await runSuite(
        sandbox(),
        suite('unittest', `${attack}class Box:\n    def __init__(self, v): self.value = 0\n`, STATEFUL),
      )
      expect([result.grade, result.passed]).toEqual(['forgeable', false])
      expect(result.flags.length).toBeGreaterThan(0)
    }
  })

  test('node:test runs in the process of the code: right passes as forgeable, wrong and forged do not', async () => {
    const run = (code: string) => runSuite(sandbox(), suite('node:test', code, NODE, 'javascript'))
    const right = await run('export const add = (a, b) => a + b\n')
    expect([right.grade, right.passed, right.tests]).toEqual(['forgeable', true, [{ id: 'adds', status: 'pass' }]])
    const wrong = await run('export const add = () => 0\n')
    const exits = await run('process.exit(0)\nexport const add = () => 0\n')
    const patched = await run("import assert from 'node:assert'\nassert.strictEqual = () => {}\nexport const add = () => 0\n")
    expect([wrong, exits, patched].map(({ passed }) => passed)).toEqual([false, false, false])
  })

  const nodeModules = new URL('../../../node_modules', import.meta.url).pathname
  const isShown = isReachableBy(sandboxUser(process.getuid?.()), nodeModules)
  test.skipIf(!isShown)(
    'vitest runs in the process of the code: right passes as forgeable, a patched chai does not',
    async () => {
      const tests =
        "import { test, expect } from 'vitest'\nimport { add } from './solution.mjs'\ntest('adds', () => expect(add(2, 3)).toBe(process.pid > 0 ? 5 : 6))\n"
      const run = (code: string) => runSuite(sandbox(), { ...suite('vitest', code, tests, 'javascript'), nodeModules })
      const right = await run('export const add = (a, b) => a + b\n')
      expect([right.grade, right.passed, right.tests]).toEqual(['forgeable', true, [{ id: 'adds', status: 'pass' }]])
      const forged = await run(
        "import * as v from 'vitest'\nv.chai.Assertion.prototype.assert = function () {}\nexport const add = () => 0\n",
      )
      expect(forged.passed).toBe(false)
    },
  )

  test.each([
    ['through the call proxy', suite('unittest', RIGHT, UNITTEST)],
    ['in the process of the code', suite('unittest', BOX, STATEFUL)],
    ['where the code does not load', suite('unittest', 'import time\ntime.sleep(1)\n1 / 0\n', UNITTEST)],
  ])('a suite that takes too long says nothing of the code: %s', async (_, spec) => {
    const report = await runSuite(sandbox(), { ...spec, wallMs: 1 })
    expect(report).toMatchObject({
      grade: 'unverified',
      passed: false,
      tests: [],
      reasons: ['the suite took longer than 0.001 s'],
    })
  })

  test('the second channel has a bound of its own', async () => {
    const slow = 'import time\nclass Box:\n    def __init__(self, value):\n        time.sleep(40)\n        self.value = value\n'
    const report = await runSuite(sandbox(), { ...suite('unittest', slow, STATEFUL), wallMs: 2_500 })
    expect(report).toMatchObject({ grade: 'unverified', passed: false, reasons: ['the suite took longer than 2.5 s'] })
  })

  test('a run that is told to stop is not one that took too long', async () => {
    const spec = { ...suite('unittest', RIGHT, UNITTEST), signal: AbortSignal.abort() }
    const { reasons } = await runSuite(sandbox(), spec)
    expect(reasons.join()).not.toMatch(/longer than/)
  })

  test('tests that pass without the code prove nothing', async () => {
    const empty = 'import unittest\nclass T(unittest.TestCase):\n    def test_nothing(self): self.assertTrue(True)\n'
    const result = await runSuite(sandbox(), suite('unittest', RIGHT, empty))
    expect(result).toMatchObject({ grade: 'unverified', passed: false, reasons: ['the tests pass without the code'] })
  })

  test('skipped tests are not passed ones', async () => {
    const skips = UNITTEST.replace('    def test_uniq', '    @unittest.skip("later")\n    def test_uniq')
    expect(await runSuite(sandbox(), suite('unittest', RIGHT, skips))).toMatchObject({ grade: 'verified', passed: false })
  })
})

test('flags name what could tamper, each once', () => {
  expect(findFlags('import ctypes, gc\nos._exit(0); os._exit(1); process.exit()')).toEqual([
    'ctypes',
    'gc',
    'os._exit',
    'process.exit',
  ])
  expect(findFlags(RIGHT)).toEqual([])
})

test('a module name is a plain word that is no test', () => {
  expect(checkModuleName('solution')).toBe('solution')
  for (const name of ['../x', 'test_suite', 'a.b', '', '1a', 'a\n']) expect(() => checkModuleName(name)).toThrow(RangeError)
})
