import { expect, test } from 'vitest'
import { type LogRecord, RECORD_VERSION } from '../../src/domain/record.ts'
import { UPCASTERS, type Upcaster, upcastRecord } from '../../src/domain/upcast.ts'

const START: LogRecord = { v: 1, seq: 0, t: 0, k: 'start', d: {} }
const CHUNK: LogRecord = { seq: 1, t: 5, k: 'chunk', id: 'run/coder#1', d: { text: 'x' } }

/** Two made-up steps: v2 counts time in µs, v3 names the text differently. */
const CHAIN: readonly Upcaster[] = [
  (record) => ({ ...record, t: record.t * 1000 }),
  (record) => (record.k === 'chunk' ? { ...record, d: { said: (record.d as { text: string }).text } } : record),
]

test('the chain ends at the version that is written today', () => {
  expect(UPCASTERS.length + 1).toBe(RECORD_VERSION)
  expect(upcastRecord(RECORD_VERSION, CHUNK)).toBe(CHUNK)
})

test('a record passes through every step from its version on, and the start says what it became', () => {
  expect(upcastRecord(1, CHUNK, CHAIN)).toEqual({ ...CHUNK, t: 5000, d: { said: 'x' } })
  expect(upcastRecord(2, CHUNK, CHAIN)).toEqual({ ...CHUNK, d: { said: 'x' } })
  expect(upcastRecord(3, CHUNK, CHAIN)).toBe(CHUNK)
  expect(upcastRecord(1, START, CHAIN)).toEqual({ ...START, v: 3 })
})
