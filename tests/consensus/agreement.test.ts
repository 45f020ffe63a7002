import { expect, test } from 'vitest'
import { scoreAgreement } from '../../src/consensus/agreement.ts'
import { confidenceOf, unverifiedConfidence } from '../../src/consensus/confidence.ts'
import { distinguishingInput } from '../../src/consensus/distinguishing-input.ts'
import { behaviourClusters, type EvidenceTable } from '../../src/consensus/evidence-table.ts'
import { readStopRule, type StopFacts } from '../../src/consensus/stop-rule.ts'

/** Three programs on four calls: the first two agree, the third answers everything alike. */
const TABLE: EvidenceTable = {
  isLive: [true, true, true],
  examples: [[true], [true], [false]],
  assertions: [
    [true, true],
    [true, false],
    [false, true],
  ],
  values: [
    ['1', '2', '3', '4'],
    ['1', '2', '3', '4'],
    ['1', '1', '1', '1'],
  ],
  probes: [0, 1, 2, 3],
  agreement: [
    [1, 1, 0.25],
    [1, 1, 0.25],
    [0.25, 0.25, 1],
  ],
}
const SIMILARITY = [
  [1, 0.5, 0.2],
  [0.5, 1, 0.2],
  [0.2, 0.2, 1],
]

test('the scores are those of the formula, worked out by hand', () => {
  const scores = scoreAgreement(TABLE, SIMILARITY, [1, 1, 1], [1, 1], () => [1, 1])
  const g = TABLE.agreement.map((row, i) => row.map((a, j) => a + 0.05 * (SIMILARITY[i]?.[j] ?? 0)))
  const product = (v: readonly number[]) => g.map((row) => row.reduce((sum, x, j) => sum + x * (v[j] ?? 0), 0))
  const backed = product([1, 0.5, 0.5])
  const all = backed.reduce((sum, x) => sum + x, 0)
  const s = backed.map((x) => x / all)
  const [s0 = 0, s1 = 0, s2 = 0] = s
  const r = [s0 + s1, s0 + s2] as const
  const t = [r[0] + r[1], r[0], r[1]].map((x) => x / (r[0] + r[1]))
  const raw = product([(t[0] ?? 0) * 1.05, (t[1] ?? 0) * 1.05, (t[2] ?? 0) * 0.05])
  const v = raw.map((x) => x / Math.max(...raw))
  const m = [1.7 / 3, 1.7 / 3, 1.4 / 3]
  const expected = [0, 1, 2].map(
    (i) =>
      Math.log((v[i] ?? 0) + 1e-9) + 2 * Math.log((t[i] ?? 0) + 1e-3) + 0.05 * Math.log((m[i] ?? 0) + 1e-6) - (i === 2 ? 1 : 0),
  )
  scores.score.forEach((score, i) => {
    expect(score).toBeCloseTo(expected[i] ?? 0, 12)
  })
  scores.reliability.forEach((value, i) => {
    expect(value).toBeCloseTo(r[i] ?? 0, 12)
  })
  expect(scores.isConstant).toEqual([false, false, true])
  expect(scores.penalty).toEqual([0, 0, 1])
})

test('where no assertion counts, the assertions term is the same for all', () => {
  expect(scoreAgreement(TABLE, SIMILARITY, [1, 1, 1], [0, 0], () => [0, 0]).tests).toEqual([1, 1, 1])
})

test('a text that several answers share votes with all of them', () => {
  const once = scoreAgreement(TABLE, SIMILARITY, [1, 1, 1], [1, 1], () => [1, 1])
  const often = scoreAgreement(TABLE, SIMILARITY, [1, 1, 9], [1, 1], () => [1, 1])
  expect(often.trust[2]).toBeGreaterThan(once.trust[2] ?? 0)
})

test('groups of behaviour hold the live alone', () => {
  expect(behaviourClusters(TABLE)).toEqual([[0, 1], [2]])
  expect(behaviourClusters({ ...TABLE, isLive: [true, false, true] })).toEqual([[0], [2]])
})

