import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAssertions } from '../../src/consensus/assertions.ts'
import { meetsExpectation } from '../../src/consensus/check.ts'
import type { ConsensusLanguage } from '../../src/consensus/language.ts'
import { printLiteral } from '../../src/consensus/literal.ts'
import { readEntryPoint } from '../../src/consensus/signature.ts'
import type { Tolerance } from '../../src/consensus/tolerance.ts'
import type { TypedValue } from '../../src/domain/value.ts'
import { PHASE_TEXT } from '../../src/prompts/phase-text.ts'

/** To six digits: a strict bound is a little less than what is written. */
function printTolerance({ absolute, relative }: Tolerance): string {
  const short = (value: number): string => String(Number(value.toPrecision(6)))
  return ` ±${short(absolute)}${relative === 0 ? '' : ` or ${short(relative)} of it`}`
}

test.each([
  ['abs(f(1) - 100) < 1', ['99', '101', '199', '100.9', '100'], [false, false, false, true, true]],
  ['abs(f(1) - 100) <= 1', ['99', '101', '199', '100.9', '102'], [true, true, false, true, false]],
  ['round(f(1), -1) == 30', ['28', '34.9', '36', '300'], [true, true, false, false]],
  ['round(f(1), 2) == 12.38', ['12.375', '12.3849', '12.374', '12.39'], [true, true, false, false]],
  ['math.isclose(f(1), 1000000, rel_tol=0.01)', ['1000001', '1009999', '1020000'], [true, true, false]],
  ['math.isclose(f(1), 100, abs_tol=1)', ['101', '199.0', '100.5', '102'], [true, false, true, false]],
])('what is close enough for `%s` is no more than it says', (condition, given, meets) => {
  const [check] = parseAssertions(`assert ${condition}`, readEntryPoint('f', 'def f(a): ...', 'python')).checks
  const value = (text: string): TypedValue => ({ t: text.includes('.') ? 'float' : 'int', v: text })
  expect(given.map((text) => check && meetsExpectation({ kind: 'value', value: value(text) }, check.expected, 'python'))).toEqual(
    meets,
  )
})

function stated(text: string, language: ConsensusLanguage = 'python', prompt = 'def f(a, b): ...'): string[] {
  const found = parseAssertions(text, readEntryPoint('f', prompt, language))
  return found.checks.map(({ call, expected }) => {
    const args = call.args.map((arg) => printLiteral(arg, language)).join(', ')
    const tolerance = expected.kind === 'equals' && expected.tolerance !== null ? printTolerance(expected.tolerance) : ''
    return `f(${args}) ${expected.kind}${'value' in expected ? ` ${printLiteral(expected.value, language)}` : ''}${tolerance}`
  })
}

test.each([
  ['assert f(1) == 2', ['f(1) equals 2']],
  ['assert f(1) == 2, "why"', ['f(1) equals 2']],
  ['assert (f(1) == 2)', ['f(1) equals 2']],
  ['assert 2 == f(1)', ['f(1) equals 2']],
  ['assert f(1) is None', ['f(1) equals None']],
  ['assert f(1)', ['f(1) truthy']],
  ['assert not f(1)', ['f(1) falsy']],
  ['assert f(1) != 2', ['f(1) differs 2']],
  ['assert f(1) and f(2) == 3', ['f(1) truthy', 'f(2) equals 3']],
  ['assert abs(f(1) - 0.5) < 1e-3', ['f(1) equals 0.5 ±0.001']],
  ['assert math.isclose(f(1), 0.5, rel_tol=1e-05)', ['f(1) equals 0.5 ±0 or 0.00001 of it']],
  ['assert abs(f(1) - 100) <= 5', ['f(1) equals 100 ±5']],
  ['assert math.isclose(f(1), 0.5, abs_tol=0.1)', ['f(1) equals 0.5 ±0.1 or 1e-9 of it']],
  ['assert np.isclose(f(1), 0.5)', ['f(1) equals 0.5 ±1e-8 or 0.00001 of it']],
  ['assert f(1) == pytest.approx(0.5, abs=0.01)', ['f(1) equals 0.5 ±0.01']],
  ['assert f(1) == pytest.approx(0.5, rel=0.1, abs=0.01)', ['f(1) equals 0.5 ±0.01 or 0.1 of it']],
  ['assert f(1) == 0.5\nassert abs(f(1) - 0.5) <= 0.1', ['f(1) equals 0.5', 'f(1) equals 0.5 ±0.1']],
  ['assert round(f(1), 2) == 0.5', ['f(1) equals 0.5 ±0.005']],
  ['assert f(1) == pytest.approx(0.5)', ['f(1) equals 0.5 ±1e-12 or 0.000001 of it']],
  ['assert f(b=2, a=1) == 3', ['f(1, 2) equals 3']],
  ["assert f('x' * 3) == 9", ["f('xxx') equals 9"]],
  ['assert f([1,\n  2]) == 3', ['f([1, 2]) equals 3']],
  ['assert f(1) == 2\nassert f(1)==2', ['f(1) equals 2']],
  ['assert f(1) == 2\nassert f(1) == 3', ['f(1) equals 2', 'f(1) equals 3']],
])('%j states what it says', (text, found) => {
  expect(stated(text)).toEqual(found)
})

