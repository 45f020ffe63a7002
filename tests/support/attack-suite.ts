import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SuiteFramework } from '../../src/domain/suite.ts'
import type { Sandbox } from '../../src/ports/sandbox.ts'
import { runSuite } from '../../src/sandbox/suite/runner.ts'

/** What is needed of a program's entry in the manifest. */
export interface SuiteForgery {
  readonly id: string
  readonly file: string
  readonly lang: 'py' | 'js'
  readonly expect: string
  readonly says?: string
  /** Its tests read constants too, so they run in its own process: a right program passes there, and not as verified. */
  readonly constants?: boolean
}

/** Test files whose verdict a forger wants: of a number no one can guess, and in ways that a look at every item decides. */
const TESTS: Readonly<Record<SuiteFramework, (a: number) => string>> = {
  unittest: (a) => `import unittest
from solution import add, uniq
class T(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)
        self.assertEqual(add(${a}, -7), ${a - 7})
    def test_text(self):
        with self.assertRaises(TypeError): add('a', 1)
    def test_uniq(self):
        self.assertEqual(uniq([1, 1, 2, 3, 3]), [1, 2, 3])
        self.assertEqual(uniq(['a', 'b', 'a']), ['a', 'b'])
`,
  pytest: (a) => `import pytest
from solution import add, uniq
@pytest.mark.parametrize('a, b, c', [(2, 3, 5), (${a}, -7, ${a - 7})])
def test_add(a, b, c): assert add(a, b) == c
def test_text():
    with pytest.raises(TypeError): add('a', 1)
def test_uniq(): assert uniq([1, 1, 2, 3, 3]) == [1, 2, 3]
`,
  'node:test': (a) => `import { test } from 'node:test'
import assert from 'node:assert'
import { add, uniq } from './solution.mjs'
test('add', () => { assert.strictEqual(add(2, 3), 5); assert.strictEqual(add(${a}, -7), ${a - 7}) })
test('uniq', () => { const out = uniq([1, 1, 2, 3, 3]); assert.strictEqual(out.length, 3); assert.ok(out.every((x, at) => x === at + 1)) })
`,
  vitest: (a) => `import { expect, test } from 'vitest'
import { add, uniq } from './solution.mjs'
test('add', () => { expect(add(2, 3)).toBe(5); expect(add(${a}, -7)).toBe(${a - 7}) })
test('uniq', () => { expect(uniq([1, 1, 2, 3, 3])).toEqual([1, 2, 3]) })
`,
}

/** Tests of constants in which nothing but identity, truth and type is asked, so that a stand-in would not be noticed. */
const CONSTANTS: Readonly<Partial<Record<SuiteFramework, string>>> = {
  unittest: `import solution
from solution import LIMIT, ABSENT
class C(unittest.TestCase):
    def test_limit(self): self.assertIsNotNone(LIMIT)
    def test_absent(self): assert ABSENT is None
    def test_debug(self): assert solution.DEBUG is not None
`,
  'node:test': `import { LIMIT, ABSENT, DEBUG } from './solution.mjs'
test('limit', () => { assert.strictEqual(LIMIT, 10); assert.strictEqual(typeof LIMIT, 'number') })
test('absent', () => { assert.ok(!ABSENT) })
test('debug', () => { assert.ok(DEBUG) })
`,
}

/**
 * Judges one forgery by a test file, as a user's tests are run. Refused is a program that was judged and has not passed; where its manifest
 * says only that it must not be verified, it may have passed in its own process. `says` is what the report must hold, so that a forgery that
 * never came so far is not counted as refused.
 */
export async function runSuiteForgery(sandbox: Sandbox, dir: string, program: SuiteForgery, framework: SuiteFramework) {
  const startedAt = performance.now()
  const language = program.lang === 'py' ? 'python' : 'javascript'
  const { passed, grade, reasons, tests } = await runSuite(sandbox, {
    framework,
    candidate: { language, code: readCode(dir, program), entryPoint: 'add', seed: 1 },
    moduleName: 'solution',
    names: program.constants ? ['add', 'uniq', 'LIMIT', 'ABSENT', 'DEBUG'] : ['add', 'uniq'],
    tests: TESTS[framework](100 + Math.floor(Math.random() * 900)) + (program.constants ? (CONSTANTS[framework] ?? '') : ''),
  })
  const said = [...reasons, ...tests.map(({ message }) => message ?? '')].join('; ')
  const shouldPass = program.expect === 'control: verdict pass'
  const problems: string[] = []
  if (shouldPass && !(passed && grade === (program.constants ? 'forgeable' : 'verified')))
    problems.push(`the right solution was judged wrong: ${grade}, ${said}`)
  if (!shouldPass && passed && (grade === 'verified' || program.expect !== 'verdict must not be verified'))
    problems.push(`judged right although it is wrong: ${grade}`)
  if (grade === 'unverified' || said.includes('the code does not load')) problems.push(`the program did not run: ${said}`)
  if (program.says !== undefined && !said.includes(program.says)) problems.push(`what it tries was not seen: ${said}`)
  return { id: program.id, isForgery: !shouldPass, problems, end: grade, ms: Math.round(performance.now() - startedAt) }
}

/** A suite's programs are texts, so what they share is put before them. */
function readCode(dir: string, { file, lang }: SuiteForgery): string {
  const shared = join(dir, lang, lang === 'py' ? 'suite_tell.py' : 'suite_tell.mjs')
  const allowed = lang === 'py' ? "import os\nos.environ['ATK_RUN'] = '1'\n" : "process.env.ATK_RUN = '1'\n"
  return `${allowed}${existsSync(shared) ? readFileSync(shared, 'utf8') : ''}\n${readFileSync(join(dir, file), 'utf8')}`
}
