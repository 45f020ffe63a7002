import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogRecord } from '../../src/domain/record.ts'
import { isPlain, joinPayloads, readBlob, splitPayloads, writeBlob } from '../../src/store/blobs.ts'
import { createSimulatedDisk } from './support/simulated-disk.ts'

const REFERENCE = `@sha256:${'a'.repeat(64)}`

function record(d: unknown): LogRecord {
  return { v: 1, seq: 0, t: 0, k: 'ok', a: 'run', d, h: 'h' }
}

function roundTrip(original: LogRecord): LogRecord | null {
  const { record: split, blobs } = splitPayloads(original)
  const byHash = new Map(blobs.map((blob) => [blob.sha256, blob.json]))
  return joinPayloads(JSON.parse(JSON.stringify(split)), (sha256) => byHash.get(sha256) ?? null)
}

test('each large property of a payload is replaced by a reference, and small ones stay', () => {
  const { record: split, blobs } = splitPayloads(record({ text: 'x'.repeat(5000), note: 'small', list: ['y'.repeat(5000)] }))

  expect(split.d).toEqual({
    text: expect.stringMatching(/^@sha256:[0-9a-f]{64}$/),
    note: 'small',
    list: expect.stringMatching(/^@sha256:/),
  })
  expect(blobs.map((blob) => blob.json.length)).toEqual([5002, 5004])
})

test('a payload that is no object is replaced as a whole', () => {
  expect(splitPayloads(record('z'.repeat(5000))).record.d).toMatch(/^@sha256:/)
  expect(splitPayloads(record(['z'.repeat(5000)])).record.d).toMatch(/^@sha256:/)
})

test('any record comes back as it was, whatever its text pretends to be', () => {
  const hostile = fc.constantFrom(
    REFERENCE,
    `@${REFERENCE}`,
    '@sha256:',
    '@@sha256:x',
    'x'.repeat(4095),
    'x'.repeat(4097),
    '__proto__',
  )
  const value = fc.oneof(hostile, fc.jsonValue())
  const payload = fc.oneof(value, fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), value))

  fc.assert(
    fc.property(payload, (d) => {
      const original: LogRecord = JSON.parse(JSON.stringify(record(d)))
      expect(JSON.stringify(roundTrip(original))).toBe(JSON.stringify(original))
    }),
  )
})

test('a record that is short and names no reference may be stored as it is', () => {
  expect([JSON.stringify(record('small')), JSON.stringify(record(REFERENCE)), 'x'.repeat(4097)].map(isPlain)).toEqual([
    true,
    false,
    false,
  ])
})

test('a record whose blob is missing is not given back', () => {
  expect(joinPayloads(record(REFERENCE), () => null)).toBeNull()
})

test('a blob that a crash left half-written is written again, and a changed one is not read', () => {
  const { fs, damage } = createSimulatedDisk()
  const [blob] = splitPayloads(record('x'.repeat(5000))).blobs
  if (blob === undefined) throw new Error('no blob')
  const path = writeBlob(fs, '/blobs', blob)
  damage(path, (bytes) => bytes.subarray(0, 100))
  expect(readBlob(fs, '/blobs', blob.sha256)).toBeNull()

  writeBlob(fs, '/blobs', blob)

  expect(readBlob(fs, '/blobs', blob.sha256)).toBe(blob.json)
  expect(readBlob(fs, '/blobs', 'b'.repeat(64))).toBeNull()
})
