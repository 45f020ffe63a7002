import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRunId, isRunId, normalizeTypedId, runIdTime } from '../../src/store/run-id.ts'

const randomBytes = fc.uint8Array({ minLength: 10, maxLength: 10 })
const wallMs = fc.integer({ min: 0, max: 2 ** 48 - 1 })

test('a run id is 26 lower-case characters of Crockford base 32, and its time can be read back', () => {
  fc.assert(
    fc.property(wallMs, randomBytes, (ms, random) => {
      const id = createRunId(ms, random)
      expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/)
      expect({ isRunId: isRunId(id), time: runIdTime(id) }).toEqual({ isRunId: true, time: ms })
    }),
  )
})

test('run ids sort by time', () => {
  fc.assert(
    fc.property(wallMs, wallMs, randomBytes, randomBytes, (a, b, randomA, randomB) => {
      fc.pre(a < b)
      expect(createRunId(a, randomA) < createRunId(b, randomB)).toBe(true)
    }),
  )
})

test('every random bit counts, so two runs of one millisecond differ', () => {
  const zero = createRunId(1, new Uint8Array(10))
  const others = Array.from({ length: 80 }, (_, bit) => {
    const random = new Uint8Array(10)
    random[Math.floor(bit / 8)] = 1 << (bit % 8)
    return createRunId(1, random)
  })

  expect(new Set([zero, ...others]).size).toBe(81)
})

test('known ids: the first moment with all bits clear, the last with all bits set', () => {
  expect(createRunId(0, new Uint8Array(10))).toBe('00000000000000000000000000')
  expect(createRunId(2 ** 48 - 1, new Uint8Array(10).fill(255))).toBe('7zzzzzzzzzzzzzzzzzzzzzzzzz')
})

test('a clock that is wrong is clamped and stops no run', () => {
  expect([-5, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 50].map((ms) => runIdTime(createRunId(ms, new Uint8Array(10))))).toEqual(
    [0, 0, 0, 2 ** 48 - 1],
  )
})

test('too few random bytes are refused', () => {
  expect(() => createRunId(1, new Uint8Array(9))).toThrow(RangeError)
})

test('what is no run id has no time', () => {
  expect(['', '../../../../etc/passwd12345', '8'.padEnd(26, '0'), 'A'.repeat(26), 'u'.repeat(26)].map(runIdTime)).toEqual([
    null,
    null,
    null,
    null,
    null,
  ])
})

test('letters people confuse are read as the digits they look like', () => {
  expect(normalizeTypedId('OoIiLlZ9')).toBe('001111z9')
})
