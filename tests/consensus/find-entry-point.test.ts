import { expect, test } from 'vitest'
import { findEntryPoint, languageOfTask } from '../../src/consensus/find-entry-point.ts'

test.each([
  ['Write merge_intervals(intervals) in Python.', [['merge_intervals', 'key']], 'merge_intervals'],
  ['Write a Python function merge(xs) that …', [['solve']], 'merge'],
  ['def helper(x):\n  ...\ndef area(w, h):\n    """Area."""\n', [['area']], 'area'],
  ['Return the sum. add(1, 2) == 3', [['add'], ['add', 'main']], 'add'],
  ['Sort the list `xs` with `bubble`.', [['bubble']], 'bubble'],
  ['Sum two numbers.', [['total'], ['total'], ['add']], 'total'],
  ['Sum two numbers.', [['a'], ['b']], null],
  ['A small web page.', [], null],
])('%j with programs that define %j asks for %j', (prompt, definitions, expected) => {
  expect(findEntryPoint(prompt, definitions)).toBe(expected)
})

test.each([
  ['a Python function', 'python'],
  ['in TypeScript please', 'typescript'],
  ['function add(a, b) { … }', 'javascript'],
  ['a FastAPI endpoint', 'python'],
  ['do something', null],
])('%j asks for %j', (prompt, expected) => {
  expect(languageOfTask(prompt)).toBe(expected)
})
