import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAssertions } from '../../src/consensus/assertions.ts'
import type { ConsensusLanguage } from '../../src/consensus/language.ts'
import { printLiteral } from '../../src/consensus/literal.ts'
import { readEntryPoint } from '../../src/consensus/signature.ts'

function stated(text: string, language: ConsensusLanguage = 'python', prompt = 'def f(a, b): ...'): string[] {
  const found = parseAssertions(text, readEntryPoint('f', prompt, language))
  return found.checks.map(({ call, expected }) => {
    const args = call.args.map((arg) => printLiteral(arg, language)).join(', ')
    const tolerance = expected.kind === 'equals' && expected.tolerance !== null ? ` ±${expected.tolerance}` : ''
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
  ['assert math.isclose(f(1), 0.5, rel_tol=1e-05)', ['f(1) equals 0.5 ±0.00001']],
  ['assert round(f(1), 2) == 0.5', ['f(1) equals 0.5 ±0.005']],
  ['assert f(1) == pytest.approx(0.5)', ['f(1) equals 0.5 ±0.000001']],
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
])('the JavaScript line %j states what it says', (text, found) => {
  expect(stated(text, 'javascript', 'function f(a, b) {}')).toEqual(found)
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