test.each([
  ['assert f(1) == [1, 2', 'does not parse'],
  ['assert g(1) == 2', 'states nothing this reader can compare'],
  ['assert f(x) == 2', 'calls the entry point with other than constants'],
  ['assert ia.f(1)', 'does not call the entry point'],
  ['assert ____ == f(1)', 'states nothing this reader can compare'],
  ['assert (f(1) == 2, "always true")', 'states nothing this reader can compare'],
  ['assert f(1) == 1 == 1', 'states nothing this reader can compare'],
])('%j is refused with the reason', (text, reason) => {
  const found = parseAssertions(text, readEntryPoint('f', '', 'python'))
  expect(found).toEqual({ checks: [], rejected: [{ source: text.slice('assert '.length), reason }] })
})

test('a cut last line costs that line alone', () => {
  expect(stated('assert f(1) == 2\nassert f(2) == [3, 3, 3, 3,')).toEqual(['f(1) equals 2'])
})

test.each([
  ['assert.strictEqual(f(1), 2)', ['f(1) equals 2']],
  ['assert.deepEqual(f([1]), { a: [2] });', ["f([1]) equals {'a': [2]}"]],
  ['assert(f(1) === undefined)', ['f(1) equals undefined']],
  ['assert(!f(1))', ['f(1) falsy']],
  ['console.assert(f(1) === 2, "why")', ['f(1) equals 2']],
  ['assert.notStrictEqual(f(1), 2)', ['f(1) differs 2']],
  ['assert.ok(f(1))', ['f(1) truthy']],
  ['assert(Math.abs(f(1) - 0.5) < 1e-3)', ['f(1) equals 0.5 ±0.001']],
  ['expect(f(1)).toBe(-Infinity)', ['f(1) equals -Infinity']],
  ['expect(f(1)).not.toEqual([2])', ['f(1) differs [2]']],
  ['expect(f(1)).toBeCloseTo(0.5, 3)', ['f(1) equals 0.5 ±0.0005']],
  ['expect(f(1)).toBeUndefined()', ['f(1) equals undefined']],
  ['assert f([1, 2]) == [3]', ['f([1, 2]) equals [3]']],
  ["assert f(1) === true, 'why'", ['f(1) equals true']],
  ['assert (f(1) == 2)', ['f(1) equals 2']],
  ['  assert !f(1);', ['f(1) falsy']],
  ['assert f(1) !== 2 && f(2)', ['f(1) differs 2', 'f(2) truthy']],
  ['f(1) === 2', ['f(1) equals 2']],
  ['f(1) == [2]; // why\nf(2) !== null', ['f(1) equals [2]', 'f(2) differs null']],
  ['assert(\n  f(1) === 2\n)', ['f(1) equals 2']],
  ['const assert = 1\nassert = f\nf(1)\nf(2) > 3', []],
  ['assert(f(2) === 2 ||\nf(1) === 2)', []],
  ['assert(!(\nf(1) === 2\n))', []],
  ["assert f(1) == 2\r\nassert f('a') == 3\r\n", ['f(1) equals 2', "f('a') equals 3"]],
])('the JavaScript line %j states what it says', (text, found) => {
  expect(stated(text, 'javascript', 'function f(a, b) {}')).toEqual(found)
})

test.each(['python', 'javascript'] as const)('the line that testers and arbiters are asked for is read in %s', (language) => {
  for (const phase of ['write_tests', 'arbitrate'] as const) {
    const asked = /`(assert [^`]+)`/.exec(PHASE_TEXT[phase])?.[1] ?? ''
    const line = asked.replace('name(arguments)', 'f(1, [2])').replace('call', 'f(1, [2])').replace('value', "{'a': 3}")
    expect(stated(`\`\`\`\n${line}\n\`\`\``, language)).toEqual(["f(1, [2]) equals {'a': 3}"])
  }
})

test('a chain of operators longer than a call stack is read to its end', () => {
  const ones = Array.from({ length: 12_000 }, () => '1')
  expect(stated(`assert f(${ones.join('+')}) == 2`)).toEqual(['f(12000) equals 2'])
  expect(stated(`assert ${ones.map((one) => `f(${one}) == 2`).join(' and ')}`)).toEqual(['f(1) equals 2'])
  expect(stated(`assert ${ones.map((one) => `f(${one}) == 2`).join(' && ')}`, 'javascript')).toEqual(['f(1) equals 2'])
})

test.each([
  `[${"['a' * 9999], ".repeat(2_000)}]`,
  `${"'a' + ".repeat(12_000)}'a'`,
  `${'[1] + '.repeat(12_000)}[1]`,
  `${'9 ** 999 * '.repeat(12_000)}1`,
  '[[0] * 9999] * 9999',
  `'a'${'.repeat(1)'.repeat(12_000)}`,
])('argument %# is refused: what it builds is no argument that a person writes', (argument) => {
  for (const language of ['python', 'javascript'] as const) {
    const found = parseAssertions(`assert f(${argument}) == 2`, readEntryPoint('f', '', language))
    expect([found.checks.length, found.rejected.length]).toEqual([0, 1])
  }
})

test('an empty list repeated any number of times is an empty list', () => {
  expect(stated(`assert f([] * ${'9'.repeat(400)}, '' * 1000000000000) == 2`)).toEqual(["f([], '') equals 2"])
})

test('no text makes the reader throw', () => {
  const pieces = fc.constantFrom(
    'assert ',
    'f(',
    ')',
    '1',
    ' == ',
    '[',
    ']',
    '"',
    "'",
    ',',
    '\n',
    'not ',
    'expect(',
    '.toBe(',
    '\\',
  )
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 30 }),
      fc.constantFrom<ConsensusLanguage>('python', 'javascript'),
      (parts, language) => {
        expect(parseAssertions(parts.join(''), readEntryPoint('f', '', language)).checks.length).toBeLessThan(31)
      },
    ),
  )
})
