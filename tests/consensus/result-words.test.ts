import { expect, test } from 'vitest'
import { resultWords } from '../../src/consensus/result-words.ts'

test.each([
  ['3', 'gives 3'],
  ["'raises hope'", "gives 'raises hope'"],
  ['raises ValueError: no', 'raises ValueError: no'],
  ['runs out of time', 'runs out of time'],
  ['not run', 'was not run'],
  [null, 'gives nothing'],
])('%s has its verb', (result, words) => {
  expect(resultWords(result)).toBe(words)
})
