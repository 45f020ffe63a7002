import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestSuite } from '../../../src/domain/suite.ts'
import type { SuiteJudge } from '../../../src/ports/judge.ts'
import type { Sandbox } from '../../../src/ports/sandbox.ts'
import { createTreeSitterParser } from '../../../src/project/tree-sitter-parser.ts'
import { createSuiteJudge } from '../../../src/sandbox/suite/judge.ts'
import { runSuite } from '../../../src/sandbox/suite/runner.ts'
import { createTestSandbox, whyNotHere } from '../../support/this-machines-sandbox.ts'

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

    test.each([
      ['#!', '#!/usr/bin/env node\nconst fs = require("fs")\nfunction add(a, b) { return a + b }\nmodule.exports = { add }\n'],
      ['a second declarator', 'export const sub = (a, b) => a - b,\n  add = (a, b) => a + b'],
      ['one line', 'const z = 0; export function add(a, b) { return a + b + z }'],
      ['its own module', 'const module = { exports: {} }\nmodule.exports.x = 1\nexport function add(a, b) { return a + b }\n'],
      ['an export in a comment', '/*\nexport function add(a, b)\n*/\nfunction add(a, b) { return a + b }\n'],
      ['an undeclared variable', 'function add(a, b) { t = a + b; return t }\nmodule.exports = { add }\n'],
    ])('a right program is not blamed for the form it has: %s', async (_, code) => {
      expect(await verdict(suite(), code)).toEqual(PASSED)
      const later = suite({ text: TEXT.replace('() => {', 'async () => {') })
      expect(await verdict(later, code)).toMatchObject({ grade: 'forgeable', passed: true })
    })

    test('names that are also those of the language are the business of the program', async () => {
      const own =
        'class Map {}\nclass Set {}\nclass Error {}\nconst Function = 1, Object = {}, Array = [], Reflect = 1, String = 1\n'
      expect(await verdict(suite(), `${own}export function add(a, b) { return a + b }\n`)).toEqual(PASSED)
      expect(await verdict(suite(), 'Map = Set = 1\nfunction add(a, b) { return a + b }\n')).toEqual(PASSED)
    })

    test('a program that loads until its names are to be exported is not judged', async () => {
      const wrap = (code: string): string => `${code}\nexport { add, add }\n`
      const candidate = {
        language: 'javascript',
        code: 'export function add(a, b) { return a + b }\n',
        entryPoint: 'add',
        seed: 0,
      } as const
      const spec = { framework: 'node:test', candidate, moduleName: 'solution', names: ['add'], tests: TEXT } as const
      expect(await runSuite(sandbox, { ...spec, toModule: wrap })).toMatchObject({
        grade: 'unverified',
        passed: false,
        reasons: ['what the tests import could not be exported from the program'],
      })
      expect(
        await runSuite(sandbox, { ...spec, candidate: { ...candidate, code: 'export const = 1' }, toModule: wrap }),
      ).toMatchObject({
        grade: 'verified',
        passed: false,
      })
    })

    test.each([
      ['exported', 'export function add(a, b) { return a + b }\nexport function View() { return <div>hi</div> }\n'],
      ['declared', 'function add(a, b) { return a + b }\nfunction View() { return <div>hi</div> }\n'],
      ['CommonJS', 'const add = (a, b) => a + b\nmodule.exports = { add, View: () => <b>hi</b> }\n'],
    ])('JavaScript with JSX beside the function is not judged, whoever asks: %s', async (_, code) => {
      const reason = 'JavaScript with JSX cannot be run without a compiler'
      const lost = { grade: 'unverified', passed: false }
      expect(await verdict(suite(), code)).toEqual({ ...lost, reasons: [`the program cannot be run: ${reason}`] })
      const candidate = { language: 'javascript', code, entryPoint: 'add', seed: 0 } as const
      const spec = { framework: 'node:test', candidate, moduleName: 'solution', names: ['add'], tests: TEXT } as const
      const wrap = (program: string): string => `${program}\nexport { add as sum }\n`
      expect(await runSuite(sandbox, { ...spec, toModule: wrap })).toMatchObject({ ...lost, reasons: [reason] })
      expect(await runSuite(sandbox, spec)).toMatchObject({ ...lost, reasons: [reason] })
    })

    test('JavaScript with JSX in the tests says nothing of the program, and a program that is broken beside its JSX has failed', async () => {
      const text = TEXT.replace('const three = 3', 'const three = 3, view = <b>hi</b>')
      expect(await verdict(suite({ text }), 'export const add = (a, b) => a + b\n')).toEqual({
        grade: 'unverified',
        passed: false,
        reasons: ['the tests cannot be run: JavaScript with JSX cannot be run without a compiler'],
      })
      const broken = 'export const add = (a, b) => a + b\nexport const view = <b>hi</b>\nconst = 1\n'
      expect(await verdict(suite(), broken)).toMatchObject({ grade: 'verified', passed: false })
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
