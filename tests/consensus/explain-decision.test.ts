import { describe, expect, test } from 'vitest'
import { type DecideInput, decide } from '../../src/consensus/decide.ts'
import type { SuiteFacts } from '../../src/consensus/decision.ts'
import { explainDecision } from '../../src/consensus/explain-decision.ts'
import { given, plus, right } from './decide-given.ts'

function tests(candidate: string, passed: number, total: number, grade: SuiteFacts['grade'] = 'verified'): SuiteFacts {
  const isGreen = passed === total && grade !== 'unverified'
  return { candidate, grade, isGreen, passed, total, failure: isGreen ? null : { test: 'test_a', message: 'no' }, why: '' }
}

const explained = (input: DecideInput): string => explainDecision(decide(input)).join('\n')
const ONE_EXAMPLE = 'def f(n):\n    """Double.\n    >>> f(3)\n    6\n    """'

describe('where the tests of the user decide', () => {
  test('the next one is told with its tests, not with the score it is ahead in', () => {
    const input = given({ programs: { a: right, b: right, c: (n) => (n < 3 ? 2 * n : 0) } })
    const suite = [tests('a', 1, 2), tests('b', 1, 2), tests('c', 2, 2)]
    expect(explained({ ...input, suite })).toContain(
      'a is next: the winner passes 2 of 2 tests that were given, a 1 of 2.\nConfidence',
    )
  })

  test('a result that could be forged stands behind, and that is what is said', () => {
    const input = given({ programs: { a: right, b: right } })
    const suite = [tests('a', 2, 2, 'forgeable'), tests('b', 2, 2)]
    expect(explained({ ...input, suite })).toContain(
      'a is next: the winner passes 2 of 2 tests that were given, and so does a, where it could forge the result.',
    )
  })
})

describe('where no call was executed', () => {
  const similarity = [
    [1, 0.5, 0.5],
    [0.5, 1, 0.9],
    [0.5, 0.9, 1],
  ]
  const unrun = (input: DecideInput): DecideInput => ({ ...input, matrix: null })

  test('a winner whose model is larger is not called closest, and the file says by what it won', () => {
    const facts = { a: { strength: 1.5 }, b: { strength: 7 } }
    const decision = decide(unrun(given({ programs: { a: right, b: right }, facts })))
    expect(decision).toMatchObject({ winner: 'b', tiesBrokenBy: ['larger model'] })
    expect(decision.ranking.map(({ id, strength }) => [id, strength])).toEqual([
      ['b', 7],
      ['a', 1.5],
    ])
    expect(explainDecision(decision)[0]).toBe(
      'b was chosen without execution, because no program could be run: its structure is as close to the other candidates as that of a, which is next (likeness 0.75), and its model is larger (parameters: 7 billion and 1.5 billion).',
    )
  })

  test('a winner that loads before one that is closer is said to load', () => {
    const facts = { a: { parses: false } }
    const input = given({
      programs: { a: right, b: { kind: 'timeout' }, c: { kind: 'timeout' } },
      facts,
      similarity,
      prompt: 'def f(n): ...',
    })
    const text = explained(input)
    expect(text).toMatch(
      /^a was chosen .* was found to run: it loads, and b, which is next, could not be run: loading took too long\./,
    )
    expect(text).not.toContain('a does not parse')
    expect(text).not.toContain('a could not be')
  })

  test('the next one after tests decided is told', () => {
    const input = unrun(given({ programs: { a: right, b: right }, prompt: 'Write the class.' }))
    const text = explained({ ...input, suite: [tests('a', 1, 2), tests('b', 2, 2)] })
    expect(text).toContain('b (b, model-b) won: it passes 2 of 2 tests that were given; no program could be run.')
    expect(text).toContain('a is next: the winner passes 2 of 2 tests that were given, a 1 of 2.')
  })

  test('the next one after tests decided is compared with the winner, not with itself', () => {
    const facts = { a: { strength: 1.5 }, b: { strength: 7 } }
    const input = unrun(given({ programs: { a: right, b: right }, prompt: 'Write the class.', facts }))
    expect(explained({ ...input, suite: [tests('a', 2, 2), tests('b', 2, 2)] })).toContain(
      "a is next: the winner's structure is as close to the other candidates as that of a (likeness 0.75), and the winner's model is larger (parameters: 7 billion and 1.5 billion).",
    )
    const apart = unrun(given({ programs: { a: right, b: right, c: right }, prompt: 'Write the class.', similarity }))
    expect(explained({ ...apart, suite: ['a', 'b', 'c'].map((id) => tests(id, 2, 2)) })).toContain(
      "c is next: the winner's structure is as close to the other candidates as that of c (likeness 0.8)",
    )
  })

  test.each([
    [
      'forgeable',
      'at most 0.5 because nothing but the tests that were given was executed, where a program could forge their result',
    ],
    ['unverified', 'at most 0.5 because no call was executed): no call was executed.'],
    ['verified', 'at most 0.72 because the tests that were given are all there is): the test that was given passes.'],
  ] as const)('the cap of a confidence says what was executed: tests that are %s', (grade, said) => {
    const input = unrun(given({ programs: { a: right }, prompt: 'Write the class.' }))
    const passed = grade === 'unverified' ? 0 : 1
    expect(explained({ ...input, suite: [tests('a', passed, 1, grade)] })).toContain(said)
  })

  test('a winner with which nobody agrees is not said to have agreeing answers', () => {
    expect(explained(given({ programs: { a: right, b: plus } }))).toContain(
      'at most 0.84 because no other answer agrees with it)',
    )
    const facts = { a: { model: 'm', models: ['m'] }, b: { model: 'm', models: ['m'] } }
    expect(explained(given({ programs: { a: right, b: right }, facts }))).toContain(
      'because all agreeing answers come from one model)',
    )
  })

  test('a cap for a test that fails does not say that nothing was executed', () => {
    const input = unrun(given({ programs: { a: right }, prompt: 'Write the class.' }))
    expect(explained({ ...input, suite: [tests('a', 0, 1)] })).toContain(
      '(at most 0.5 because nothing but the tests that were given was executed; at most 0.12 because it fails 1 of 1 test that was given): the winner passes 0 of 1 test that was given.',
    )
  })
})

