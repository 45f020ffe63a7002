import { describe, expect, test } from 'vitest'
import { decide } from '../../src/consensus/decide.ts'
import type { LoadResult } from '../../src/consensus/execution-matrix.ts'
import { explainDecision } from '../../src/consensus/explain-decision.ts'
import { arbiterOf, planEvidence } from '../../src/consensus/plan-evidence.ts'
import { given, type Program, plus, raises, right, square } from './decide-given.ts'

describe('what the evidence says', () => {
  test('the program that passes every example wins over a majority that does not', () => {
    const decision = decide(given({ programs: { a: plus, b: plus, c: right } }))
    expect(decision.winner).toBe('c')
    expect(decision.ranking.map(({ id, examplesPassed }) => [id, examplesPassed])).toEqual([
      ['c', 2],
      ['a', 1],
      ['b', 1],
    ])
    expect(decision.stop).toEqual({ isSettled: false, why: 'the winner stands alone' })
  })

  test('agreement of two models settles the matter', () => {
    const decision = decide(given({ programs: { a: right, b: right, c: plus } }))
    expect(decision).toMatchObject({
      winner: 'a',
      method: 'execution-agreement',
      examples: { passed: 2, total: 2 },
      agreement: { count: 2, total: 3 },
      open: { kind: 'none' },
      abstain: null,
    })
    expect(decision.stop.isSettled).toBe(true)
    expect(decision.confidence.value).toBeCloseTo(0.808, 2)
    expect(decision.dissent.map(({ candidate, call }) => [candidate, call])).toEqual([['c', 'f(2)']])
  })

  test('agreement inside one model is capped at 0.84', () => {
    const facts = { a: { model: 'm', models: ['m'] }, b: { model: 'm', models: ['m'] } }
    const { confidence } = decide(given({ programs: { a: right, b: right }, facts }))
    expect(confidence).toMatchObject({ value: 0.84, caps: [{ at: 0.84, why: 'all agreeing answers come from one model' }] })
  })

  test('the score can be recomputed from the numbers in the decision', () => {
    const decision = decide(
      given({ programs: { a: right, b: square, c: plus }, assertions: ['assert f(5) == 10\nassert f(7) == 14'] }),
    )
    for (const each of decision.ranking) {
      const score =
        Math.log(each.agreement + 1e-9) + 2 * Math.log(each.tests + 1e-3) + 0.05 * Math.log(each.medoid + 1e-6) - each.penalty
      expect(each.score).toBeCloseTo(score, 9)
    }
    const at = decision.evidence.candidates.indexOf(decision.winner ?? '')
    const voice = decision.evidence.candidates.map((id) => {
      const each = decision.ranking.find((contender) => contender.id === id)
      return (each?.count ?? 0) * (each?.tests ?? 0) * (0.05 + (each?.examples ?? 0))
    })
    const votes = decision.evidence.candidates.map((_, i) =>
      voice.reduce(
        (sum, v, j) =>
          sum + v * ((decision.evidence.agreement[i]?.[j] ?? 0) + 0.05 * (decision.evidence.similarity[i]?.[j] ?? 0)),
        0,
      ),
    )
    expect((votes[at] ?? 0) / Math.max(...votes)).toBeCloseTo(decision.ranking[0]?.agreement ?? 0, 9)
  })

  test('raising and running out of time agree with nothing, not even with each other', () => {
    const decision = decide(given({ programs: { a: raises, b: raises, c: () => 'slow', d: right, e: right, f: right } }))
    expect(decision.ranking.map(({ id, votes }) => [id, votes])).toEqual([
      ['d', 3],
      ['e', 3],
      ['f', 3],
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ])
  })

  test('an input that fewer than half of the live candidates answer is not compared', () => {
    const small: Program = (n) => (n < 3 ? 2 * n : null)
    const { evidence, agreement } = decide(given({ programs: { a: small, b: small, c: right } }))
    const compared = evidence.probes.filter(({ isCompared }) => isCompared).map(({ call }) => call)
    expect(compared.toSorted()).toEqual(['f(0)', 'f(1)', 'f(2)'])
    expect(agreement).toEqual({ count: 3, total: 3 })
  })

  test('where most programs answer everything alike, that is no fault', () => {
    const decision = decide(given({ programs: { a: () => 4, b: () => 4, c: right } }))
    expect(decision.ranking.map(({ penalty }) => penalty)).toEqual([0, 0, 0])
  })

  test('a program that answers everything alike loses a point where others do not', () => {
    const decision = decide(
      given({
        prompt: 'def f(n): ...',
        assertions: ['assert f(1) == 3\nassert f(2) == 4'],
        programs: { a: () => 4, b: plus, c: plus },
      }),
    )
    expect(decision.ranking.map(({ id, penalty }) => [id, penalty])).toContainEqual(['a', 1])
  })
})

