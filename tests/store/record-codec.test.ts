import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogRecord } from '../../src/domain/record.ts'
import { checksumDigits, decodeLog, encodeLine, encodeRecord, logCorrupt } from '../../src/store/record-codec.ts'
import { recordAt, recordsBetween } from './support/records.ts'

const logOf = (records: readonly LogRecord[]) => Buffer.from(records.map(encodeRecord).join(''))

describe('a line of a log', () => {
  test('is the CRC-32 of its JSON in eight lower-case digits, a space, the JSON and a line feed', () => {
    expect(encodeLine('123456789')).toBe('cbf43926 123456789\n')
    expect(checksumDigits(0x1a)).toBe('0000001a')
  })

  test('holds any record and gives it back equal', () => {
    const record = fc.record({ d: fc.jsonValue(), text: fc.string({ unit: 'binary' }) })

    fc.assert(
      fc.property(fc.array(record), (payloads) => {
        const records = payloads.map((payload, seq): LogRecord => ({ v: 1, seq, t: 0, k: 'ok', a: 'run', d: payload }))
        const { records: decoded, bad } = decodeLog(logOf(records))
        expect({ decoded, bad }).toEqual({ decoded: JSON.parse(JSON.stringify(records)), bad: null })
      }),
    )
  })

  test('is refused with any one bit changed, its separator, digits and line end included', () => {
    const log = logOf([recordAt(0), recordAt(1), recordAt(2)])
    const first = log.indexOf('\n') + 1
    const accepted: string[] = []

    for (let byte = first; byte < log.indexOf('\n', first) + 1; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(log)
        changed.writeUInt8((changed[byte] ?? 0) ^ (1 << bit), byte)
        const { records, bad } = decodeLog(changed)
        if (records.length !== 1 || bad === null) accepted.push(`${byte}.${bit}`)
      }
    }

    expect(accepted).toEqual([])
  })
})

describe('decoding a log', () => {
  const lines = recordsBetween(0, 3).map((record) => Buffer.byteLength(encodeRecord(record)))
  const [firstBytes = 0, secondBytes = 0] = lines

  test('says where the first bad line is and keeps what is before it', () => {
    const log = logOf(recordsBetween(0, 3))
    log.write('X', firstBytes + 30)

    expect(decodeLog(log)).toEqual({
      records: [recordAt(0)],
      soundBytes: firstBytes,
      bad: { seq: 1, byte: firstBytes, bytes: secondBytes, problem: 'checksum' },
    })
  })

  test('calls only what has no line end torn', () => {
    const log = logOf(recordsBetween(0, 3))
    const problemAt = (bytes: number) => decodeLog(log.subarray(0, bytes)).bad?.problem ?? null

    expect([0, firstBytes - 1, firstBytes, firstBytes + 1].map(problemAt)).toEqual([null, 'torn', null, 'torn'])
  })

  test('refuses a record out of its place, a line that is no record, and upper-case digits', () => {
    const upper = Buffer.from(`${encodeRecord(recordAt(0)).slice(0, 8).toUpperCase()}${encodeRecord(recordAt(0)).slice(8)}`)

    expect(decodeLog(logOf([recordAt(0), recordAt(2)])).bad?.problem).toBe('sequence')
    expect(decodeLog(Buffer.from(encodeLine('[1,2]'))).bad?.problem).toBe('json')
    expect(decodeLog(Buffer.from(encodeLine('{"seq":"0"}'))).bad?.problem).toBe('json')
    expect(decodeLog(Buffer.from('\n')).bad?.problem).toBe('separator')
    expect(decodeLog(upper).bad?.problem).toBe('checksum')
  })

  test('counts from where the segment begins', () => {
    expect(decodeLog(logOf([recordAt(7), recordAt(8)]), 7).records).toEqual([recordAt(7), recordAt(8)])
  })

  test('the error for a bad line names the record, the byte and the command that tells more', () => {
    expect(logCorrupt('a-run', { seq: 3, byte: 120, bytes: 9, problem: 'checksum' })).toMatchObject({
      code: 'LOG_CORRUPT',
      message: 'Record 3 of a-run, at byte 120, does not match its checksum.',
      hint: 'codeconductor runs verify a-run',
      details: { source: 'a-run', seq: 3, byte: 120, problem: 'checksum' },
    })
  })
})
