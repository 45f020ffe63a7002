import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLines, readNdjson, readSse } from '../../src/backends/framer.ts'
import { expectFailure } from '../contracts/backend.contract.ts'

const facts = { backend: 'server' }

async function* chunksOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut > from && cut < bytes.length) {
      yield bytes.subarray(from, cut)
      from = cut
    }
  }
  yield bytes.subarray(from)
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

const failure = (items: AsyncIterable<unknown>) =>
  all(items).then(
    () => null,
    (error: unknown) => error,
  )

const SSE_DOCUMENT = [
  ': ping\n',
  'data: {"text":"Größe 中 👩‍👩‍👧"}\n\n',
  'id: 4\r\nretry: 10\r\ndata:{"text":"no space"}\r\n\r\n',
  'event: error\ndata: {"error":"broken"}\n\n',
  'data: first\ndata: second\n\n',
  'data:\n\n',
  'error: {"message":"old dialect"}\n\n',
  'data: [DONE]\n',
].join('')

const SSE_RECORDS = [
  { type: 'comment' },
  { type: 'event', name: 'message', data: '{"text":"Größe 中 👩‍👩‍👧"}', isComplete: true },
  { type: 'event', name: 'message', data: '{"text":"no space"}', isComplete: true },
  { type: 'event', name: 'error', data: '{"error":"broken"}', isComplete: true },
  { type: 'event', name: 'message', data: 'first\nsecond', isComplete: true },
  { type: 'event', name: 'message', data: '', isComplete: true },
  { type: 'event', name: 'error', data: '{"message":"old dialect"}', isComplete: true },
  { type: 'event', name: 'message', data: '[DONE]', isComplete: false },
]

const NDJSON_DOCUMENT = '\uFEFF{"a":"é"}\n\n  \r\n{"b":["👍🏽",1]}\r\n{"c":null}'
const NDJSON_RECORDS = [{ a: 'é' }, { b: ['👍🏽', 1] }, { c: null }]

describe('framer', () => {
  test('every single cut of a document gives the same records', async () => {
    for (const [document, read, records] of [
      [SSE_DOCUMENT, readSse, SSE_RECORDS],
      [NDJSON_DOCUMENT, readNdjson, NDJSON_RECORDS],
    ] as const) {
      const bytes = Buffer.from(document, 'utf8')
      for (let cut = 0; cut < bytes.length; cut++) {
        expect(await all(read(chunksOf(bytes, [cut]), { facts }))).toEqual(records)
      }
      const each = Array.from({ length: bytes.length }, (_, index) => index)
      expect(await all(read(chunksOf(bytes, each), { facts }))).toEqual(records)
    }
  })

  test('any cuts give the same records', async () => {
    const bytes = Buffer.from(SSE_DOCUMENT, 'utf8')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 30 }), async (cuts) => {
        expect(await all(readSse(chunksOf(bytes, cuts), { facts }))).toEqual(SSE_RECORDS)
      }),
    )
  })

  test('lines come back as they were written, whatever they hold', async () => {
    const line = fc
      .string({ unit: 'binary', maxLength: 40 })
      .map((text) => text.replace(/[\n\uFEFF]|\r$/g, '').replace(/\r$/, ''))
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 10 }), fc.array(fc.nat(400), { maxLength: 12 }), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''), 'utf8')
        const read = await all(readLines(chunksOf(bytes, cuts), { facts }))
        expect(read).toEqual(lines.map((text) => ({ text: Buffer.from(text, 'utf8').toString('utf8'), isComplete: true })))
      }),
      { numRuns: 40 },
    )
  })

  test('a line longer than allowed is protocol before it is whole', async () => {
    let sent = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += 1024
        yield new Uint8Array(1024).fill(0x61)
      }
    }
    expectFailure(await failure(readLines(endless(), { facts, maxLineBytes: 10_000 })), 'protocol')
    expect(sent).toBeLessThan(12_000)
  })

  test('one line in very many chunks is joined once', async () => {
    const piece = new Uint8Array(1024).fill(0x61)
    let visits = 0
    // A search that starts again at the beginning of the line would look at a piece more than once.
    const counting = new Proxy(piece, {
      get(target, key) {
        if (key === 'indexOf') visits++
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    async function* many(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 4096; index++) yield counting
      yield Buffer.from('\n')
    }
    const lines = await all(readLines(many(), { facts }))
    expect(lines.map((line) => line.text.length)).toEqual([4096 * 1024])
    expect(visits).toBe(4096)
  })

  test('a complete line that is no JSON is protocol; a last line cut in the middle is truncated-stream', async () => {
    const read = (text: string) => failure(readNdjson(chunksOf(Buffer.from(text), []), { facts }))
    expectFailure(await read('{"a":1\n'), 'protocol')
    expectFailure(await read('{"a":1'), 'truncated-stream')
    expectFailure(await read('<!doctype html>'), 'protocol')
  })

  test('a line that is no field is protocol, and a field cut in the middle is only the end', async () => {
    const read = (text: string) => failure(readSse(chunksOf(Buffer.from(text), []), { facts }))
    expectFailure(await read('<html><body>\n'), 'protocol')
    expectFailure(await read('data: x\n\ngarbage\n\n'), 'protocol')
    expectFailure(await read('{"error":"plain"}'), 'protocol')
    expect(await read('data: x\n\ndat')).toBe(null)
  })

  test('bad UTF-8 becomes U+FFFD and loses nothing else', async () => {
    const bytes = Buffer.concat([Buffer.from('a'), Buffer.from([0xff]), Buffer.from('b\n')])
    expect(await all(readLines(chunksOf(bytes, []), { facts }))).toEqual([{ text: 'a\ufffdb', isComplete: true }])
  })
})
