import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toJsonLine, toPrintable, toPrintableLine } from '../../src/cli/printable.ts'

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\x1b',
      '\x9b',
      '\0',
      '\r',
      '\n',
      '\t',
      '\u202e',
      '\u2066',
      '\ufeff',
      '\x7f',
      '\ud800',
      '\u{e0041}',
      '\u200b',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
})
const DRIVES_A_TERMINAL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]|\p{Cs}/u

test('an escape sequence is shown and does nothing', () => {
  expect(toPrintable('\x1b]0;title\x07\x1b[2Jred\x9b31m')).toBe('␛]0;title␇␛[2Jred‹U+009B›31m')
})

test('writing that is turned round is shown as it was sent', () => {
  expect(toPrintable('admin\u202eresu\u2066x')).toBe('admin‹U+202E›resu‹U+2066›x')
})

test('line ends, tabs and every other letter stay as they are', () => {
  expect(toPrintable('naïve\tコード\r\nзначение 🙂\n')).toBe('naïve\tコード\nзначение 🙂\n')
})

test('half of a surrogate pair becomes the replacement character', () => {
  expect(toPrintable('a\ud83d b')).toBe('a\ufffd b')
})

test('a line has no line end and no runs of spaces', () => {
  expect(toPrintableLine('  one\r\ntwo\t\tthree\u2028four ')).toBe('one two three‹U+2028›four')
})

test('nothing that drives a terminal is left in any text, and doing it twice changes nothing', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const shown = toPrintable(text)
      expect(DRIVES_A_TERMINAL.test(shown)).toBe(false)
      expect(toPrintable(shown)).toBe(shown)
    }),
  )
})

test('a JSON line drives no terminal and reads back as the same value', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const line = toJsonLine({ text })
      expect(line.slice(0, -1)).not.toMatch(
        /[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/u,
      )
      expect(line.endsWith('\n')).toBe(true)
      expect(JSON.parse(line)).toEqual({ text })
    }),
  )
})
