import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fenced, inlineCode, oneLine, prose, renderJson, showControls } from '../../src/app/inert-text.ts'

/** What could drive a terminal, hide text or turn the writing round. */
const DANGEROUS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

/** Text as hostile as a model may write it. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '`',
        '```',
        '~~~',
        '\n',
        '\r',
        ' ',
        '<script>',
        '[x](http://e.vil)',
        '\x1b[2J',
        '\u202e',
        '#',
        '> ',
        '|',
        'a',
      ),
    )
    .map((parts) => parts.join('')),
)

describe('a fenced block', () => {
  test('is closed by its own fence alone, whatever is inside', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = fenced(text, 'py<x> "').trimEnd().split('\n')
        const fence = /^`+/.exec(lines[0] ?? '')?.[0] ?? ''
        expect(fence.length).toBeGreaterThanOrEqual(3)
        expect(lines[0]).toBe(`${fence}pyx`)
        const closing = new RegExp(`^ {0,3}\`{${fence.length},}\\s*$`)
        expect(lines.findIndex((line, index) => index > 0 && closing.test(line))).toBe(lines.length - 1)
        expect(fenced(text)).not.toMatch(DANGEROUS)
      }),
    )
  })

  test('keeps harmless text as it is', () => {
    expect(fenced('a\tb\n\nc', 'python')).toBe('```python\na\tb\n\nc\n```\n')
  })
})

describe('a code span', () => {
  test('is one line that ends where it should', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const span = inlineCode(text)
        if (oneLine(text, 200) === '') {
          expect(span).toBe('(nothing)')
          return
        }
        const ticks = /^`+/.exec(span)?.[0] ?? ''
        const inside = span.slice(ticks.length, -ticks.length)
        expect(span.endsWith(ticks)).toBe(true)
        expect((inside.match(/`+/g) ?? []).filter((run) => run.length === ticks.length)).toEqual([])
        expect(span).not.toMatch(/\n/)
        expect(span).not.toMatch(DANGEROUS)
      }),
    )
  })
})

describe('prose', () => {
  test('holds no markup that is not escaped', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(prose(text).replace(/\\[\x21-\x7e]/g, '')).not.toMatch(/[`*{}[\]<>#|~&!@\n]|:\/\/|\bwww\./)
      }),
    )
  })

  test.each([
    ['bug_hunter', 'bug_hunter'],
    ['_emphasis_', '\\_emphasis\\_'],
    ['<img src=x onerror=y>', '\\<img src=x onerror=y\\>'],
    ['see http://e.vil and www.e.vil', 'see http\\://e.vil and www\\.e.vil'],
    ['\x1b[31mred\r\nnext', '␛\\[31mred next'],
  ])('writes %j as %j', (text, shown) => {
    expect(prose(text)).toBe(shown)
  })
})

test('a text too long for its line is cut with a mark', () => {
  expect(oneLine('abcdef', 4)).toBe('abc…')
  expect(oneLine('😀😀😀', 2)).toBe('😀…')
})

test('controls are shown, and showing them again changes nothing', () => {
  fc.assert(fc.property(hostile, (text) => void expect(showControls(showControls(text))).toBe(showControls(text))))
  expect(showControls('a\r\nb\rc\x00\x7f\u202e\ud800')).toBe('a\nb␍c␀␡‹U+202E›\ufffd')
})

test('JSON cannot drive a terminal and reads back as it was', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const value = { [text]: [text, 1.5, null] }
      expect(JSON.parse(renderJson(value))).toEqual(value)
      expect(renderJson(value)).not.toMatch(DANGEROUS)
      expect(renderJson(value, 0).trimEnd()).not.toContain('\n')
    }),
  )
})
