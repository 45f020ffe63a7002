import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DecideInput, decide } from '../../src/consensus/decide.ts'
import type { Decision } from '../../src/consensus/decision.ts'
import type { LoadResult } from '../../src/consensus/execution-matrix.ts'
import { explainDecision } from '../../src/consensus/explain-decision.ts'
import { given, PROMPT, type Program, plus, raises, right, square } from './decide-given.ts'

describe('for any pool', () => {
  const program = fc.constantFrom<Program | LoadResult>(
    right,
    square,
    plus,
    raises,
    () => 'slow',
    () => 7,
    { kind: 'timeout' },
    { kind: 'no-entry-point' },
  )
  const pools = fc.record({
    programs: fc
      .array(program, { minLength: 1, maxLength: 6 })
      .map((list) => Object.fromEntries(list.map((each, at) => [`c${at}`, each]))),
    assertions: fc.array(fc.constantFrom('assert f(5) == 10', 'assert f(6) == 36\nassert f(0) == 1', 'assert f(3)', 'nonsense'), {
      maxLength: 2,
    }),
    prompt: fc.constantFrom(PROMPT, 'def f(n): ...'),
    seed: fc.integer(),
  })

  test('the order of candidates changes nothing', () => {
    fc.assert(
      fc.property(pools, fc.infiniteStream(fc.nat()), (pool, keys) => {
        const input = given(pool)
        const order = input.candidates
          .map((_, at) => ({ at, key: keys.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ at }) => at)
        const moved: DecideInput = {
          plan: input.plan,
          candidates: order.flatMap((at) => input.candidates[at] ?? []),
          matrix: order.flatMap((at) => input.matrix?.[at] ?? []),
          similarity: order.map((i) => order.map((j) => input.similarity[i]?.[j] ?? 0)),
        }
        expect(decide(moved)).toEqual(decide(input))
      }),
      { numRuns: 60 },
    )
  })

  test('scores are finite, the decision is plain data, and none that fails the gate beats one that passes', () => {
    fc.assert(
      fc.property(pools, (pool) => {
        const decision: Decision = decide(given(pool))
        expect(JSON.parse(JSON.stringify(decision))).toEqual(decision)
        for (const { score, isLive } of decision.ranking)
          expect(isLive ? Number.isFinite(score) : score === null || Number.isFinite(score)).toBe(true)
        const firstDead = decision.ranking.findIndex(({ isLive }) => !isLive)
        if (firstDead >= 0) expect(decision.ranking.slice(firstDead).every(({ isLive }) => !isLive)).toBe(true)
        expect(decision.confidence.value).toBeGreaterThanOrEqual(0)
        expect(decision.confidence.value).toBeLessThanOrEqual(1)
        expect(explainDecision(decision).length).toBeGreaterThan(0)
      }),
      { numRuns: 60 },
    )
  })

  test('a second copy of the winner leaves its behaviour in front', () => {
    fc.assert(
      fc.property(pools, (pool) => {
        const first = decide(given(pool))
        const winner = first.ranking[0]
        if (winner === undefined || !winner.isLive) return
        const copy = pool.programs[winner.id]
        if (copy === undefined) return
        const second = decide(given({ ...pool, programs: { ...pool.programs, z: copy } }))
        expect(second.ranking[0]?.examplesPassed).toBe(winner.examplesPassed)
      }),
      { numRuns: 60 },
    )
  })

  test('likeness decides between equals and never against evidence', () => {
    fc.assert(
      fc.property(
        pools,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (pool, likeness) => {
          const input = given(pool)
          const [first, second] = decide(input).ranking.filter(({ isLive }) => isLive)
          const liked = decide({ ...input, likeness: input.candidates.map((_, at) => likeness[at] ?? 0) })
          if (first === undefined) return
          const lead = (first.score ?? 0) - (second?.score ?? 0)
          const isAhead = second === undefined || first.examplesPassed > second.examplesPassed || lead > 0.001
          if (isAhead) expect(liked.winner).toBe(first.id)
        },
      ),
      { numRuns: 100 },
    )
  })
})

test('of two programs that are equal in all else the one more like the pool comes first', () => {
  const input = given({ programs: { a: right, b: right } })
  expect(decide({ ...input, likeness: [0.2, 0.9] }).winner).toBe('b')
  expect(decide({ ...input, likeness: [0.9, 0.2] }).winner).toBe('a')
})

test('one vote among as many answers as a run can have weighs more than any likeness', () => {
  const other: Program = (n) => (n >= 1 && n <= 2 ? 2 * n : n + 7)
  const input = given({ programs: { a: right, b: other }, facts: { a: { count: 33 }, b: { count: 31 } } })
  expect(decide(input).winner).toBe('a')
  expect(decide({ ...input, likeness: [0, 1] }).winner).toBe('a')
})
