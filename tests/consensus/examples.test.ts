import { expect, test } from 'vitest'
import { findExamples } from '../../src/consensus/examples.ts'
import type { ConsensusLanguage } from '../../src/consensus/language.ts'
import { printLiteral } from '../../src/consensus/literal.ts'
import { readEntryPoint } from '../../src/consensus/signature.ts'

function examplesIn(prompt: string, name: string, language: ConsensusLanguage = 'python'): string[] {
  const found = findExamples(prompt, readEntryPoint(name, prompt, language))
  return found.checks.map(({ call, expected }) => {
    const args = call.args.map((arg) => printLiteral(arg, language)).join(', ')
    return expected.kind === 'equals' ? `${args} gives ${printLiteral(expected.value, language)}` : expected.kind
  })
}

test.each([
  ['a doctest', '>>> f(1)\n2', ['1 gives 2']],
  ['a doctest whose result spans lines', '>>> f(1)\n[1,\n 2]\n', ['1 gives [1, 2]']],
  ['a doctest with the result on its line', '>>> f([3]) == [1]\n>>> f([4]) [2]\n', ['[3] gives [1]', '[4] gives [2]']],
  ['a rounded doctest', '>>> round(f([1, 2]), 2) # a note\n-0.5', ['[1, 2] gives -0.5']],
  ['an equation', 'f(12, 15) = 14', ['12, 15 gives 14']],
  ['arrows of all kinds', 'f(1) => 2, f(2) -> 3\nf(3) ➞ 4\nf(4) ==> 5', ['1 gives 2', '2 gives 3', '3 gives 4', '4 gives 5']],
  ['the word returns', "f('Hi') returns 'iH'", ["'Hi' gives 'iH'"]],
  ['a sentence in backticks', 'For instance `f(2)` returns `4`.', ['2 gives 4']],
  ['lower-case constants', 'f(1) => true\nf(2) => null', ['1 gives True', '2 gives None']],
  ['a closing equation', 'f(2) = 1 + (2 / 2) = 2', ['2 gives 2']],
  ['the same example twice', 'f(1) == 2\n>>> f(1)\n2', ['1 gives 2']],
])('%s in the task text is an example', (_, text, found) => {
  expect(examplesIn(`def f(*a):\n    """\n    ${text}\n    """`, 'f')).toEqual(found)
})

test.each([
  ['a result that is no constant', 'f(3) = f(2) + f(1)'],
  ['a number that arithmetic follows', 'f(3) = 2 + x'],
  ['arguments that are no constants', 'f(aa) => False'],
  ['a longer name', 'of(1) == 2'],
  ['a method of something', 'g.f(1) == 2'],
  ['a call in prose', 'Call f(1) before the loop.'],
])('%s is no example', (_, text) => {
  expect(examplesIn(`def f(x):\n    """${text}"""`, 'f')).toEqual([])
})

test.each([
  ['2 * f(3) == 12', 'it is a term of something larger'],
  ['f(1) + f(2) == 6', 'it is a term of something larger'],
  ['-f(2) == 4', 'it is a term of something larger'],
  ['x ** f(2) == 4', 'it is a term of something larger'],
  ['10 - `f(2)` == 4', 'it is a term of something larger'],
  ['7 // f(2) == 4', 'it is a term of something larger'],
  ['5 > f(2) == 4', 'it is a term of something larger'],
  ['1 != f(2) == 4', 'it is a term of something larger'],
  ['f(1) plus f(2) equals 4', 'it is a term of something larger'],
  ['not f(3) == True', 'a word or sign in front turns it round'],
  ['not (f(3) == True)', 'a word or sign in front turns it round'],
  ['!f(3) == True', 'a word or sign in front turns it round'],
  ["It isn't f(3) == 4", 'a word or sign in front turns it round'],
  ['g.f(1) == 2', 'it is a member of something else'],
  ['the length of f(3) is 12', 'it speaks of the length of the result'],
  ['the sum of f(1) and f(2) is 12', 'it speaks of the sum of the result'],
])('%j says nothing about the call alone and is refused with the reason', (text, reason) => {
  const prompt = `def f(x):\n    """\n    ${text}\n    """`
  const found = findExamples(prompt, readEntryPoint('f', prompt, 'python'))
  expect([found.checks, found.rejected.at(-1)?.reason]).toEqual([[], reason])
})

test.each([
  'so f(3) == 12',
  'assert f(3) == 12',
  '- f(3) == 12',
  '* f(3) == 12',
  '• f(3) == 12',
  '1. f(3) == 12',
  'a) `f(3)` returns 12',
  '# f(3) == 12',
  '// f(3) == 12',
  '> f(3) == 12',
  '| f(3) == 12 |',
  '| one | f(3) == 12 |',
  'js> f(3) => 12',
  'Wow! f(3) == 12',
  'That is all. f(3) == 12',
  '**Example:** f(3) == 12',
  '**Example** f(3) == 12',
  '**f(3) == 12**',
  'Note: *f(3) == 12*',
  'Example 1 - f(3) == 12',
  'Example – f(3) == 12',
  '<code>f(3)</code> is no value, <b>f(3) == 12',
  'x = f(3) # => 12',
  '12 == f(3) == 12',
  'The result of f(3) is 12',
  'the sum of all digits, so f(3) is 12',
])('%j is an example all the same', (text) => {
  expect(examplesIn(`def f(x):\n    """\n    ${text}\n    """`, 'f')).toEqual(['3 gives 12'])
})

