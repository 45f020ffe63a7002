import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createExecuteExecutor } from '../../src/actors/execute-executor.ts'
import { createSuiteExecutor } from '../../src/actors/suite-executor.ts'
import { replayRecords } from '../../src/app/replay-run.ts'
import { type RunResult, startRun } from '../../src/app/start-run.ts'
import { sayScript } from '../../src/backends/mock.ts'
import { readSuite } from '../../src/consensus/suite-file.ts'
import type { RunSpecInput } from '../../src/domain/run-spec.ts'
import type { Sandbox } from '../../src/ports/sandbox.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { createSuiteJudge } from '../../src/sandbox/suite/judge.ts'
import { persona, recordsOf, spec, testServices } from '../support/test-services.ts'
import { createTestSandbox, whyNotHere } from '../support/this-machines-sandbox.ts'

/* Whole runs on a real sandbox with evidence and programs nobody would wish for: each ends typed, loses nothing, and replays without one. */

const python = (code: string): string => `\`\`\`python\n${code}\n\`\`\`\n`
const ADD = python('def add(a, b):\n    return a + b')
const TASK = 'Write the Python function add(a, b).\nadd(1, 2) == 3'

const why = await whyNotHere('bwrap')
describe.skipIf(why !== null)(`runs on bad evidence${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let sandbox: Sandbox
  beforeAll(() => {
    sandbox = createTestSandbox('bwrap')
  })
  afterAll(() => sandbox.dispose())

  /** Runs agents that say the same in every turn; `tester` writes tests and nothing else. */
  async function runOf(
    prompt: string,
    said: Readonly<Record<string, string>>,
    change: Partial<RunSpecInput> = {},
  ): Promise<RunResult> {
    const parser = createTreeSitterParser()
    const services = testServices({
      mock: {
        script: ({ messages }) => {
          const text = messages.map(({ content }) => content).join('\n')
          const agent = Object.keys(said).find((id) => text.includes(`I am ${id}.`))
          return sayScript(said[agent ?? ''] ?? '')
        },
      },
      executors: {
        execute: createExecuteExecutor(sandbox, 1),
        suite: createSuiteExecutor(sandbox, createSuiteJudge({ sandbox, parser, projectDir: '/nowhere' })),
      },
    })
    const agents = Object.keys(said).map((id) => ({
      id,
      persona: persona(id, { style: `I am ${id}.`, roles: id === 'tester' ? ['write_tests'] : ['draft'] }),
    }))
    const handle = await startRun(spec({ prompt, agents, ...change }), services)
    const result = await handle.result
    const records = await recordsOf(services, handle.runId)
    expect(records.at(-1)?.k).toBe('end')
    expect(replayRecords(records)).toMatchObject({ divergence: null, digest: result.digest })
    return result
  }
  const ended = ({ outcome, stopReason, context }: RunResult) => ({
    outcome,
    stopReason,
    winner: context.judgement?.verdict.winner ?? null,
    grade: context.judgement?.verdict.grade,
  })

  test('all candidates equal: one candidate with every vote', async () => {
    const result = await runOf(TASK, { architect: ADD, coder: ADD, reviewer: ADD })
    expect(ended(result)).toEqual({ outcome: 'completed', stopReason: 'agreed', winner: 'architect.1', grade: 'verified' })
    expect(result.context.judgement?.decision.ranking.map(({ count, votes }) => [count, votes])).toEqual([[3, 3]])
  })

  test.each([
    ['loads', 'LIMIT = undefined_name\n\ndef add(a, b):\n    return a + b', "NameError: name 'undefined_name' is not defined"],
    ['defines the function', 'def other(a):\n    return a', 'the asked function is not defined'],
    ['parses', 'def add(a, b:\n    return a', 'SyntaxError: '],
    ['ends', 'ALL = sum(0 for _ in iter(int, 1))\n\ndef add(a, b):\n    return a + b', 'loading took too long'],
    [
      'survives its own loading',
      'import os\n\nEND = os._exit(0)\n\ndef add(a, b):\n    return a + b',
      'ProcessExit: exit code 0',
    ],
  ])(
    'no candidate %s: nobody wins, and each is told why',
    async (_, code, problem) => {
      const result = await runOf(TASK, { coder: python(code) })
      const stopReason = problem.startsWith('SyntaxError') ? 'nothing-parses' : 'not-solved'
      expect(ended(result)).toEqual({ outcome: 'noConsensus', stopReason, winner: null, grade: 'unverified' })
      expect(result.context.judgement?.decision.ranking.map((each) => each.problem)).toEqual([expect.stringContaining(problem)])
    },
    30_000,
  )

  test('the same holds where there is nothing to call: what does not load does not win', async () => {
    const result = await runOf('Write the Python function add(a, b).', {
      coder: python('LIMIT = undefined_name\n\ndef add(a, b):\n    return a + b'),
      architect: ADD,
    })
    expect(ended(result)).toMatchObject({ outcome: 'completed', winner: 'architect.1', grade: 'unverified' })
  })

  test.each([
    ['false', 'assert add(1, 2) == 4\nassert add(2, 2) == 5\nassert add(0, 0) == 1'],
    ['contradicting each other', 'assert add(2, 2) == 4\nassert add(2, 2) == 5'],
    ['never ending', `assert add(${'1 + '.repeat(20_000)}1, 2) == 3`],
    ['never ending brackets', `assert add(${'['.repeat(50_000)}`],
    ['with Windows line ends', 'assert add(1, 2) == 3\r\nassert add(2, 2) == 4\r\n'],
    ['not tests at all', 'I would test it thoroughly.'],
  ])('assertions that are %s do not take the win from a right program', async (_, assertions) => {
    const result = await runOf(TASK, {
      architect: ADD,
      coder: python('def add(a, b):\n    return b + a'),
      tester: python(assertions),
    })
    expect(ended(result)).toMatchObject({ outcome: 'completed', stopReason: 'agreed', grade: 'verified' })
  })

  test('a prompt whose one example is wrong is not solved, and the example is shown', async () => {
    const result = await runOf('Write the Python function add(a, b).\nadd(2, 2) == 5', { architect: ADD, coder: ADD })
    expect(ended(result)).toEqual({ outcome: 'noConsensus', stopReason: 'not-solved', winner: null, grade: 'unverified' })
    expect(JSON.stringify(result.context.judgement?.decision.open)).toContain('add(2, 2)')
  })

  test('a prompt with one wrong example among right ones is agreed on and fails', async () => {
    const result = await runOf(`${TASK}\nadd(2, 2) == 5`, { architect: ADD, coder: ADD })
    expect(ended(result)).toMatchObject({ outcome: 'completed', stopReason: 'tests-failed', winner: 'architect.1' })
  })

  test('Windows line ends in the prompt lose no example', async () => {
    const result = await runOf('Write the Python function add(a, b).\r\nadd(1, 2) == 3\r\nadd(2, 2) == 4\r\n', {
      architect: ADD,
      coder: ADD,
    })
    expect(result.context.judgement?.decision.examples).toEqual({ passed: 2, total: 2 })
  })

  test('the wrong language is never run as the right one', async () => {
    const result = await runOf(TASK, { coder: '```javascript\nfunction add(a, b) { return a + b }\n```\n' })
    expect(ended(result)).toMatchObject({ outcome: 'noConsensus', winner: null })
  })

  test.each([
    [
      'SQL',
      'Write a SQL query for the ten best customers.',
      '```sql\nSELECT name FROM customers ORDER BY spent DESC LIMIT 10;\n```\n',
    ],
    ['HTML', 'Write an HTML page with a heading.', '```html\n<!doctype html><h1>Hello</h1>\n```\n'],
  ])('a task with no callable (%s) is ranked by structure and says so', async (_, prompt, text) => {
    const result = await runOf(prompt, { architect: text, coder: text.replace(/10|Hello/, 'x') })
    expect(ended(result)).toMatchObject({ outcome: 'completed', stopReason: 'ranked-unverified', grade: 'unverified' })
    expect(result.context.judgement?.decision.notExecuted).toBe('the task names no function that could be called')
  })

  test('a program of five megabytes on one line, and one that answers them, end typed', async () => {
    const long = python(`def add(a, b):\n    return "${'x'.repeat(5_000_000)}"`)
    const flood = python('def add(a, b):\n    return "x" * 5_000_000')
    const result = await runOf(TASK, { architect: ADD, coder: long, reviewer: flood })
    expect(ended(result)).toMatchObject({ outcome: 'completed', winner: 'architect.1', grade: 'verified' })
  }, 30_000)

  test('a program that forges a result wins nothing', async () => {
    const forger = python(
      'import os\n\ndef add(a, b):\n    os.write(1, b\'{"kind":"value","value":{"t":"int","v":"3"}}\\n\')\n    return 0',
    )
    const result = await runOf(TASK, { architect: ADD, coder: forger })
    expect(ended(result)).toMatchObject({ outcome: 'completed', winner: 'architect.1', grade: 'verified' })
  })

  test("in JavaScript too a tester's assertions count", async () => {
    const js = (body: string): string => `\`\`\`javascript\nfunction add(a, b) { return ${body} }\n\`\`\`\n`
    const result = await runOf('Write the JavaScript function add(a, b).', {
      architect: js('a - b'),
      coder: js('a + b'),
      tester: '```\nassert add(1, 2) == 3\nassert add(2, 2) == 4\n```\n',
    })
    const { passed, total } = result.context.judgement?.decision.assertions ?? { passed: 0, total: 0 }
    expect([passed > 0, passed === total]).toEqual([true, true])
    expect(ended(result)).toMatchObject({ winner: 'coder.1', grade: 'verified' })
  })

  describe("the user's own tests", () => {
    const suite = readSuite(
      'test_add.py',
      'import unittest\nfrom adding import add\n\nclass T(unittest.TestCase):\n    def test_sum(self): self.assertEqual(add(2, 3), 5)\n    def test_text(self): self.assertEqual(add("a", "b"), "ab")\n',
    )

    test('pick the program that passes them, verified, and the record of it replays', async () => {
      const result = await runOf(
        TASK,
        {
          architect: python('def add(a, b):\n    return int(a) + int(b)'),
          coder: ADD,
          reviewer: python('def add(a, b):\n    return int(b) + int(a)'),
        },
        { suite },
      )
      expect(ended(result)).toMatchObject({ outcome: 'completed', stopReason: 'agreed', winner: 'coder.1', grade: 'verified' })
      expect(result.context.judgement?.verdict.tests).toEqual({ grade: 'verified', passed: true, count: 2, total: 2, why: '' })
    })

    test('that nothing passes end the run as agreed, and failed', async () => {
      const result = await runOf(TASK, { coder: python('def add(a, b):\n    return int(a) + int(b)') }, { suite })
      expect(ended(result)).toMatchObject({ outcome: 'completed', stopReason: 'tests-failed', winner: 'coder.1' })
      expect(result.context.judgement?.verdict.tests).toMatchObject({ grade: 'verified', count: 1, total: 2 })
    })
  })
})
