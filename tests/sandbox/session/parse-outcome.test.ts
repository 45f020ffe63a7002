import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TypedValue } from '../../../src/domain/value.ts'
import { parseCallOutcome, parseLoadOutcome, parseValue } from '../../../src/sandbox/session/parse-outcome.ts'

const { value: anyValue } = fc.letrec<{ value: TypedValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant<TypedValue>({ t: 'none' }),
    fc.boolean().map((v): TypedValue => ({ t: 'bool', v })),
    fc.bigInt().map((v): TypedValue => ({ t: 'int', v: String(v) })),
    fc.constantFrom('0.5', '-1e+20', 'nan', 'inf', '-inf', '1e-07', '-0.0').map((v): TypedValue => ({ t: 'float', v })),
    fc.string().map((v): TypedValue => ({ t: 'str', v })),
    fc.array(tie('value'), { maxLength: 3 }).map((v): TypedValue => ({ t: 'tuple', v })),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((v): TypedValue => ({ t: 'dict', v })),
  ),
}))

test('a well-formed value comes back as it was, without fields of its own', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(parseValue({ ...value, extra: 1 }, 0)).toEqual(value)
    }),
  )
})

test('whatever JSON a candidate sends is a known outcome or null, and never throws', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(['value', 'raised', 'timeout', undefined]).toContain(parseCallOutcome(json)?.kind)
      expect(['loaded', 'failed', 'no-entry-point', undefined]).toContain(parseLoadOutcome(json)?.kind)
    }),
  )
})

test.each([
  { t: 'int', v: 5 },
  { t: 'int', v: '05' },
  { t: 'int', v: '5\n' },
  { t: 'float', v: 'NaN' },
  { t: 'float', v: `0.${'0'.repeat(100)}` },
  { t: 'bool', v: 'true' },
  { t: 'digest', v: '#0', of: 'list', sizeBytes: 1 },
  { t: 'dict', v: [[{ t: 'none' }]] },
  { t: 'list', v: {} },
  { t: 'evil', v: '' },
  null,
  [],
  'x',
])('%j is not a value', (value) => {
  expect(parseValue(value, 0)).toBeNull()
})

test('a claim to be not-run or loaded where a call was made is malformed', () => {
  expect(
    [
      { kind: 'not-run', reason: 'x' },
      { kind: 'loaded', names: [] },
      { kind: 'raised', error: 1, message: '' },
    ].map(parseCallOutcome),
  ).toEqual([null, null, null])
})
