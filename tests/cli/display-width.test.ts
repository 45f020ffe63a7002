import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clip, clipStart, displayWidth, padTo } from '../../src/cli/display-width.ts'
import { wrap } from '../../src/cli/wrap.ts'

const text = fc.string({ unit: 'grapheme' })
const width = fc.integer({ min: 1, max: 40 })

test('wide letters and emoji take two columns, marks none', () => {
  expect(['abc', 'コード', '한글', '🙂', 'é', 'e\u0301', '👩‍💻', '—'].map(displayWidth)).toEqual([3, 6, 4, 2, 1, 1, 2, 1])
})

test('what is cut ends in an ellipsis and never in half a letter', () => {
  expect(clip('コード', 6)).toBe('コード')
  expect(clip('コード', 5)).toBe('コー…')
  expect(clip('コード', 4)).toBe('コ…')
  expect(clip('abc', 0)).toBe('')
})

test('the end of a text is kept where that is what matters', () => {
  expect(clipStart('return a + b', 6)).toBe('…a + b')
  expect(clipStart('abc', 6)).toBe('abc')
})

test('a text is clipped to its width and filled to it, whatever it holds', () => {
  fc.assert(
    fc.property(text, width, (value, columns) => {
      expect(displayWidth(clip(value, columns))).toBeLessThanOrEqual(columns)
      expect(displayWidth(clipStart(value, columns))).toBeLessThanOrEqual(columns)
      expect(displayWidth(padTo(value, columns))).toBe(columns)
    }),
  )
})

test('a wrapped text keeps its words and its width', () => {
  expect(wrap('the quick brown fox', 10)).toEqual(['the quick', 'brown fox'])
  expect(wrap('incomprehensibilities are long', 10)).toEqual(['incompreh…', 'are long'])
  fc.assert(
    fc.property(text, width, (value, columns) => {
      for (const line of wrap(value, columns)) expect(displayWidth(line)).toBeLessThanOrEqual(columns)
    }),
  )
})
