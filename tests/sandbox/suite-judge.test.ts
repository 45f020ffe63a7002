import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestSuite } from '../../src/domain/suite.ts'
import type { SuiteJudge } from '../../src/ports/judge.ts'
import type { Sandbox } from '../../src/ports/sandbox.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { createSuiteJudge } from '../../src/sandbox/suite-judge.ts'
import { createTestSandbox, whyNotHere } from '../support/this-machines-sandbox.ts'

const TEXT = `import test from 'node:test'\nimport assert from 'node:assert'\nimport { add } from './solution.mjs'\ntest('adds', () => { const three = 3; assert.strictEqual(add(1, 2), three) })\n`
const suite = (part: Partial<TestSuite> = {}): TestSuite => ({
  file: 'solution.test.mjs',
  framework: 'node:test',
  language: 'javascript',
  moduleName: 'solution',
  names: ['add'],
  text: TEXT,
  ...part,
})
const TYPED = suite({ language: 'typescript', text: TEXT.replace('three = 3', 'three: number = 3') })

const why = await whyNotHere('bwrap')
if (why !== null) {
  describe('the judge of test files', () => test.skip(`skipped: ${why}`, () => undefined))
} else {
  describe('the judge of test files', { timeout: 60_000 }, () => {
    let sandbox: Sandbox
    let judge: SuiteJudge
    let projectDir: string
    beforeAll(() => {
      sandbox = createTestSandbox('bwrap')
      projectDir = mkdtempSync(join(tmpdir(), 'judge-'))
      judge = createSuiteJudge({ sandbox, parser: createTreeSitterParser(), projectDir })
    })
    afterAll(async () => {
      await sandbox.dispose()
      rmSync(projectDir, { recursive: true, force: true })
    })
    const verdict = async (tests: TestSuite, program: string): Promise<unknown> => {
      const { grade, passed, reasons } = await judge.judge(tests, program)
      return { grade, passed, reasons }
    }
    const PASSED = { grade: 'verified', passed: true, reasons: [] }

    test('a TypeScript suite judges a TypeScript program, and one that is plain JavaScript', async () => {
      expect(await verdict(TYPED, 'export function add(a: number, b: number): number { return a + b }\n')).toEqual(PASSED)
      expect(await verdict(TYPED, 'export const add = (a, b) => a + b\n')).toEqual(PASSED)
      expect(await verdict(TYPED, 'export const add = (a: number, b: number): number => a\n')).toEqual({
        grade: 'verified',
        passed: false,
        reasons: ['fail: adds'],
      })
    })

    test('a program that only declares, and one that is CommonJS, are judged as modules', async () => {
      expect(await verdict(suite(), 'function add(a, b) { return a + b }\n')).toEqual(PASSED)
      expect(await verdict(suite(), 'module.exports = { add: (a, b) => a + b }\n')).toEqual(PASSED)
      expect(await verdict(suite(), 'exports.add = (a, b) => a - b\n')).toMatchObject({ grade: 'verified', passed: false })
    })

    test('a program without what the tests import has not passed', async () => {
      expect(await verdict(suite(), 'function sum(a, b) { return a + b }\n')).toMatchObject({
        passed: false,
        reasons: [expect.stringMatching(/does not provide an export named 'add'/)],
      })
      expect(await verdict(suite(), '')).toMatchObject({ passed: false })
    })

    test('the default export is one', async () => {
      const text = TEXT.replace('{ add }', 'add')
      expect(await verdict(suite({ names: ['default'], text }), 'export default function (a, b) { return a + b }\n')).toEqual(
        PASSED,
      )
      expect(await verdict(suite({ names: ['default'], text }), 'const add = (a, b) => a + b\n')).toEqual(PASSED)
    })

    test('TypeScript that needs a compiler is not judged, and not passed', async () => {
      expect(await verdict(TYPED, 'export enum E { A }\nexport const add = (a: number, b: number) => a + b\n')).toEqual({
        grade: 'unverified',
        passed: false,
        reasons: [expect.stringMatching(/^the program cannot be run: TypeScript with/)],
      })
      expect(await verdict({ ...TYPED, text: 'const : = 1' }, 'export const add = 1\n')).toMatchObject({ grade: 'unverified' })
    })

    test('a vitest suite that needs vitest says so where there is none; one that only calls functions does not need it', async () => {
      const about = (check: string): TestSuite =>
        suite({
          framework: 'vitest',
          text: `import { expect, test } from 'vitest'\nimport { add } from './solution.mjs'\n${check}\n`,
        })
      const right = 'export const add = (a, b) => a + b\n'
      expect(await verdict(about("test('adds', () => expect(add(1, 2)).toBe(3))"), right)).toEqual(PASSED)
      const report = await judge.judge(about("test('adds', async () => expect(await add(1, 2)).toBe(3))"), right)
      expect({ ...report, reasons: report.reasons.slice(-1) }).toEqual({
        grade: 'unverified',
        passed: false,
        tests: [],
        before: [],
        reasons: ['vitest is not installed in this folder'],
        flags: [],
      })
    })

    test('a Python suite judges a Python program', async () => {
      const text =
        'import unittest\nfrom solution import add\nclass T(unittest.TestCase):\n    def test_add(self): self.assertEqual(add(1, 2), 3)\n'
      const python = suite({ framework: 'unittest', language: 'python', text })
      expect(await verdict(python, 'def add(a, b): return a + b\n')).toEqual(PASSED)
      expect(await verdict(python, 'def add(a, b): return a +\n')).toMatchObject({
        grade: 'verified',
        passed: false,
        reasons: ['the code does not load: failed'],
      })
    })

    test('a judge that is told to stop does', async () => {
      expect(await judge.judge(suite(), 'export const add = 1\n', AbortSignal.abort())).toMatchObject({
        grade: 'unverified',
        passed: false,
      })
    })
  })
}
