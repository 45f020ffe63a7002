import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createCallChannel } from '../../../src/sandbox/session/call-channel.ts'

function channel() {
  const output = new PassThrough()
  const input = new PassThrough()
  let n = 0
  return { output, input, channel: createCallChannel(output, input, () => `id${++n}`) }
}

test('a request goes out under a fresh id and its one line comes back', async () => {
  const { output, input, channel: it } = channel()
  const answer = it.ask({ op: 'call', fn: 'f' })
  expect(output.read().toString()).toBe('{"op":"call","fn":"f","id":"id1"}\n')
  input.write('{"id":"id1",')
  input.write('"r":5}\n')
  expect(await answer).toEqual({ kind: 'answer', value: 5 })
  const next = it.ask({ op: 'call' })
  input.write('{"id":"id2","r":null}\n')
  expect(await next).toEqual({ kind: 'answer', value: null })
})

test.each([
  ['a wrong id', '{"id":"id2","r":5}\n', 'its answer bore a wrong id'],
  ['a second line at once', '{"id":"id1","r":5}\n{"id":"id1","r":6}\n', 'it answered more than once'],
  ['half a second line', '{"id":"id1","r":5}\n{', 'it answered more than once'],
  ['no JSON', 'five\n', 'its answer was not JSON'],
  ['an array', '[1]\n', 'its answer was not an object'],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22, 10]), 'its answer was not JSON'],
  ['an empty line', '\n', 'its answer was not JSON'],
  ['more than a mebibyte', Buffer.alloc(1024 * 1024 + 1, 65), 'its answer was too long'],
])('%s breaks the channel for good', async (_, bytes, why) => {
  const { input, channel: it } = channel()
  const answer = it.ask({})
  input.write(bytes)
  expect(await answer).toEqual({ kind: 'broken', why })
  expect(await it.ask({})).toEqual({ kind: 'broken', why })
  expect(it.broken()).toBe(why)
})

test('a byte before anything was asked breaks the channel, so no answer can be laid ready', async () => {
  const { input, channel: it } = channel()
  input.write('{"id":"id1","r":5}\n')
  await new Promise(setImmediate)
  expect(await it.ask({})).toEqual({ kind: 'broken', why: 'it wrote without being asked' })
})

test('a stream that ends answers every request with closed', async () => {
  const { input, channel: it } = channel()
  const answer = it.ask({})
  input.end()
  expect([await answer, await it.ask({})]).toEqual([{ kind: 'closed' }, { kind: 'closed' }])
})