const SETTLED: StopFacts = {
  hasWinner: true,
  isExecuted: true,
  examplesPassed: 2,
  examples: 2,
  votes: 2,
  answers: 4,
  probes: 5,
  tests: null,
}

test.each<[Partial<StopFacts>, boolean, string]>([
  [{}, true, 'all 2 examples pass and 2 of 4 answers agree on all 5 inputs'],
  [{ examples: 0, examplesPassed: 0 }, true, 'no example is given and 2 of 4 answers agree on all 5 inputs'],
  [{ examplesPassed: 1 }, false, 'the winner misses 1 of 2 examples'],
  [{ votes: 1 }, false, 'the winner stands alone'],
  [{ answers: 5 }, false, 'only 2 of 5 answers agree with the winner'],
  [{ probes: 0 }, false, 'there is no input on which candidates can be compared'],
  [{ isExecuted: false }, false, 'no call was executed'],
  [{ examples: 1, examplesPassed: 0 }, false, 'the winner misses 1 of 1 example'],
  [{ examples: 1, examplesPassed: 1, probes: 1 }, true, 'the example passes and 2 of 4 answers agree on the one input'],
  [{ tests: { passed: 1, total: 2, isGreen: false } }, false, 'the winner passes 1 of 2 tests that were given'],
  [{ tests: { passed: 0, total: 1, isGreen: false } }, false, 'the winner passes 0 of 1 test that was given'],
  [
    { tests: { passed: 2, total: 2, isGreen: false } },
    false,
    'the winner passes 2 of 2 tests that were given, yet their run as a whole did not pass',
  ],
  [{ tests: { passed: 0, total: 0, isGreen: false } }, false, 'none of the tests that were given ran on the winner'],
  [{ tests: { passed: 2, total: 2, isGreen: true }, isExecuted: false }, true, 'all 2 tests that were given pass'],
  [{ hasWinner: false }, false, 'there is no winner'],
])('with %o the matter is settled: %s', (change, isSettled, why) => {
  expect(readStopRule({ ...SETTLED, ...change })).toEqual({ isSettled, why })
})

test('confidence follows the fitted curve and its caps', () => {
  const all = { examples: 1, assertions: 1, softAgreement: 1, votes: 5, models: 2 }
  expect(confidenceOf(all)).toEqual({
    value: 1 / (1 + Math.exp(-(4.37 + 1.1 + 1.87 + 0.62 - 5.01))),
    uncapped: expect.any(Number),
    caps: [],
  })
  expect(confidenceOf({ ...all, models: 1 }).value).toBe(0.84)
  expect(confidenceOf({ ...all, examples: null }).value).toBeLessThan(confidenceOf(all).value)
  expect(confidenceOf({ ...all, examples: 0 }).value).toBeLessThan(0.2)
  expect(unverifiedConfidence(1).value).toBe(0.5)
})

test('the question is the shortest input on which both give a value that can be shown whole, and its order depends on the task alone', () => {
  const differences = [
    { call: 'f(0)', results: ['raises', '1'] as const, areValues: false, isWhole: true },
    { call: 'f(100)', results: ['3', '4'] as const, areValues: true, isWhole: true },
    { call: 'f(10)', results: ['1', '2'] as const, areValues: true, isWhole: true },
    { call: 'f(1)', results: ['…98]', '…99]'] as const, areValues: true, isWhole: false },
  ]
  const ask = (seed: string) => distinguishingInput(differences, [['a'], ['b', 'c']], seed)
  expect(ask('task')?.call).toBe('f(10)')
  expect(ask('task')?.options.toSorted((a, b) => (a.result < b.result ? -1 : 1))).toEqual([
    { result: '1', candidates: ['a'] },
    { result: '2', candidates: ['b', 'c'] },
  ])
  const orders = new Set(Array.from({ length: 20 }, (_, n) => ask(`task ${n}`)?.options[0]?.result))
  expect(orders).toEqual(new Set(['1', '2']))
  expect(ask('task')).toEqual(ask('task'))
  expect(distinguishingInput([], [['a'], ['b']], 'task')).toBeNull()
})
