import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fingerprint, isTruthy, outcomeFingerprint, valuesClose } from '../../src/consensus/fingerprint.ts'
import type { ConsensusLanguage } from '../../src/consensus/language.ts'
import { parseLiteral } from '../../src/consensus/literal.ts'
import { withinPart } from '../../src/consensus/tolerance.ts'
import type { TypedValue } from '../../src/domain/value.ts'

function read(text: string, language: ConsensusLanguage): TypedValue {
  const value = parseLiteral(text, language)
  if (value === null) throw new Error(`not a literal: ${text}`)
  return value
}

test.each<[ConsensusLanguage, string, string, boolean]>([
  ['python', '1', '1.0', true],
  ['python', '1', 'True', true],
  ['python', '[1]', '(1,)', false],
  ['python', '{1, 2}', '{2, 1}', true],
  ['python', "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", true],
  ['python', '0.1 + 0.2', '0.3', true],
  ['python', '12345678901', '12345678902', false],
  ['python', '12345678901.0', '12345678901', true],
  ['python', '10 ** 20', '1e20', true],
  ['python', "'1'", '1', false],
  ['python', "'none'", 'None', false],
  ['python', "'[1]'", '[1]', false],
  ['python', "b'a'", "'a'", false],
  ['python', '-0.0', '0', true],
  ['javascript', '1', 'true', false],
  ['javascript', 'null', 'undefined', false],
  ['javascript', 'NaN', 'NaN', true],
  ['javascript', '{a: 1, b: 2}', '{b: 2, a: 1}', true],
  ['javascript', '{a: 1, b: 2}', 'new Map([["a", 1], ["b", 2]])', false],
  ['javascript', 'new Map([["b", 2], ["a", 1]])', 'new Map([["a", 1], ["b", 2]])', true],
  ['javascript', '{}', 'new Map()', false],
])('in %s, %s and %s are the same answer: %s', (language, a, b, same) => {
  expect(fingerprint(read(a, language), language) === fingerprint(read(b, language), language)).toBe(same)
})

test('an object with behaviour of its own equals nothing, not even inside a list', () => {
  const other: TypedValue = { t: 'list', v: [{ t: 'other', v: 'Foo' }] }
  expect(fingerprint(other, 'python')).toBeNull()
  expect(valuesClose(other, other, withinPart(1), 'python')).toBe(false)
})

test('a raise, a time-out and a call that did not run agree with nothing', () => {
  expect(outcomeFingerprint({ kind: 'raised', error: 'ValueError', message: '' }, 'python')).toBeNull()
  expect(outcomeFingerprint({ kind: 'timeout' }, 'python')).toBeNull()
  expect(outcomeFingerprint({ kind: 'not-run', reason: 'ended' }, 'python')).toBeNull()
})

test('numbers anywhere inside may differ by the tolerance, and only numbers', () => {
  expect(valuesClose(read('[1.0000001, "a"]', 'python'), read('[1, "a"]', 'python'), withinPart(1e-6), 'python')).toBe(true)
  expect(valuesClose(read('[1.1, "a"]', 'python'), read('[1, "a"]', 'python'), withinPart(1e-6), 'python')).toBe(false)
  expect(valuesClose(read('[1.0, "a"]', 'python'), read('[1, "b"]', 'python'), withinPart(1e-6), 'python')).toBe(false)
  expect(valuesClose(read('{"a": 1.0000001}', 'python'), read('{"a": 1}', 'python'), withinPart(1e-6), 'python')).toBe(true)
  expect(valuesClose(read('1000001', 'python'), read('1000000', 'python'), withinPart(1e-3), 'python')).toBe(false)
})