describe('tests that prove nothing', () => {
  const agreed = given({ programs: { a: right, b: right } })

  test('do not keep an agreed matter open', () => {
    const { stop, open } = decide({ ...agreed, suite: ['a', 'b'].map((id) => tests(id, 0, 2, 'unverified')) })
    expect(stop).toEqual({ isSettled: true, why: 'all 2 examples pass and 2 of 2 answers agree on all 18 inputs' })
    expect(open).toEqual({ kind: 'none' })
  })

  test('are no tests where another program has some that do; a winner that alone was not tested is not settled', () => {
    const suite = [tests('a', 0, 2, 'unverified'), tests('b', 0, 2, 'unverified')]
    const three = given({ programs: { a: right, b: right, c: plus } })
    expect(decide({ ...three, suite: [...suite, tests('c', 2, 2)] }).stop.isSettled).toBe(true)
    expect(decide({ ...three, suite: [tests('c', 2, 2)] }).stop).toEqual({
      isSettled: false,
      why: 'none of the tests that were given ran on the winner',
    })
  })
})

describe('dissent', () => {
  test('there is none where no input was compared', () => {
    const one = (at: number) => (n: number) => (n === at ? 2 * n : null)
    const programs = Object.fromEntries([100, 200, 300].map((at, i) => [`c${i}`, one(at)]))
    const decision = decide(given({ programs, prompt: ONE_EXAMPLE }))
    expect([decision.method, decision.evidence.probes.some(({ isCompared }) => isCompared)]).toEqual([
      'execution-agreement',
      false,
    ])
    expect(decision.dissent).toEqual([])
    expect(explainDecision(decision)[0]).toMatch(/no input could be compared\.$/)
  })

  test('those who give no result, as the winner gives none, do not disagree with it', () => {
    const gap = (n: number) => (n === 11 ? null : 2 * n)
    const other = (n: number) => (n > 3 && n !== 11 ? 0 : 2 * n)
    const decision = decide(given({ programs: { a: gap, b: gap, c: other, d: other }, facts: { a: { count: 3 } } }))
    expect(decision.winner).toBe('a')
    expect(decision.evidence.probes.find(({ call }) => call === 'f(11)')).toMatchObject({
      isCompared: true,
      answers: [null, null, 0, 0],
    })
    expect(decision.dissent.map(({ candidate }) => candidate)).toEqual(['c'])
    expect(explainDecision(decision)[0]).toMatch(/it gives no result for 1 of 18 compared inputs\.$/)
  })
})

test('a known answer, a test without a message and a program that took too long are told as what they are', () => {
  const input = given({ programs: { a: right, b: right } })
  const decision = decide(input)
  const writer = { writer: 'tester', assertions: 1, known: 1, wrong: 1, contradicted: 0, isBelieved: false }
  expect(explainDecision({ ...decision, writers: [writer] })).toContain(
    'The assertions of tester did not count: 1 of 1 known answer in them is wrong.',
  )
  const silent = { ...tests('a', 0, 1), failure: { test: 'test_a', message: '' } }
  expect(explained({ ...input, suite: [silent, tests('b', 0, 1)] })).toContain(
    'Open: a fails the test test_a: it gives no message.',
  )
  const late = given({ programs: { a: { kind: 'timeout' }, b: { kind: 'no-entry-point' } } })
  expect(explained(late)).toContain('Open: a could not be run: loading took too long.')
  expect(explained(late)).toContain('Open: b could not be run: the asked function is not defined.')
  expect(explained(late)).not.toContain('does not load')
})

test('one example, one assertion, one test and one answer are told as one', () => {
  const text = explained({
    ...given({ programs: { a: right, b: right, c: plus }, prompt: ONE_EXAMPLE, assertions: ['assert f(5) == 10'] }),
    suite: [tests('a', 1, 1), tests('b', 1, 1), tests('c', 0, 1)],
  })
  expect(text).toContain('it passes 1 of 1 example and 1 of 1 assertion, 2 of 3 answers behave alike')
  expect(text).toContain('the example passes and 2 of 3 answers agree on all ')
  expect(text).not.toMatch(/\b1 (?:tests|examples|assertions|answers)\b|\ball 1\b/)
})
