import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/consensus/sha256.ts'

const peer = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

test('a text has the hash that FIPS 180-4 gives it', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test('any text has the hash that Node gives it, at every length around a block', () => {
  for (let length = 0; length <= 130; length += 1) expect(sha256('a'.repeat(length))).toBe(peer('a'.repeat(length)))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect(sha256(text)).toBe(peer(text))
    }),
  )
  const long = 'ä,"\u{1f600}'.repeat(50_000)
  expect(sha256(long)).toBe(peer(long))
})
