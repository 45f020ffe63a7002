import { expect, test } from 'vitest'
import { readRows } from '../../bench/consensus-data.ts'
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
  ['Delete a node from a linked list.', null],
  ['Return the value stored in node.', null],
  ['A binary tree with node values; for node in tree order.', null],
  ['Every Node object has a next field. Insert in Node order.', null],
  ['Write a Python class Node.', 'python'],
  ['def depth(node):\n    """Depth of the tree with root Node, for Node.js users too."""', 'python'],
  ['Solve it in Node 20.', 'javascript'],
  ['A script for Node, please', 'javascript'],
  ['It has to run with node.', 'javascript'],
  ['a Node.js script', 'javascript'],
  ['runs on NodeJS', 'javascript'],
])('%j asks for %j', (prompt, expected) => {
  expect(languageOfTask(prompt)).toBe(expected)
})

const RECORDED = '../shared/data/consensus'
const files = ['humaneval_codegen16b.jsonl', 'humaneval_multimodel.jsonl'].map((name) => readRows(RECORDED, name))
const rows = files.includes(null) ? null : (files.flat() as { prompt: string; original_prompt?: string }[])

test.skipIf(rows === null)(
  `every recorded Python task is taken for one${rows === null ? ` (skipped: no ${RECORDED})` : ''}`,
  () => {
    const prompts = (rows ?? []).flatMap((row) => [row.prompt, row.original_prompt ?? row.prompt])
    expect(prompts.filter((prompt) => languageOfTask(prompt) !== 'python')).toEqual([])
    expect(prompts.length).toBeGreaterThan(0)
  },
)
