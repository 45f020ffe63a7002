import { describe, expect, test } from 'vitest'
import type { TypedValue } from '../../../src/domain/value.ts'
import { readAnswers, readNames } from '../../../src/sandbox/suite/answer.ts'

const text = (v: string): TypedValue => ({ t: 'str', v })
const int = (v: number): TypedValue => ({ t: 'int', v: String(v) })
const row = (...v: TypedValue[]): TypedValue => ({ t: 'tuple', v })
const plain = (value: TypedValue): TypedValue => row(text('v'), value)
/** f({'a': [1], 'b': {2}}, key=[]): a dict, a list, a set and a list, in this order. */
const CALL = row(
  text('f'),
  row({
    t: 'dict',
    v: [
      [text('a'), { t: 'list', v: [int(1)] }],
      [text('b'), { t: 'set', v: [int(2)] }],
    ],
  }),
  row(text('key')),
  row({ t: 'list', v: [] }),
)
const NONE = row()
const told = (...items: TypedValue[]) => readAnswers({ kind: 'value', value: { t: 'list', v: [row(...items)] } }, [CALL])
const MALFORMED = [{ kind: 'dead', why: 'its answer was malformed' }]

test('what the sandbox did is not the doing of the code, and the other way round', () => {
  const kindOf = (reason: string) => readAnswers({ kind: 'not-run', reason }, [CALL]).map(({ kind }) => kind)
  expect(kindOf('the sandbox could not be started')).toEqual(['lost'])
  expect(kindOf('inconclusive-load: too busy')).toEqual(['lost'])
  expect(kindOf('the session is closed')).toEqual(['lost'])
  expect(kindOf('the candidate broke the channel: it answered more than once')).toEqual(['dead'])
  expect(readAnswers({ kind: 'raised', error: 'ProcessExit', message: '' }, [CALL])).toMatchObject([{ kind: 'dead' }])
})

test.each([
  ['no list', int(1)],
  ['too few', { t: 'list', v: [] }],
  ['too many', { t: 'list', v: [row(text('odd')), row(text('odd'))] }],
  ['an unknown word', { t: 'list', v: [row(text('need'))] }],
  ['a word of the host', { t: 'list', v: [row(text('nothing'), plain(int(1)), NONE, text(''), text(''))] }],
  ['a short row', { t: 'list', v: [row(text('value'))] }],
] as const)('an answer that is %s is the end of the code, not a value', (_, value) => {
  expect(readAnswers({ kind: 'value', value }, [CALL])).toEqual(MALFORMED)
})

describe('an answer takes no index, key or kind from the code that was not in the call', () => {
  const value = (packed: TypedValue, changes: TypedValue = NONE) => told(text('value'), packed, changes, text(''), text(''))
  const change = (...rows: TypedValue[]) => value(plain(int(1)), row(...rows))
  const raised = (what: TypedValue) => told(text('raised'), what, NONE, text(''), text(''))
  const kinds = row(row(text('builtins'), text('KeyError')))

  test('what a caller says of itself is taken as it is', () => {
    const good = [
      value(plain(int(1))),
      value(row(text('r'), int(3))),
      value(row(text('dict'), row(plain(text('k')), row(text('list'), row(row(text('r'), int(0))))))),
      change(row(int(0), text('dict'), row(plain(text('a')), plain(int(1)))), row(int(2), text('set'), NONE)),
      raised(row(kinds, row(text('k')), text("'k'"))),
      raised(row(text('TypeError'), text('no'))),
    ]
    expect(good.map((answers) => answers.map(({ kind }) => kind))).toEqual(good.map(() => ['told']))
    expect(told(text('odd'), text('why'))).toEqual([{ kind: 'cannot', why: 'why' }])
  })

  test.each([
    ['a reference by a word', value(row(text('r'), text('__proto__')))],
    ['a reference to nothing', value(row(text('r'), int(4)))],
    ['a reference from behind', value(row(text('r'), int(-1)))],
    ['a reference by a fraction', value(row(text('r'), { t: 'float', v: '0.5' }))],
    ['an unknown tag', value(row(text('__class__'), NONE))],
    ['half an entry', value(row(text('dict'), row(plain(text('k')))))],
    ['a tag over no items', value(row(text('list'), text('ab')))],
    ['a reference that is deep down', value(row(text('list'), row(row(text('r'), text('constructor')))))],
    ['more than a tag and its value', value(row(text('v'), int(1), int(2)))],
    ['a change by a word', change(row(text('__proto__'), text('dict'), NONE))],
    ['a change of nothing', change(row(int(4), text('list'), NONE))],
    ['a change of another kind', change(row(int(1), text('dict'), NONE))],
    ['two changes of one thing', change(row(int(1), text('list'), NONE), row(int(1), text('list'), NONE))],
    ['a change that holds an unknown reference', change(row(int(1), text('list'), row(row(text('r'), text('concat')))))],
    ['half an entry in a change', change(row(int(0), text('dict'), row(plain(text('a')))))],
    ['changes that are none', told(text('value'), plain(int(1)), text('ab'), text(''), text(''))],
    ['an exception without a class', raised(row(NONE, NONE, text('')))],
    ['an exception whose class is no word', raised(row(row(row(int(1), text('x'))), NONE, text('')))],
    ['an exception without a message', raised(row(text('TypeError')))],
    ['output that is no text', told(text('value'), plain(int(1)), NONE, int(1), text(''))],
    ['more than an answer', told(text('value'), plain(int(1)), NONE, text(''), text(''), text(''))],
  ])('%s breaks it', (_, answers) => {
    expect(answers).toEqual(MALFORMED)
  })
})

test('a name that was not asked for, or is more than a name, is not written into the process of the tests', () => {
  const named = (name: string, kind = 'function', bases: TypedValue = { t: 'list', v: [] }) => row(text(name), text(kind), bases)
  const all = (...v: TypedValue[]) => ({ kind: 'value', value: { t: 'list', v } }) as const
  const told = all(named('add'), named('other'), named('x = 1; globalThis.y'), named('add', 'value'), text('add'))
  expect(readNames(told, ['add', 'x = 1; globalThis.y'])).toEqual({ t: 'list', v: [named('add')] })
  const python = all(
    named('größe'),
    named('__getattr__'),
    named('__all__'),
    named('a b'),
    named('f', 'module'),
    named('g', 'error', text('x')),
  )
  expect(readNames(python, null)).toEqual({ t: 'list', v: [named('größe')] })
  expect(readNames({ kind: 'raised', error: 'E', message: '' }, ['add'])).toEqual({ t: 'list', v: [] })
})
