import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normaliseCandidate } from '../../src/consensus/normalise-candidate.ts'
import { pythonTopLevel } from '../../src/consensus/python-toplevel.ts'

const DRAFT = `import math

LIMIT = 10
# a comment at the margin
def f(x):
    """Adds.

def not_code(): in a docstring
    """
    return x + LIMIT

try:
    import numpy
except ImportError:
    numpy = None

result = f(3)
print(f(2))
for n in range(3):
    print(n)
assert f(1) == 11
name = input('who? ')
if __name__ == '__main__':
    import sys
    f(int(sys.argv[1]))
`

test('imports, definitions and plain assignments stay; demonstrations go', () => {
  const kept = normaliseCandidate(DRAFT, 'python', { prompt: 'Add.', entryPoint: 'f' })
  expect(pythonTopLevel(kept).map((statement) => statement.head)).toEqual(['import', 'LIMIT', 'def', 'try'])
  expect(kept).toContain('def not_code(): in a docstring')
})

test('what the task declares and the candidate leaves out stands in front, the asked function does not', () => {
  const prompt = 'from typing import List\n\ndef helper(x):\n    return x\n\ndef f(x: List[int]):\n    """helps"""\n'
  expect(
    normaliseCandidate('from __future__ import annotations\ndef f(x):\n    return helper(x)', 'python', {
      prompt,
      entryPoint: 'f',
    }),
  ).toBe(
    'from __future__ import annotations\n\nfrom typing import List\n\ndef helper(x):\n    return x\n\ndef f(x):\n    return helper(x)\n',
  )
})

test('a helper that the candidate defines itself is not declared twice', () => {
  const prompt = 'def helper(x):\n    return x\n'
  const own = 'def helper(x):\n    return 2\n\ndef f(x):\n    return helper(x)\n'
  expect(normaliseCandidate(own, 'python', { prompt, entryPoint: 'f' })).toBe(own)
})

test('a cut demonstration at the end does not cost the program', () => {
  expect(normaliseCandidate('def f(x):\n    return x\n\nassert f([1,', 'python', { prompt: '', entryPoint: 'f' })).toBe(
    'def f(x):\n    return x\n',
  )
})

test('a bracket that is never closed does not swallow the definitions behind it', () => {
  expect(pythonTopLevel('print((1\ndef f(x):\n    return x').map((statement) => statement.head)).toEqual(['print', 'def'])
})

test('decorators, async and clauses stay with their statement', () => {
  const text = '@cache\nasync def f(x):\n    return x\n\nif A:\n    def g(): ...\nelse:\n    def g(): ...\n'
  expect(pythonTopLevel(text).map((statement) => statement.head)).toEqual(['def', 'if'])
})

test('Windows line ends and trailing space make no other program', () => {
  const task = { prompt: '', entryPoint: 'f' }
  expect(normaliseCandidate('def f(x):\r\n    return x\r\n', 'python', task)).toBe(
    normaliseCandidate('def f(x):\n    return x', 'python', task),
  )
})

test.each([
  'f = lambda n: 1 if n < 2 else n * f(n - 1)',
  'f: Callable[[int], int] = lambda n: f(n - 1)',
  'f, g = lambda n: f(n - 1), 2',
  'f = memo(f)',
  'helper = lambda x: f(x - 1)',
  'helper = (lambda x: f(x - 1))',
  'helper = functools.lru_cache(maxsize=None)(lambda x: f(x - 1))',
])('%j defines a function and stays', (text) => {
  expect(normaliseCandidate(text, 'python', { prompt: '', entryPoint: 'f' })).toBe(`${text}\n`)
})

test.each(['x = f(3)', 'x = (lambda n: f(n))(3)', 'x, y = f(1), f(2)', 'x = list(map(lambda n: f(n), [1, 2]))'])(
  '%j is a demonstration and goes',
  (text) => {
    expect(normaliseCandidate(`y = 1\n${text}`, 'python', { prompt: '', entryPoint: 'f' })).toBe('y = 1\n')
  },
)

test.each([
  'class Node has two fields:\n  - value\n  - next',
  'class Node:\n  - value: a number\n  - next: the next node',
  'class Node: what a list is made of\n    and no more',
  'def helper is what you may use:\n    it sorts',
  'def helper(x): sorts x\n    in place',
  'from the list import what you need',
  'from math import the constant pi',
])('the prose %j of a task is no Python that stands in front', (prompt) => {
  expect(normaliseCandidate('def f(x):\n    return x', 'python', { prompt, entryPoint: 'f' })).toBe('def f(x):\n    return x\n')
})

