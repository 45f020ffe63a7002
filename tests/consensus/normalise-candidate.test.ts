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