describe('who may not win', () => {
  test('a candidate that does not load never wins while one loads', () => {
    const decision = decide(
      given({
        programs: { a: { kind: 'failed', error: 'SyntaxError', message: 'bad' }, b: { kind: 'no-entry-point' }, c: raises },
      }),
    )
    expect(decision.ranking.map(({ id, isLive, problem }) => [id, isLive, problem])).toEqual([
      ['c', true, null],
      ['a', false, 'SyntaxError: bad'],
      ['b', false, 'the asked function is not defined'],
    ])
    expect(decision.abstain).toBe('no candidate passes any example')
  })

  test('what the interpreter loads may win although our grammar cannot parse it', () => {
    expect(decide(given({ programs: { a: right, b: plus }, facts: { a: { parses: false } } })).winner).toBe('a')
  })

  test('with none that parses there is no winner', () => {
    const facts = { a: { parses: false }, b: { parses: false } }
    const decision = decide({ ...given({ programs: { a: right, b: right }, facts }), matrix: null })
    expect(decision).toMatchObject({ winner: null, method: 'none', abstain: 'no candidate parses', confidence: { value: 0 } })
    expect(explainDecision(decision)[0]).toBe('No candidate was chosen: no candidate parses.')
  })

  test('with no candidate at all there is no winner', () => {
    expect(decide(given({ programs: {} }))).toMatchObject({ winner: null, ranking: [], abstain: 'there is no candidate' })
  })

  test('with none that loads, the medoid is named and not called a solution, and each is repaired', () => {
    const broken: LoadResult = { kind: 'failed', error: 'NameError', message: 'x' }
    const decision = decide(given({ programs: { a: broken, b: broken } }))
    expect(decision).toMatchObject({ winner: 'a', method: 'structure-medoid', abstain: 'no candidate loads in the sandbox' })
    expect(decision.open).toEqual({
      kind: 'repair',
      repairs: ['a', 'b'].map((candidate) => ({ candidate, call: null, expected: null, actual: 'NameError: x' })),
    })
  })
})

describe('without execution', () => {
  const similarity = [
    [1, 0.2, 0.3],
    [0.2, 1, 0.9],
    [0.3, 0.9, 1],
  ]

  test('the structural medoid wins and the confidence is at most 0.5', () => {
    const decision = decide({ ...given({ programs: { a: right, b: right, c: right }, similarity }), matrix: null })
    expect(decision).toMatchObject({
      winner: 'c',
      method: 'structure-medoid',
      open: { kind: 'none' },
      agreement: { count: 0, total: 3 },
    })
    expect(decision.confidence.value).toBeCloseTo((0.5 * 2.2) / 3, 9)
    expect(decision.stop).toEqual({ isSettled: false, why: 'no call was executed' })
  })

  test('a sandbox that refused every program is no evidence against them', () => {
    const refused: LoadResult = { kind: 'not-run', reason: 'no interpreter' }
    const decision = decide(given({ programs: { a: refused, b: refused, c: refused }, similarity }))
    expect(decision).toMatchObject({ winner: 'c', method: 'structure-medoid', open: { kind: 'none' }, abstain: null })
  })

  test('a task without a callable is ranked the same way', () => {
    const input = given({ programs: { a: right, b: right, c: right }, similarity })
    const plan = planEvidence({ prompt: 'Select all users.', entryPoint: null, language: 'sql' }, [
      { writer: 'w', text: 'assert f(1) == 1' },
    ])
    expect(plan.calls).toEqual([])
    const decision = decide({ ...input, plan, matrix: null })
    expect(decision).toMatchObject({
      winner: 'c',
      method: 'structure-medoid',
      notExecuted: 'the task names no function that could be called',
    })
    expect(explainDecision(decision)[0]).toContain('because the task names no function that could be called')
  })
})

