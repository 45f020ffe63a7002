import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAssertions } from '../../src/consensus/assertions.ts'
import { findExamples } from '../../src/consensus/examples.ts'
import { findEntryPoint, languageOfTask } from '../../src/consensus/find-entry-point.ts'
import { normaliseCandidate } from '../../src/consensus/normalise-candidate.ts'
import { planEvidence } from '../../src/consensus/plan-evidence.ts'
import { readEntryPoint } from '../../src/consensus/signature.ts'

const PIECES = [
  ...['f(', 'def f(', 'function f(', 'const f = ', 'class A:', 'assert ', 'expect(', 'Input:', 'Output:', '>>> ', 'for x = '],
  ...['(', ')', '[', ']', '{', '}', '<', '>', ',', ':', '.', ';', '\n', '\r\n', ' ', '\t', '#', '//', '```', '@', '$', '\\', '|'],
  ...['+', '-', '*', '**', '/', '%', '==', '===', '=', '!', '~', ' and ', ' && ', ' or ', ' not ', ' is ', ' in ', '=>', '->'],
  ...["'", '"', '`', '"""', "'''", '1', '9', '0x', '.5', 'e9', 'n', 'f', 'a', '.repeat(', '.fill(', 'range(', 'None', 'lambda'],
]
const LONGEST = 100_000
/** More terms than a call stack holds, of the shortest pieces. */
const LONG = 30_000

/** Up to 100 kB: an opening, and a short run of pieces over and over, as a looping model writes them. */
const hostileText = fc
  .record({
    opening: fc.array(fc.constantFrom(...PIECES), { maxLength: 5 }),
    run: fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 }),
    sizeBytes: fc.constantFrom(100, 3_000, LONGEST),
    ending: fc.array(fc.constantFrom(...PIECES), { maxLength: 3 }),
  })
  .map(({ opening, run, sizeBytes, ending }) => {
    const again = run.join('')
    return opening.join('') + again.repeat(Math.floor(sizeBytes / again.length)) + ending.join('')
  })

function readAll(text: string): void {
  const task = { prompt: text, entryPoint: 'f' }
  languageOfTask(text)
  findEntryPoint(text, [['f']])
  for (const language of ['python', 'javascript'] as const) {
    const entry = readEntryPoint('f', text, language)
    findExamples(text, entry)
    parseAssertions(text, entry)
    planEvidence({ ...task, prompt: 'f(1) == 2', language }, [{ writer: 'a', text: `assert f(${text}` }])
    normaliseCandidate(text, language, task)
    normaliseCandidate('x = 1', language, task)
  }
  normaliseCandidate(text, 'go', task)
}

test('no text of operators and brackets makes a reader of evidence throw', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      expect(() => readAll(text)).not.toThrow()
    }),
    { numRuns: 30 },
  )
})

test.each([
  ...['1+', '1 and ', '1 && ', 'f(1) and ', '1**', '-', 'not ', '[', '(', '{', '{1:', '(f(', "'a'.repeat(1)", '.a', '(1)', "'' "],
  ...[
    'f(1)\n',
    'f(\\',
    "f('",
    'f("""',
    'f(a,',
    'f<',
    'f:',
    'function ',
    'def f(',
    'Input: ',
    'input:1\n',
    ' ',
    '\n',
    '\t',
    'output ',
  ],
  ...['for a = 1 output ', 'a\\', "\\'", 'Input: 1 Output: ', '[1]+', '9**99*', 'expect(', 'const f = (', 'x = ', 'class A', '@'],
])('%j over and over is read to an end', (piece) => {
  const text = piece.repeat(Math.floor(LONG / piece.length))
  for (const opening of ['', 'def f(', 'function f(']) expect(() => readAll(`${opening}${text}x`)).not.toThrow()
})
