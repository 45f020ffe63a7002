import fc from 'fast-check'
import { expect, test } from 'vitest'
import { callKey } from '../../src/consensus/check.ts'
import { parseLiteral } from '../../src/consensus/literal.ts'
import { mutateCalls } from '../../src/consensus/probes.ts'
import type { Call, TypedValue } from '../../src/domain/value.ts'

function call(...args: string[]): Call {
  return { fn: 'f', args: args.map((arg) => parseLiteral(arg, 'python') ?? { t: 'none' }) }
}

const SEEDS = [call('[1, 2, 3]', "'ab cd'"), call('[0.5]', "''"), call('[]', "'x'")]

test('equal seeds give equal probes and another task gives others', () => {
  expect(mutateCalls(SEEDS, 'python', 'task a')).toEqual(mutateCalls(SEEDS, 'python', 'task a'))
  expect(mutateCalls(SEEDS, 'python', 'task a')).not.toEqual(mutateCalls(SEEDS, 'python', 'task b'))
})

test('probes are new, differ from one another and keep the type of each argument', () => {
  fc.assert(
    fc.property(fc.string(), (seed) => {
      const probes = mutateCalls(SEEDS, 'python', seed)
      expect(probes).toHaveLength(24)
      expect(new Set([...probes, ...SEEDS].map((each) => callKey(each, 'python'))).size).toBe(27)
      for (const probe of probes) expect(probe.args.map((arg) => arg.t)).toEqual(['list', 'str'])
    }),
  )
})

test('a list of whole numbers is mutated into lists of whole numbers, not negative where none was seen', () => {
  const numbers = mutateCalls([call('[3, 1, 2]')], 'python', 'seed').flatMap((probe) => probe.args.flatMap(itemsOf))
  expect(numbers.every((item) => item.t === 'int' && !item.v.startsWith('-'))).toBe(true)
})

function itemsOf(value: TypedValue): readonly TypedValue[] {
  return value.t === 'list' ? value.v : []
}

test('where few inputs exist, few probes come, and none without a call to start from', () => {
  expect(mutateCalls([call('True')], 'python', 'seed')).toEqual([call('False')])
  expect(mutateCalls([], 'python', 'seed')).toEqual([])
  expect(mutateCalls([{ fn: 'f', args: [] }], 'python', 'seed')).toEqual([])
})
