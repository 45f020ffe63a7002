import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAnswerKeeper, MAX_ANSWER_BYTES, MAX_CANDIDATE_BYTES } from '../../src/actors/keep-answers.ts'
import { meetsExpectation } from '../../src/consensus/check.ts'
import { areShownWhole } from '../../src/consensus/describe-evidence.ts'
import { fingerprint, isTruthy, outcomeFingerprint } from '../../src/consensus/fingerprint.ts'
import { parseLiteral, printLiteral } from '../../src/consensus/literal.ts'
import type { CallOutcome, TypedValue } from '../../src/domain/value.ts'

const int = (n: number): TypedValue => ({ t: 'int', v: String(n) })
const listOf = (item: TypedValue, length: number): TypedValue => ({ t: 'list', v: Array.from({ length }, () => item) })
const keep = (value: TypedValue): CallOutcome => createAnswerKeeper('python').keep({ kind: 'value', value })
const sizeOf = (outcome: CallOutcome): number => JSON.stringify(outcome).length
const text = (v: string): TypedValue => ({ t: 'str', v })
const LARGE = 5_000

test('a small answer is kept as it is, and what is no value too', () => {
  const keeper = createAnswerKeeper('python')
  const outcomes: CallOutcome[] = [
    { kind: 'value', value: listOf(int(1), 100) },
    { kind: 'timeout' },
    { kind: 'raised', error: 'E', message: 'm' },
    { kind: 'not-run', reason: 'r' },
  ]
  expect(outcomes.map((outcome) => keeper.keep(outcome))).toEqual(outcomes)
  expect(keeper.full()).toBeNull()
})

test('of a large answer its fingerprint, kind and size are kept', () => {
  const value = listOf(int(7), LARGE)
  expect(keep(value)).toEqual({
    kind: 'value',
    value: { t: 'digest', v: fingerprint(value, 'python'), of: 'list', sizeBytes: JSON.stringify(value).length },
  })
  expect(keep(text('x'.repeat(1_000_000)))).toMatchObject({ value: { of: 'str', sizeBytes: 1_000_018 } })
  expect(sizeOf(keep({ t: 'other', v: 'x'.repeat(1_000_000) }))).toBeLessThan(400)
})

test('an answer counts by the bytes it takes in the log, not by its characters', () => {
  expect(keep(text('\u4e16'.repeat(MAX_ANSWER_BYTES / 3 + 1)))).toMatchObject({ value: { t: 'digest' } })
  expect(keep(text('x'.repeat(MAX_ANSWER_BYTES - 100)))).toMatchObject({ value: { t: 'str' } })
})

test.each<[string, TypedValue, TypedValue, boolean]>([
  ['the same list twice', listOf(int(7), LARGE), listOf(int(7), LARGE), true],
  [
    'lists that differ in the last place',
    listOf(int(7), LARGE),
    { t: 'list', v: [...Array(LARGE - 1).fill(int(7)), int(8)] },
    false,
  ],
  ['a list and a tuple', listOf(int(7), LARGE), { t: 'tuple', v: Array(LARGE).fill(int(7)) }, false],
  // One takes more than the bound and the other does not, or not yet: both are the same to Python.
  ['a list of 1.0 and a list of 1', listOf({ t: 'float', v: '1.0' }, 3_000), listOf(int(1), 3_000), true],
  ['a list of True and a list of 1', listOf({ t: 'bool', v: true }, LARGE), listOf(int(1), LARGE), true],
  [
    'a set with one item many times and one with it once',
    { t: 'set', v: Array(LARGE).fill(int(1)) },
    { t: 'set', v: [int(1)] },
    true,
  ],
])('two programs agree on large answers as on small ones: %s', (_, a, b, agree) => {
  const [left, right] = [outcomeFingerprint(keep(a), 'python'), outcomeFingerprint(keep(b), 'python')]
  expect(left).not.toBeNull()
  expect(left === right).toBe(agree)
})

