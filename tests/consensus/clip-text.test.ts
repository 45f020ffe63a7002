import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clip, clipApart } from '../../src/consensus/clip-text.ts'

const digits = (length: number): string => Array.from({ length }, (_, i) => i % 10).join('')

test('a text is shown whole up to its limit, and else by its beginning and its length', () => {
  expect([clip(digits(200)), clip(digits(201))]).toEqual([digits(200), `${digits(200)}… (201 characters)`])
})

test('texts that begin alike are shown where they part, and one that begins otherwise by its beginning', () => {
  const [a, b, other] = [`${digits(500)}A${digits(500)}`, `${digits(500)}B${digits(500)}`, `x${digits(1000)}`]
  expect(clipApart([a, b, other])).toEqual([
    `…${a.slice(400, 600)}… (from character 401 of 1001)`,
    `…${b.slice(400, 600)}… (from character 401 of 1001)`,
    `${other.slice(0, 200)}… (1001 characters)`,
  ])
})

test('a text that is the beginning of another is told from it', () => {
  expect(clipApart([digits(300), digits(900)])).toEqual([
    `…${digits(300).slice(100)} (from character 101 of 300)`,
    `…${digits(900).slice(200, 400)}… (from character 201 of 900)`,
  ])
})

test('two different texts never look alike, wherever they part, and neither is long', () => {
  const near = fc.record({ length: fc.nat(900), at: fc.nat(900), rest: fc.nat(900) })
  fc.assert(
    fc.property(near, ({ length, at, rest }) => {
      const text = digits(length)
      const other = `${text.slice(0, at)}#${text.slice(at)}${digits(rest)}`
      const [a = '', b = ''] = clipApart([text, other])
      expect(a).not.toBe(b)
      expect(Math.max(a.length, b.length)).toBeLessThan(250)
    }),
  )
})
