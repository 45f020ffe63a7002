import { expect, test } from 'vitest'
import { mutants } from '../../../src/sandbox/suite/mutate.ts'

test('a mutant differs in one place and is of the same language', () => {
  expect(mutants('def f(a, b):\n    return a + b\n')).toEqual([
    'def f(a, b):\n    return a - b\n',
    'def f(a, b):\n    return None\n',
    'def f(a, b):\n    return None\n    return a + b\n',
  ])
  expect(mutants('function f(x) {\n  return g(x);\n}\n')).toEqual([
    'function f(x) {\n  return null;\n}\n',
    'function f(x) { return null;\n  return g(x);\n}\n',
  ])
  expect(mutants('def g(n): yield from range(n)\n')).toEqual(['def g(n): return None; yield from range(n)\n'])
  expect(mutants('const f = (a) => (a ? g : h)\n')).toEqual(['const f = (a) => null\n'])
  expect(mutants('x')).toEqual([])
})

test('an expression over several lines is not cut', () => {
  expect(mutants('def f(a):\n    return [\n        a,\n    ]\n')).toEqual([
    'def f(a):\n    return None\n    return [\n        a,\n    ]\n',
  ])
  expect(mutants("def f(a):\n    return '(' + a\n")).toContain('def f(a):\n    return None\n')
  expect(mutants('const f = (a) =>\n  g(a, [\n    1,\n  ])\n')).toEqual([])
})

test('what the tests take from the code is changed first', () => {
  const code = 'def other(a):\n    return a + 1\ndef wanted(a):\n    return a + 2\n'
  expect(mutants(code, 2, ['wanted'])).toEqual([
    'def other(a):\n    return a + 1\ndef wanted(a):\n    return a - 2\n',
    'def other(a):\n    return a + 1\ndef wanted(a):\n    return None\n    return a + 2\n',
  ])
  expect(mutants(code, 1, ['$', 'a.b'])).toEqual(['def other(a):\n    return a - 1\ndef wanted(a):\n    return a + 2\n'])
})