test('whatever the answer, what is kept of it has its fingerprint', () => {
  const { value: anyValue } = fc.letrec<{ value: TypedValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.bigInt().map((v): TypedValue => ({ t: 'int', v: String(v) })),
      fc.double().map((v): TypedValue => ({ t: 'float', v: Number.isFinite(v) ? String(v) : 'nan' })),
      fc.string().map(text),
      fc.constant<TypedValue>({ t: 'other', v: 'object' }),
      fc.array(tie('value'), { maxLength: 4 }).map((v): TypedValue => ({ t: 'set', v })),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((v): TypedValue => ({ t: 'dict', v })),
    ),
  }))
  fc.assert(
    fc.property(anyValue, fc.constantFrom(1, 2_000), (item, times) => {
      const value = listOf(item, times)
      const kept = keep(value)
      expect(outcomeFingerprint(kept, 'python')).toBe(fingerprint(value, 'python'))
      expect(kept.kind === 'value' && isTruthy(kept.value, 'python')).toBe(isTruthy(value, 'python'))
    }),
    { numRuns: 40 },
  )
})

test('a check with a large expected value is decided as on the whole answer', () => {
  const read = (source: string): TypedValue => parseLiteral(source, 'python') ?? int(0)
  const [expected, other] = [read('list(range(9000))'), read('list(range(1, 9001))')]
  for (const tolerance of [null, { absolute: 1e-6, relative: 1e-6, areIntegersExact: true as const }]) {
    expect(meetsExpectation(keep(expected), { kind: 'equals', value: expected, tolerance }, 'python')).toBe(true)
    expect(meetsExpectation(keep(other), { kind: 'equals', value: expected, tolerance }, 'python')).toBe(false)
    expect(meetsExpectation(keep(expected), { kind: 'equals', value: int(3), tolerance }, 'python')).toBe(false)
  }
  expect(meetsExpectation(keep(other), { kind: 'differs', value: expected }, 'python')).toBe(true)
  expect(meetsExpectation(keep(other), { kind: 'truthy' }, 'python')).toBe(true)
  expect(meetsExpectation(keep(other), { kind: 'falsy' }, 'python')).toBe(false)
})

test('numbers with a fraction are kept whole, for they can be close to what is expected', () => {
  const [third, rounded] = [listOf({ t: 'float', v: '0.3333333333333333' }, LARGE), listOf({ t: 'float', v: '0.333333' }, LARGE)]
  expect(keep(third)).toEqual({ kind: 'value', value: third })
  expect(
    meetsExpectation(
      keep(third),
      { kind: 'equals', value: rounded, tolerance: { absolute: 1e-6, relative: 1e-6, areIntegersExact: true as const } },
      'python',
    ),
  ).toBe(true)
})

test('what is shown of a digest is short and tells digests apart', () => {
  const [a, b] = [keep(listOf(int(7), LARGE)), keep(listOf(int(8), LARGE))].map((outcome) =>
    outcome.kind === 'value' ? printLiteral(outcome.value, 'python') : '',
  )
  expect(a).toMatch(/^<list of \d+ bytes, #[0-9a-f]{11}>$/)
  expect(b).not.toBe(a)
})

test('an answer of which a digest is kept is not shown whole, so nobody is asked what it should be', () => {
  const call = { fn: 'f', args: [] }
  expect(areShownWhole(call, [keep(listOf(int(7), 3))], 'python')).toBe(true)
  expect(areShownWhole(call, [keep(listOf(int(7), 3)), keep(listOf(int(7), LARGE))], 'python')).toBe(false)
})

test('a candidate whose answers have used up its bytes is asked no more, and says why', () => {
  const keeper = createAnswerKeeper('python')
  const flood = listOf({ t: 'float', v: '0.5' }, 40_000)
  const bytes = JSON.stringify(flood).length
  const kept = Array.from({ length: 12 }, () => keeper.keep({ kind: 'value', value: flood }))
  const wholes = Math.floor(MAX_CANDIDATE_BYTES / bytes)
  expect(kept.map(({ kind }) => kind)).toEqual([...Array(wholes).fill('value'), ...Array(12 - wholes).fill('not-run')])
  expect(keeper.full()).toBe('its answers took more than 8 MiB')
})
