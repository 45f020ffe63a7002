import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fingerprint } from '../../src/consensus/fingerprint.ts'
import type { ConsensusLanguage } from '../../src/consensus/language.ts'
import { parseLiteral, printLiteral } from '../../src/consensus/literal.ts'
import type { TypedValue } from '../../src/domain/value.ts'

function valuesOf(language: ConsensusLanguage): fc.Arbitrary<TypedValue> {
  const isPython = language === 'python'
  return fc.letrec<{ value: TypedValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant<TypedValue>({ t: 'none' }),
      ...(isPython ? [] : [fc.constant<TypedValue>({ t: 'undefined' })]),
      fc.boolean().map((v): TypedValue => ({ t: 'bool', v })),
      fc
        .bigInt(isPython ? { min: -(10n ** 30n), max: 10n ** 30n } : { min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n })
        .map((v): TypedValue => ({ t: 'int', v: v.toString() })),
      fc
        .double({ noNaN: true })
        .filter((v) => isPython || !Number.isSafeInteger(v))
        .map((v): TypedValue => ({ t: 'float', v: Number.isFinite(v) ? String(v) : v > 0 ? 'inf' : '-inf' })),
      fc.string({ unit: 'binary' }).map((v): TypedValue => ({ t: 'str', v })),
      fc.array(tie('value'), { maxLength: 4 }).map((v): TypedValue => ({ t: 'list', v })),
      ...(isPython ? [fc.array(tie('value'), { maxLength: 4 }).map((v): TypedValue => ({ t: 'tuple', v }))] : []),
      fc.array(tie('value'), { maxLength: 3 }).map((v): TypedValue => ({ t: 'set', v })),
      fc
        .array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 })
        .map((v): TypedValue => ({ t: 'dict', v: v.map(([key, item]) => [{ t: 'str', v: key } as const, item] as const) })),
    ),
  })).value
}

for (const language of ['python', 'javascript'] as const) {
  test(`a printed ${language} literal reads back as an equal value`, () => {
    fc.assert(
      fc.property(valuesOf(language), (value) => {
        const back = parseLiteral(printLiteral(value, language), language)
        expect(back).not.toBeNull()
        if (back !== null) expect(fingerprint(back, language)).toBe(fingerprint(value, language))
      }),
    )
  })

  test(`any text at all is read as a ${language} literal or refused, never an error`, () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'[](){}\'"\\-+*1e.,:b ') })), (text) => {
        const value = parseLiteral(text, language)
        if (value !== null) expect(typeof printLiteral(value, language)).toBe('string')
      }),
    )
  })
}

const int = (v: number): TypedValue => ({ t: 'int', v: String(v) })

test.each<[ConsensusLanguage, string, TypedValue | null]>([
  ['python', '\'a\' "b"', { t: 'str', v: 'ab' }],
  ['python', "r'\\d'", { t: 'str', v: '\\d' }],
  ['python', "b'\\x00'", { t: 'bytes', v: '\0' }],
  ['python', '1_000', int(1000)],
  ['javascript', '1_000', int(1000)],
  ['javascript', '38656052371313850', { t: 'float', v: '38656052371313850' }],
  ['javascript', '10n', null],
  ['python', '0xff', int(255)],
  ['python', '-2 ** 2', int(-4)],
  ['python', '7 // -2', int(-4)],
  ['python', '-7 % 3', int(2)],
  ['python', "'ab' * 2", { t: 'str', v: 'abab' }],
  ['python', '[0] * 3', { t: 'list', v: [int(0), int(0), int(0)] }],
  ['python', 'list(range(3))', { t: 'list', v: [int(0), int(1), int(2)] }],
  ['python', 'set()', { t: 'set', v: [] }],
  ['python', "float('-inf')", { t: 'float', v: '-inf' }],
  ['python', '(1,)', { t: 'tuple', v: [int(1)] }],
  ['python', '(1)', int(1)],
  ['python', "'a' * 10 ** 9", null],
  ['python', '9 ** 9 ** 9', null],
  ['python', 'f"{x}"', null],
  ['python', 'print(1)', null],
  ['python', '[1, 2', null],
  ['python', "'open", null],
  ['javascript', '-Infinity', { t: 'float', v: '-inf' }],
  ['javascript', 'undefined', { t: 'undefined' }],
  ['javascript', '2.0', int(2)],
  ['javascript', '-0', { t: 'float', v: '-0.0' }],
  ['javascript', '`a`', { t: 'str', v: 'a' }],
  ['javascript', '`$' + '{a}`', null],
  ['javascript', "'ab'.repeat(2)", { t: 'str', v: 'abab' }],
  ['javascript', "new Map([['a', 1]])", { t: 'map', v: [[{ t: 'str', v: 'a' }, int(1)]] }],
  ['javascript', 'new Array(2).fill(0)', { t: 'list', v: [int(0), int(0)] }],
  [
    'javascript',
    '{ a: 1, "b": [2] }',
    {
      t: 'dict',
      v: [
        [{ t: 'str', v: 'a' }, int(1)],
        [
          { t: 'str', v: 'b' },
          { t: 'list', v: [int(2)] },
        ],
      ],
    },
  ],
])('in %s, %s is read for what it denotes', (language, text, value) => {
  expect(parseLiteral(text, language)).toEqual(value)
})

test('nesting without end is refused and does not overflow the stack', () => {
  expect(parseLiteral('['.repeat(100_000), 'python')).toBeNull()
  expect(parseLiteral('-'.repeat(100_000), 'javascript')).toBeNull()
})
