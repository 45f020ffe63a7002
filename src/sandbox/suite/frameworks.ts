import type { SuiteFramework } from '../../domain/suite.ts'
import type { Mount, RunResult } from '../../ports/sandbox.ts'
import { NODE_REPORT, PYTEST_REPORT, REPORT_FILE, UNITTEST_REPORT } from '../harness/suite-report-harness.ts'
import { agreeWithSummary, parseReport, parseVitest, type SuiteRun } from './reports.ts'

/** How a test framework is run in the candidate's process, and how its report is read. */
export interface Framework {
  readonly language: 'python' | 'javascript'
  readonly testFile: string
  moduleFile(moduleName: string): string
  readonly argv: readonly string[]
  /** Files of our own beside the tests: reporters, and configuration, so that none of the project's is read. */
  readonly extraFiles?: Readonly<Record<string, string>>
  /** Two tests of ours: one that must pass, one that must fail. Their names are random, so they cannot be told from the others. */
  canaries(passing: string, failing: string): string
  /** A module with the names and nothing behind them. */
  stub(names: readonly string[]): string
  parse(result: RunResult): SuiteRun
}

const PYTHON_STUB = (names: readonly string[]): string =>
  names.map((name) => `def ${name}(*args, **kwargs):\n    raise RuntimeError('stub')\n`).join('\n')
const PYTHON_CANARIES = (passing: string, failing: string): string => `
import unittest as _canary_unittest
class Test${passing.slice(5)}(_canary_unittest.TestCase):
    def ${passing}(self): self.assertEqual(1 + 1, 2)
    def ${failing}(self): self.assertEqual(1 + 1, 3)
`

const JAVASCRIPT_STUB = (names: readonly string[]): string =>
  names.map((name) => `export ${name === 'default' ? 'default' : `const ${name} =`} () => { throw new Error('stub') }\n`).join('')

const MODULE = /^[A-Za-z_][A-Za-z0-9_]{0,60}$/

/** Returns `name` when it can be a module's file name; throws `RangeError` otherwise. */
export function checkModuleName(name: string): string {
  if (MODULE.test(name) && !/^test/i.test(name)) return name
  throw new RangeError(`not a module name: ${JSON.stringify(name.slice(0, 80))}`)
}

export const FRAMEWORKS: Readonly<Record<SuiteFramework, Framework>> = {
  unittest: {
    language: 'python',
    testFile: 'test_suite.py',
    moduleFile: (name) => `${name}.py`,
    argv: ['-s', '-B', 'run_suite.py'],
    extraFiles: { 'run_suite.py': UNITTEST_REPORT },
    canaries: PYTHON_CANARIES,
    stub: PYTHON_STUB,
    parse: (result) => agreeWithSummary(parseReport(reportOf(result)), result.stderr.text),
  },
  pytest: {
    language: 'python',
    testFile: 'test_suite.py',
    moduleFile: (name) => `${name}.py`,
    argv: [
      '-s',
      '-B',
      '-m',
      'pytest',
      '-p',
      'no:cacheprovider',
      '--noconftest',
      '-c',
      '/dev/null',
      '--rootdir=/box',
      '--tb=short',
      '-q',
      '-p',
      'suite_report',
      'test_suite.py',
    ],
    extraFiles: { 'suite_report.py': PYTEST_REPORT },
    canaries: PYTHON_CANARIES,
    stub: PYTHON_STUB,
    parse: (result) => agreeWithSummary(parseReport(reportOf(result)), result.stdout.text),
  },
  'node:test': {
    language: 'javascript',
    testFile: 'suite.test.mjs',
    moduleFile: (name) => `${name}.mjs`,
    argv: ['--test-reporter=/box/report.mjs', 'suite.test.mjs'],
    extraFiles: { 'report.mjs': NODE_REPORT },
    canaries: (passing, failing) =>
      `\nimport { test as canaryTest } from 'node:test'\nimport canaryAssert from 'node:assert'\ncanaryTest('${passing}', () => canaryAssert.strictEqual(1 + 1, 2))\ncanaryTest('${failing}', () => canaryAssert.strictEqual(1 + 1, 3))\n`,
    stub: JAVASCRIPT_STUB,
    parse: (result) => parseReport(reportOf(result)),
  },
  vitest: {
    language: 'javascript',
    testFile: 'suite.test.mjs',
    moduleFile: (name) => `${name}.mjs`,
    argv: [
      '/box/node_modules/vitest/vitest.mjs',
      ...['run', '--root', '/box', '--config', '/box/vitest.config.mjs', '--configLoader', 'native'],
      ...['--reporter=json', `--outputFile=/scratch/${REPORT_FILE}`, '--no-color', '--pool=forks', '--maxWorkers=1'],
    ],
    extraFiles: { 'vitest.config.mjs': 'export default { cacheDir: "/scratch/vite", test: { include: ["suite.test.mjs"] } }\n' },
    canaries: (passing, failing) =>
      `\nimport { test as canaryTest, expect as canaryExpect } from 'vitest'\ncanaryTest('${passing}', () => canaryExpect(1 + 1).toBe(2))\ncanaryTest('${failing}', () => canaryExpect(1 + 1).toBe(3))\n`,
    stub: JAVASCRIPT_STUB,
    parse: (result) => parseVitest(reportOf(result)),
  },
}

function reportOf({ files }: RunResult): string {
  const found = files.find(({ path }) => path === REPORT_FILE)
  return found === undefined ? '' : new TextDecoder().decode(found.content)
}

/** Returns the files of one run, below `/box`, read-only. `nodeModules` is a directory on the host that holds the framework. */
export function suiteMounts(
  framework: Framework,
  files: { moduleName: string; code: string; tests: string; nodeModules: string | null },
): readonly Mount[] {
  return [
    ...(files.nodeModules ? [{ kind: 'directory', hostPath: files.nodeModules, boxPath: '/box/node_modules' } as const] : []),
    ...Object.entries(framework.extraFiles ?? {}).map(
      ([name, text]) => ({ kind: 'text', text, boxPath: `/box/${name}` }) as const,
    ),
    { kind: 'text', text: files.code, boxPath: `/box/${framework.moduleFile(files.moduleName)}` },
    { kind: 'text', text: files.tests, boxPath: `/box/${framework.testFile}` },
  ]
}