test('a task with nothing to run says so and keeps those that load in front', () => {
  const decision = decide(given({ prompt: 'def f(n): ...', programs: { a: { kind: 'timeout' }, b: right } }))
  expect(decision).toMatchObject({
    winner: 'b',
    method: 'structure-medoid',
    notExecuted: 'no example, assertion or input was found to run',
  })
})

describe('ties', () => {
  test('are broken by models, then likeness, then size, then the hash of the text, never by arrival', () => {
    const same = { programs: { a: right, b: right } }
    expect(decide(given(same)).tiesBrokenBy).toEqual([
      'more models behind the behaviour',
      'closer to the other programs',
      'shorter syntax tree',
      'lowest hash of the text',
    ])
    expect(decide(given({ ...same, facts: { a: { nodes: 11 } } })).winner).toBe('b')
    expect(decide(given({ ...same, facts: { a: { codeHash: 'z' } } })).winner).toBe('b')
  })
})

describe('what is open', () => {
  test('a failing example asks for one repair a behaviour, with the call, what was expected and what came', () => {
    const decision = decide(given({ programs: { a: plus, b: plus, c: square } }))
    expect(decision.open).toEqual({
      kind: 'repair',
      repairs: [
        { candidate: 'a', call: 'f(2)', expected: '4', actual: '3' },
        { candidate: 'c', call: 'f(1)', expected: '2', actual: '1' },
      ],
    })
  })

  test('two behaviours that pass the examples are told apart by one input, anonymous, in an order from the task', () => {
    const either: Program = (n) => (n < 3 ? 2 * n : 0)
    const { open } = decide(given({ programs: { a: right, b: either, c: (n) => (n < 3 ? 2 * n : 1) } }))
    expect(open.kind).toBe('distinguish')
    if (open.kind !== 'distinguish') return
    expect(open.question.call).toMatch(/^f\(\d+\)$/)
    expect(open.question.options.map(({ candidates }) => candidates.join()).toSorted()).toHaveLength(2)
    expect(JSON.stringify(open.question)).not.toContain('model')
  })

  test('a winner that stands alone asks for another model', () => {
    expect(decide(given({ programs: { a: right } })).open).toEqual({ kind: 'another-model', usedModels: ['model-a'] })
  })

  test('one candidate is judged by examples and assertions, with no agreement in its confidence', () => {
    const { confidence, winner } = decide(given({ programs: { a: right }, assertions: ['assert f(9) == 18'] }))
    expect(winner).toBe('a')
    expect(confidence.uncapped).toBeCloseTo(1 / (1 + Math.exp(-(4.37 + 1.1 - 5.01))), 9)
  })
})

