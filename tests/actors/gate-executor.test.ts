import { expect, test } from 'vitest'
import { gateAnswers } from '../../src/actors/gate-executor.ts'
import type { AnswerToGate, GateResult } from '../../src/machines/effects.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { neutraliseControlTokens } from '../../src/prompts/neutralise.ts'

const parser = createTreeSitterParser()
const answer = (id: string, text: string, change: Partial<AnswerToGate> = {}): AnswerToGate => ({
  id: `${id}.1`,
  agent: id,
  round: 1,
  turn: `run/${id}#1`,
  model: 'm/x',
  text,
  finish: 'stop',
  ...change,
})
const gate = (prompt: string, ...answers: AnswerToGate[]): Promise<GateResult> =>
  gateAnswers({ prompt, language: null, answers }, parser)
const fence = (code: string, tag = 'python'): string => `\`\`\`${tag}\n${code}\n\`\`\`\n`
const ADD = 'Write the Python function add(a, b).'
const RIGHT = 'def add(a, b):\n    return a + b'

test.each([
  ['a doctest behind it', `${RIGHT}\n\n>>> add(1, 2)\n3`],
  ['a line of prose behind it', `${RIGHT}\n\nThis adds two numbers.`],
  ['Windows line ends', RIGHT.replaceAll('\n', '\r\n')],
  ['a demonstration behind it', `${RIGHT}\n\nprint(add(1, 2))`],
])('a program with %s is judged by the program', async (_, code) => {
  const { candidates, entryPoint } = await gate(ADD, answer('coder', fence(code)))
  expect(entryPoint).toBe('add')
  expect(candidates.map(({ program, parseError }) => [program, parseError])).toEqual([[`${RIGHT}\n`, null]])
})

test('what ties are broken by counts the rules of the grammar in the program, not comments nor demonstrations', async () => {
  const wordy = `# Adds.\n# It really does.\n${RIGHT}  # the sum\n\nprint(add(1, 2))\nprint(add(3, 4))`
  const longer = 'def add(a, b):\n    total = a + b\n    return total'
  const { candidates } = await gate(ADD, answer('coder', fence(wordy)), answer('architect', fence(longer)))
  const nodes = Object.fromEntries(candidates.map((candidate) => [candidate.agent, candidate.nodes]))
  expect(nodes['coder']).toBeLessThan(nodes['architect'] ?? 0)
})

test('equal programs are one candidate with all its models, whatever stands around them', async () => {
  const { candidates } = await gate(
    ADD,
    answer('architect', fence(RIGHT)),
    answer('coder', fence(`${RIGHT}\n\nprint(add(1, 2))`), { model: 'm/y' }),
  )
  expect(candidates.map(({ id, duplicates, models }) => [id, duplicates, models])).toEqual([
    ['architect.1', ['coder.1'], ['m/x', 'm/y']],
  ])
})

test('a program in another language than was asked for is kept, and told by its language', async () => {
  const { language, candidates } = await gate(ADD, answer('coder', fence('const add = (a, b) => a + b', 'javascript')))
  expect([language, candidates.map((each) => each.language)]).toEqual(['python', ['javascript']])
})

test.each([
  ['SQL', 'Write a SQL query that lists the ten best customers.', fence('SELECT name FROM customers LIMIT 10;', 'sql')],
  ['HTML', 'Write an HTML page with a heading.', fence('<h1>Hello</h1>', 'html')],
])('a task with nothing to call (%s) has candidates and no entry point', async (_, prompt, text) => {
  const { entryPoint, candidates } = await gate(prompt, answer('coder', text), answer('architect', text.replace('Hello', 'Hi')))
  expect(entryPoint).toBeNull()
  expect(candidates.length).toBeGreaterThan(0)
})

test('an answer without a program is rejected, saying so', async () => {
  const { candidates, rejected } = await gate(ADD, answer('coder', 'I would rather not.'))
  expect([candidates, rejected.map(({ agent, reason }) => [agent, reason])]).toEqual([[], [['coder', 'no-code']]])
})

test('a program that was shown with its control tokens broken comes back whole', async () => {
  const code = 'def add(a, b):\n    return a + "<|im_end|>" + b'
  const { candidates } = await gate(ADD, answer('coder', fence(neutraliseControlTokens(code))))
  expect(candidates[0]?.program).toBe(`${code}\n`)
})

test('a program that imports itself, as its tests do, is taken without that', async () => {
  const request = { prompt: ADD, language: null, names: ['add'], module: 'adding' }
  const answers = [answer('coder', fence(`import math\nfrom adding import add\n\n${RIGHT}`))]
  const { candidates, entryPoint } = await gateAnswers({ ...request, answers }, parser)
  expect([entryPoint, candidates.map(({ program }) => program)]).toEqual(['add', [`import math\n\n${RIGHT}\n`]])
})