test.each([
  'class Node:\n    def __init__(self, value):\n        self.value = value',
  'class Node(Base, metaclass=M):  # a node\n    value = 1',
  '@dataclass\nclass Node:\n    value: int',
  'def helper(\n    x: int = (1),\n) -> dict[str, int]:\n    return {}',
  'async def helper(x):\n    return x',
  'from typing import (\n    List,\n    Dict as D,\n)',
  'import os.path as p, sys',
])('the code %j of a task stands in front', (given) => {
  expect(normaliseCandidate('def f(x):\n    return x', 'python', { prompt: `${given}\n\nWrite f.`, entryPoint: 'f' })).toBe(
    `${given}\n\ndef f(x):\n    return x\n`,
  )
})

test('the tests that a task shows are no part of the program', () => {
  const prompt = [
    'import pytest',
    'from unittest import TestCase',
    'from solution import f, g',
    'import math',
    'def test_f():\n    assert f(1) == 2',
    'class TestF(TestCase):\n    def test_f(self):\n        self.assertEqual(f(1), 2)',
  ].join('\n\n')
  expect(normaliseCandidate('def f(x):\n    return x', 'python', { prompt, entryPoint: 'f' })).toBe(
    'import math\n\ndef f(x):\n    return x\n',
  )
})

const GIVEN = `Use these:
\`\`\`js
export function helper(x) {
  return twice(x) + LIMIT // }
}
const twice = (x) =>
  x * 2
const LIMIT = 10;
const unused = [
  1,
]
class Node {
  constructor(value) { this.value = value }
}
function f(x) {}
\`\`\`
function helper is what you may use (it adds).
const rest = what is left over
const word = (a, b) of words
function broken(x) {
`

test.each(['javascript', 'typescript'])('the %s helpers that a task gives and the candidate needs stand in front', (language) => {
  const task = { prompt: GIVEN.replaceAll('\n', '\r\n'), entryPoint: 'f' }
  const program = normaliseCandidate('function f(rest, word, broken) {\n  return helper(rest)\n}\n', language, task)
  expect(program).toBe(
    [
      'function helper(x) {\n  return twice(x) + LIMIT // }\n}',
      'const twice = (x) =>\n  x * 2',
      'const LIMIT = 10;',
      'function f(rest, word, broken) {\n  return helper(rest)\n}\n',
    ].join('\n\n'),
  )
  expect(normaliseCandidate(program, language, task)).toBe(program)
})

test.each([
  'function helper(x) {\n  return 1\n}\nfunction f(x) {\n  return helper(x)\n}\n',
  'const { helper } = tools\nconst f = (x) => helper(x)\n',
  "import { helper } from './helper.js'\nexport const f = (x) => helper(x)\n",
  'const helper = (x) => x, f = helper\n',
])('a JavaScript helper that the candidate %j has itself is not declared twice', (own) => {
  expect(normaliseCandidate(own, 'javascript', { prompt: GIVEN, entryPoint: 'f' })).toBe(own)
})

test('JavaScript demonstrations at the margin go', () => {
  const text = 'function f(x) {\n  console.log(x)\n  return x\n}\nconsole.log(f(2))\n'
  expect(normaliseCandidate(text, 'javascript')).toBe('function f(x) {\n  console.log(x)\n  return x\n}\n')
})

test('a JavaScript test block goes as a whole, and what only looks like one stays', () => {
  const kept = 'const it = 5\nfunction f(x) {\n  return x\n}\n'
  const block = "describe('f', () => {\n  it('works )', () => {\n    expect(f(1)).toBe(1) // :)\n  })\n})\n"
  expect(normaliseCandidate(kept + block, 'typescript')).toBe(kept)
  expect(normaliseCandidate('test(function () {', 'javascript')).toBe('test(function () {\n')
})

test('normalising twice changes nothing more', () => {
  const lines = fc.constantFrom(
    'def f(x):',
    '    return x',
    'x = 1',
    'print(f(1))',
    '',
    '# c',
    '@d',
    '"""',
    "'",
    '(',
    ')',
    'if x:',
    'else:',
    '\\',
  )
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 12 }), (parts) => {
      const once = normaliseCandidate(parts.join('\n'), 'python')
      expect(normaliseCandidate(once, 'python')).toBe(once)
    }),
  )
})