test('what stands in front is read on its own line alone, at the start of a text too', () => {
  expect(examplesIn('f(3) == 12', 'f')).toEqual(['3 gives 12'])
  expect(examplesIn('2 *\nf(3) == 12', 'f')).toEqual(['3 gives 12'])
})

test.each(['>>> f(3)[0]\n12', '>>> f(3) + 1\n12', '>>> f(3) - 1\n12', '>>> f(3) == 12\nFalse', 'f(3) == 12  # False'])(
  '%j shows something else than the result',
  (text) => {
    expect(examplesIn(`def f(x):\n    """\n    ${text.replace('\n', '\n    ')}\n    """`, 'f')).toEqual([])
  },
)

test.each([
  'Input: 3\r\nOutput: 9\r\n',
  'Input: 3\rOutput: 9',
  'Input: 3, Output: 9',
  'Input: 3 -> Output: 9.',
  'Input: n = 3; output: 9 (three squared)',
  '**Input:** 3\n**Output:** 9',
  '- **Input**: `3`\n- **Output**: `9`',
  '`Input`: `n = 3`\n`Output`: **9**',
  'Input: `n` = 3\n\nExpected output: 9',
  '// Sample input: 3\n// Sample output: 9',
])('the labels and values of %j are read', (text) => {
  const prompt = `def f(n): ...\n${text}`
  const found = findExamples(prompt, readEntryPoint('f', prompt, 'python'))
  expect(found.checks).toEqual([
    {
      call: { fn: 'f', args: [{ t: 'int', v: '3' }] },
      expected: {
        kind: 'equals',
        value: { t: 'int', v: '9' },
        tolerance: { absolute: 1e-6, relative: 1e-6, areIntegersExact: true },
      },
      source: expect.stringMatching(/input.*9/is),
    },
  ])
})

test.each(['Input: 3, Output: 9 numbers', 'Input: a list, Output: 9', 'Input: "x, Output: 9"', 'Input: 3 Output: x'])(
  '%j states no result',
  (text) => {
    expect(examplesIn(`def f(n): ...\n${text}`, 'f')).toEqual([])
  },
)

test('Windows line ends change no example', () => {
  const prompt =
    'def f(n):\n    """\n    >>> f(1)\n    2\n    Input: 3\n    Output: 9\n    For n = 4 the output should be 5\n    """'
  expect(examplesIn(prompt.replaceAll('\n', '\r\n'), 'f')).toEqual(['1 gives 2', '3 gives 9', '4 gives 5'])
})

test('a text that mentions the call without end is read as far as a person reads, and says so', () => {
  const prompt = `f(1) == 2\n${'f([[[[\n'.repeat(30_000)}`
  const found = findExamples(prompt, readEntryPoint('f', prompt, 'python'))
  expect([found.checks.length, found.rejected]).toEqual([
    1,
    [{ source: 'f', reason: 'of its calls in the text only the first 300 were read' }],
  ])
})

test('input and output lines are an example, named or in order', () => {
  expect(examplesIn('def f(a):\n  """\n  Input: [4,2]\n  Output: [2, 1]\n  Explanation: 2 is small."""', 'f')).toEqual([
    '[4, 2] gives [2, 1]',
  ])
  expect(examplesIn('def f(arr, k):\n  """\n  Input: arr = [1], k = 3\n  Output: 24 # sum"""', 'f')).toEqual(['[1], 3 gives 24'])
  expect(examplesIn('def f(a, b):\n  """\n  Input: [1]\n  Output: 2"""', 'f')).toEqual([])
})

test('a sentence about named inputs is an example, in the order of the parameters', () => {
  const prompt = 'def f(s, c):\n  """\n  For c = "ae", s = "abc" the result should be (\'b\', False)\n  """'
  expect(examplesIn(prompt, 'f')).toEqual(["'abc', 'ae' gives ('b', False)"])
  expect(examplesIn('def f(n):\n  """For num = "AB" the output should be 1."""', 'f')).toEqual(["'AB' gives 1"])
  expect(examplesIn('def f(a, b):\n  """For x = 1 the output should be 2"""', 'f')).toEqual([])
})

test('a doctest that prints nothing stands for None where the text speaks of None', () => {
  expect(examplesIn('def f(a):\n  """Returns None for an empty list.\n  >>> f([])\n\n  >>> f([1])\n  1\n  """', 'f')).toEqual([
    '[] gives None',
    '[1] gives 1',
  ])
  expect(examplesIn('def f(a):\n  """\n  >>> f([])\n\n  """', 'f')).toEqual([])
})

test('JavaScript examples are read in JavaScript', () => {
  const prompt = 'function f(a, b) {}\n// f([1, null], undefined) => [Infinity]\n// f(1, {a: 2}) === true\nf(2, 3) // → "x"'
  expect(examplesIn(prompt, 'f', 'javascript')).toEqual([
    '[1, null], undefined gives [Infinity]',
    "1, {'a': 2} gives true",
    "2, 3 gives 'x'",
  ])
})

test('named arguments stand where the declaration puts them', () => {
  expect(examplesIn('def f(a: int, b: dict[str, int] = {}):\n  """f(b={}, a=1) == 2"""', 'f')).toEqual(['1, {} gives 2'])
})
