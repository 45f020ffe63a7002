import { describe, expect, test } from 'vitest'
import { planEvidence } from '../../src/consensus/plan-evidence.ts'
import { readSuite } from '../../src/consensus/suite-file.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'

const PYTEST = 'import pytest\nfrom merge import merge, split as cut\n\ndef test_one():\n    assert merge([]) == []\n'
const shown = (file: string, text: string, module: string | null = null) => {
  const { framework, language, moduleName, names } = readSuite(file, text, module)
  return { framework, language, moduleName, names }
}

describe('a python test file', () => {
  test('says its framework, the module it takes the code from and the names it takes', () => {
    expect(readSuite('tests/test_merge.py', PYTEST)).toEqual({
      file: 'test_merge.py',
      framework: 'pytest',
      language: 'python',
      moduleName: 'merge',
      names: ['merge', 'split'],
      text: PYTEST,
    })
  })

  test.each([
    [
      'import unittest\nimport bank\nclass T(unittest.TestCase):\n    def test_a(self): bank.open(1); bank.close(2)\n',
      'unittest',
      ['open', 'close'],
    ],
    ['import bank as b\ndef test_a(): assert b.open(1) and b.Account\n', 'pytest', ['open', 'Account']],
    ['from bank import (\n    open,\n    close,\n)\ndef test_a(): open()\n', 'pytest', ['open', 'close']],
  ])('however it imports: %j', (text, framework, names) => {
    expect(shown('test_bank.py', text)).toEqual({ framework, language: 'python', moduleName: 'bank', names })
  })

  test('a module in a package lies beside the tests: its import is rewritten', () => {
    const suite = readSuite(
      'test_x.py',
      'import math\nfrom src.tools.merge import merge\n\ndef test_a(): assert merge([]) == []\n',
    )
    expect([suite.moduleName, suite.text]).toEqual([
      'merge',
      'import math\nfrom merge import merge\n\ndef test_a(): assert merge([]) == []\n',
    ])
    expect(readSuite('test_x.py', 'from .merge import merge\nmerge()\n').text).toBe('from merge import merge\nmerge()\n')
  })

  test('of several modules it is the one the file is named after, or the one that is named', () => {
    const text = 'from helpers import build\nfrom merge import merge\n'
    expect(shown('test_merge.py', text).moduleName).toBe('merge')
    expect(shown('test_all.py', text, 'helpers')).toMatchObject({ moduleName: 'helpers', names: ['build'] })
  })
})

describe('a javascript or typescript test file', () => {
  test.each([
    [
      'merge.test.mjs',
      "import test from 'node:test'\nimport { merge, cut as c } from '../src/merge.js'\n",
      'node:test',
      'javascript',
      'merge',
      ['merge', 'cut'],
    ],
    [
      'merge.test.ts',
      "import { expect, test } from 'vitest'\nimport merge, { type Span } from './merge.ts'\n",
      'vitest',
      'typescript',
      'merge',
      ['Span', 'default'],
    ],
    [
      'all.test.js',
      "import { test } from 'node:test'\nimport * as bank from './bank-account.js'\nbank.open(1)\n",
      'node:test',
      'javascript',
      'bank_account',
      ['open'],
    ],
  ])('%s', (file, text, framework, language, moduleName, names) => {
    const suite = readSuite(file, text)
    expect({ ...suite, text: '' }).toMatchObject({ framework, language, moduleName, names })
    expect(suite.text).toContain(`from './${moduleName}.mjs'`)
    expect(suite.text).not.toMatch(/from '\.{1,2}\/.*(?<!\.mjs)'/)
  })
})

test.each([
  ['test_a.rb', 'x', 'it is no .py, .js, .mjs, .ts or .mts file'],
  ['test_a.py', '  \n', 'it is empty'],
  ['test_a.py', 'import math\ndef test_a(): pass\n', 'it imports no module that could be the code'],
  ['test_all.py', 'from a import x\nfrom b import y\n', 'the code could be any of a, b'],
  ['test_a.py', 'import a\ndef test_a(): pass\n', 'it takes no name from a'],
  ['a.test.js', "import { a } from './a.js'\n", 'it imports neither node:test nor vitest'],
  ['a.test.js', "import test from 'node:test'\nconst { a } = require('./a')\n", 'it uses require; only import is understood'],
  ['test_a.py', `from a import b\n#${'x'.repeat(270_000)}`, 'it has 270017 characters; 262144 are the most'],
])('%s with %j is refused, saying why and what to do', (file, text, why) => {
  const refused = (() => {
    try {
      readSuite(file, text)
      return null
    } catch (error) {
      return error
    }
  })()
  expect(refused).toBeInstanceOf(CodeConductorError)
  expect(refused).toMatchObject({
    code: 'USAGE',
    message: `--tests ${file}: ${why}`,
    hint: expect.stringMatching(/^codeconductor /),
  })
})

test('plain statements of the tests are examples; what holds only under a condition is not', () => {
  const tests = `import pytest
from adding import add

def test_sum():
    assert add(1, 2) == 3
    for n in range(3):
        assert add(0, 0) == n
    with pytest.raises(TypeError):
        assert add(1, None) == 1

def test_more():
    assert add(2, 2) == 4
    assert add(x, 2) == 4
`
  const plan = planEvidence({ prompt: 'Write add(a, b). add(1, 2) == 3', entryPoint: 'add', language: 'python', tests }, [])
  expect(plan.examples.map(({ source, writer }) => [source, writer])).toEqual([
    [expect.stringContaining('add(1, 2) == 3'), null],
    [expect.stringContaining('add(2, 2) == 4'), null],
  ])
})

test('the checks of unittest are read as what they state, in either order, and nothing that is not plain', () => {
  const tests = `import unittest
from adding import add

class T(unittest.TestCase):
    def test_sum(self): self.assertEqual(add(1, 2), 3)
    def test_more(self):
        self.assertEqual(4, add(2, 2))
        self.assertListEqual(add([1], [2]), [1, 2])
        self.assertTrue(add(0, 0) == 0)
        self.assertFalse(add(0, 1))
        self.assertIsNone(add(1, 1))
        self.assertAlmostEqual(add(0.1, 0.2), 0.3, places=3)
        self.assertAlmostEqual(add(0.2, 0.2), 0.4, 2)
        self.assertNotEqual(add(5, 5), 11)
        self.assertEqual(add(x, 2), 4)
        self.assertIn(add(1, 2), [3])
        with self.assertRaises(TypeError):
            self.assertEqual(add(1, None), 1)
`
  const plan = planEvidence({ prompt: 'Write add(a, b).', entryPoint: 'add', language: 'python', tests }, [])
  const int = (v: string) => ({ t: 'int', v })
  expect(plan.examples.map(({ expected }) => expected)).toEqual([
    { kind: 'equals', value: int('3'), tolerance: null },
    { kind: 'equals', value: int('4'), tolerance: null },
    { kind: 'equals', value: { t: 'list', v: [int('1'), int('2')] }, tolerance: null },
    { kind: 'equals', value: int('0'), tolerance: null },
    { kind: 'falsy' },
    { kind: 'equals', value: { t: 'none' }, tolerance: null },
    { kind: 'equals', value: { t: 'float', v: '0.3' }, tolerance: { absolute: 0.0005, relative: 0 } },
    { kind: 'equals', value: { t: 'float', v: '0.4' }, tolerance: { absolute: 0.005, relative: 0 } },
    { kind: 'differs', value: int('11') },
  ])
})