describe('test writers', () => {
  test('a writer that is wrong about most known answers does not count', () => {
    const bad = 'assert f(5) == 1\nassert f(6) == 1\nassert f(7) == 14\nassert f(40) == 99'
    const odd: Program = (n) => (n === 40 ? 99 : 2 * n)
    const decision = decide(given({ programs: { a: right, b: right, c: odd }, assertions: [bad] }))
    expect(decision.writers).toEqual([
      { writer: 'writer1', assertions: 4, known: 3, wrong: 2, contradicted: 3, isBelieved: true },
    ])
    const worse = decide(given({ programs: { a: right, b: right, c: odd }, assertions: [`${bad}\nassert f(8) == 2`] }))
    expect(worse.writers[0]).toMatchObject({ known: 4, wrong: 3, isBelieved: false })
    expect(worse.winner).toBe('a')
    expect(worse.evidence.assertions.map(({ weight }) => weight)).toEqual([0, 0, 0, 0, 0])
    expect(explainDecision(worse).join('\n')).toContain('3 of 4 known answers in them are wrong')
  })

  test('restating the examples does not buy a writer belief', () => {
    const text = 'assert f(1) == 2\nassert f(2) == 4\nassert f(5) == 1\nassert f(6) == 1'
    const { writers } = decide(given({ programs: { a: right, b: right }, assertions: [text] }))
    expect(writers).toEqual([{ writer: 'writer1', assertions: 4, known: 2, wrong: 2, contradicted: 2, isBelieved: false }])
  })

  test('an assertion against three programs that pass every example is void; against two, where they agree on all else too', () => {
    const odd: Program = (n) => (n === 40 ? 99 : 2 * n)
    const apart: Program = (n) => (n < 3 || n === 40 ? 2 * n : 0)
    const void3 = decide(given({ programs: { a: right, b: right, c: right, d: odd }, assertions: ['assert f(40) == 99'] }))
    expect(void3.evidence.assertions[0]?.weight).toBe(0)
    const counted = decide(given({ programs: { a: right, b: apart, d: odd }, assertions: ['assert f(40) == 99'] }))
    expect(counted.evidence.assertions[0]?.weight).toBe(1)
    const alike = decide(given({ programs: { a: right, b: right, d: odd }, assertions: ['assert f(40) == 99'] }))
    expect(alike.evidence.assertions[0]?.weight).toBe(0)
    const even = decide(
      given({ programs: { a: right, b: right, c: right, d: odd, e: odd, f: odd }, assertions: ['assert f(40) == 99'] }),
    )
    expect(even.evidence.assertions[0]?.weight).toBe(1)
  })

  test('without examples all live programs judge an assertion, yet no writer as a whole', () => {
    const text = 'assert f(5) == 1\nassert f(6) == 1\nassert f(7) == 14'
    const bare = { prompt: 'def f(n): ...', programs: { a: right, b: right, c: (n: number) => n } }
    const { evidence, writers } = decide(given({ ...bare, assertions: [text] }))
    expect(evidence.assertions.map(({ weight }) => weight)).toEqual([0, 0, 1])
    expect(writers).toEqual([{ writer: 'writer1', assertions: 3, known: 0, wrong: 0, contradicted: 2, isBelieved: true }])
  })

  test('two that agree on hardly anything besides void nothing', () => {
    const constant = (value: number) => (): number => value
    const pool = given({
      prompt: 'def f(n): ...',
      programs: { a: constant(4), b: constant(4), c: constant(3) },
      assertions: ['assert f(5) == 3'],
    })
    const few = { ...pool, plan: { ...pool.plan, probes: pool.plan.probes.slice(0, 3) } }
    expect(few.plan.calls[few.plan.probes[0] ?? -1]).toEqual(few.plan.calls[few.plan.assertions[0]?.call ?? -2])
    expect(decide(few).evidence.assertions[0]?.weight).toBe(1)
    expect(decide(pool).evidence.assertions[0]?.weight).toBe(0)
  })

  test('a ruling is not void by the group it was asked about', () => {
    const odd: Program = (n) => (n === 40 ? 99 : 2 * n)
    const pool = given({ programs: { a: right, b: right, c: right, d: odd }, assertions: ['assert f(40) == 99'] })
    const ruled = { ...pool.plan, assertions: pool.plan.assertions.map((check) => ({ ...check, writer: arbiterOf('judge') })) }
    expect(decide({ ...pool, plan: ruled }).evidence.assertions[0]).toMatchObject({ isBelieved: true, weight: 1 })
  })

  test('assertions that contradict each other are both kept and both judged', () => {
    const { evidence } = decide(
      given({ programs: { a: right, b: square }, assertions: ['assert f(5) == 10\nassert f(5) == 25'] }),
    )
    expect(evidence.assertions.map(({ expected, passedBy }) => [expected, passedBy])).toEqual([
      ['10', ['a']],
      ['25', ['b']],
    ])
  })

  test('a weaker of two writers counts less', () => {
    const { evidence } = decide(
      given({
        programs: { a: right, b: (n) => (n === 6 ? 5 : 2 * n) },
        prompt: 'def f(n): ...',
        assertions: ['assert f(5) == 10', 'assert f(6) == 0\nassert f(7) == 14'],
      }),
    )
    expect(evidence.assertions.map(({ weight }) => weight)).toEqual([1, 0.25, 0.25])
  })
})