test.each([
  ['199', '100', 1, 0, false],
  ['199.0', '100', 1, 0, false],
  ['101', '100', 1, 0, true],
  ['102', '100', 1, 0, false],
  ['104.9', '100', 5, 0, true],
  ['199.0', '100', 0, 0.5, true],
  ['199', '100', 0, 0.5, true],
  [`1${'0'.repeat(20)}1`, `1${'0'.repeat(21)}`, 5, 0, false],
])('%s is close to %s within %s, or %s of it: %s', (a, b, absolute, relative, isClose) => {
  expect(valuesClose(read(a, 'python'), read(b, 'python'), { absolute, relative }, 'python')).toBe(isClose)
})

test.each<[ConsensusLanguage, string, boolean]>([
  ['python', '[]', false],
  ['javascript', '[]', true],
  ['python', '0.0', false],
  ['javascript', 'NaN', false],
  ['python', "'0'", true],
])('in %s, %s counts as %s in a condition', (language, text, truth) => {
  expect(isTruthy(read(text, language), language)).toBe(truth)
})

/** A value as the channel brings it, which no literal need have. */
const int = (v: string): TypedValue => ({ t: 'int', v })
const float = (v: string): TypedValue => ({ t: 'float', v })

test.each<[string, TypedValue, TypedValue, boolean]>([
  ['infinity and a number', float('inf'), int('3'), false],
  ['minus infinity and a number', float('-inf'), float('3.0'), false],
  ['infinity and minus infinity', float('inf'), float('-inf'), false],
  ['infinity and itself', float('inf'), float('inf'), true],
  ['not-a-number and a number', float('nan'), int('3'), false],
  ['not-a-number and itself', float('nan'), float('nan'), true],
  ['an integer no double holds and a float', int(`1${'0'.repeat(400)}`), float('2.5'), false],
  ['an integer no double holds and infinity', int(`1${'0'.repeat(400)}`), float('inf'), false],
  ['infinity in a tuple', { t: 'tuple', v: [float('inf')] }, { t: 'tuple', v: [int('1')] }, false],
])('no tolerance makes one of what is not finite: %s', (_, a, b, same) => {
  for (const language of ['python', 'javascript'] as const) {
    expect(valuesClose(a, b, withinPart(1e-6), language)).toBe(same)
    expect(valuesClose(b, a, withinPart(1e-6), language)).toBe(same)
  }
})

test('no number is close to one that is not finite, whatever the tolerance', () => {
  const finite = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => float(String(v))),
    fc.bigInt().map((v) => int(String(v))),
  )
  const notFinite = fc.constantFrom('inf', '-inf', 'nan').map(float)
  fc.assert(
    fc.property(finite, notFinite, fc.double({ min: 0, noNaN: true }), (a, b, part) => {
      expect([valuesClose(a, b, withinPart(part), 'python'), valuesClose(b, a, withinPart(part), 'javascript')]).toEqual([
        false,
        false,
      ])
    }),
  )
})

test('a dict with one key twice is not one with two keys', () => {
  const [a, b, one, two] = [{ t: 'str', v: 'a' } as const, { t: 'str', v: 'b' } as const, float('1.0'), float('2.0')]
  const twice: TypedValue = {
    t: 'dict',
    v: [
      [a, one],
      [a, one],
    ],
  }
  const both: TypedValue = {
    t: 'dict',
    v: [
      [a, one],
      [b, two],
    ],
  }
  expect([valuesClose(twice, both, withinPart(1e-6), 'python'), valuesClose(both, twice, withinPart(1e-6), 'python')]).toEqual([
    false,
    false,
  ])
  expect(valuesClose(both, both, withinPart(1e-6), 'python')).toBe(true)
})

test('a Map is close to a Map, and never to an object', () => {
  const map = read('new Map([["a", 1.0000001]])', 'javascript')
  expect(valuesClose(map, read('new Map([["a", 1]])', 'javascript'), withinPart(1e-6), 'javascript')).toBe(true)
  expect(valuesClose(map, read('new Map([["a", 2]])', 'javascript'), withinPart(1e-6), 'javascript')).toBe(false)
  expect(valuesClose(map, read('{a: 1}', 'javascript'), withinPart(1e-6), 'javascript')).toBe(false)
})
