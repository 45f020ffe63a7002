import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RecordProxy, startRecordProxy } from '../../src/app/record-proxy.ts'
import { createOllama } from '../../src/backends/ollama.ts'
import { createOpenaiCompatible } from '../../src/backends/openai-compatible.ts'
import { formatRecording, parseRecordings, type Recording } from '../../src/backends/recording.ts'
import { createReplay } from '../../src/backends/replay.ts'
import { execute } from '../../src/cli/commands/record.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { cliWorld } from '../cli/cli-world.ts'
import { chatRequest, collect, collectUntilError } from '../support/chat-request.ts'
import {
  chunk,
  chunkedHead,
  createFaultServer,
  createGate,
  type FaultServer,
  jsonReply,
  LAST_CHUNK,
} from '../support/fault-server.ts'

const clock = createSystemClock()
let server: FaultServer
let proxy: RecordProxy
let recorded: Recording[]
let skipped: string[]

beforeEach(async () => {
  recorded = []
  skipped = []
  server = await createFaultServer()
  proxy = await startRecordProxy({
    port: 0,
    target: server.url,
    clock,
    onRecording: (recording) => recorded.push(recording),
    onSkipped: (why) => skipped.push(why),
  })
})
afterEach(async () => {
  await proxy.close()
  await server.close()
})

const SSE = [
  'data: {"model":"half","choices":[{"delta":{"content":"Rot, "}}]}\n\n',
  ': a comment\n\ndata: {"choices":[{"delta":{"content":"grün"}}]}\n\n',
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}\n\ndata: [DONE]\n\n',
]
const NDJSON = [
  '{"model":"half","message":{"role":"assistant","content":"Rot"},"done":false}\n',
  '{"model":"half","message":{"role":"assistant","content":""},"done":true,"done_reason":"length","eval_count":3,"eval_duration":2000000}\n',
]

function streams(path: string, type: string, pieces: readonly string[]): void {
  server.on(path, [
    { send: chunkedHead(type) },
    ...pieces.map((piece) => ({ send: chunk(piece) })),
    { send: LAST_CHUNK },
    { end: true },
  ])
}

interface Raw {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (piece: Buffer) => chunks.push(piece))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      )
    })
    call.on('error', reject)
    call.end(JSON.stringify(body))
  })
}

/** What the recordings answer to the same question. */
async function replayed(over: Parameters<typeof chatRequest>[0] = {}) {
  const recordings = parseRecordings(recorded.map(formatRecording).join(''), 'test')
  return collect(createReplay({ recordings }).chat(chatRequest(over)))
}

test('our own backend gets through it what it gets without it, and the recording answers the same question the same', async () => {
  streams('/v1/chat/completions', 'text/event-stream', SSE)
  const direct = await collect(createOpenaiCompatible({ kind: 'openai', url: server.url, clock }).chat(chatRequest()))
  const through = await collect(createOpenaiCompatible({ kind: 'openai', url: proxy.url, clock }).chat(chatRequest()))
  await proxy.close()
  expect(through).toEqual(direct)
  expect(await replayed()).toEqual(direct)
})

test("Ollama's own calls are recorded too, and its listing passes without being", async () => {
  server.on('/api/show', jsonReply(200, { details: {} }))
  streams('/api/chat', 'application/x-ndjson', NDJSON)
  const direct = await collect(createOllama({ url: server.url, clock }).chat(chatRequest()))
  const through = await collect(createOllama({ url: proxy.url, clock }).chat(chatRequest()))
  await proxy.close()
  expect(through).toEqual(direct)
  expect(direct.at(-1)).toMatchObject({ type: 'end', finish: 'length' })
  expect(recorded).toHaveLength(1)
  expect(await replayed()).toEqual(direct)
})

test('the bytes, the status and the headers of an answer reach the client as they are', async () => {
  streams('/v1/chat/completions', 'text/event-stream', SSE)
  server.on('/api/tags', jsonReply(200, { models: [] }, { 'X-Server': 'real' }))
  const body = { model: 'half', messages: [{ role: 'user', content: 'x' }], stream: true }
  expect((await post(`${proxy.url}/v1/chat/completions`, body, { authorization: 'Bearer secret' })).body).toBe(SSE.join(''))
  const tags = await post(`${proxy.url}/api/tags`, {})
  expect([tags.status, tags.headers['x-server'], tags.body]).toEqual([200, 'real', '{"models":[]}'])
  expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'accept-encoding': 'identity' })
  expect(JSON.stringify(recorded)).not.toContain('secret')
})

test('an answer in one piece and one that fails are recorded as such', async () => {
  const answer = { model: 'half', choices: [{ message: { role: 'assistant', content: 'Blau' }, finish_reason: 'stop' }] }
  server.on('/v1/chat/completions', jsonReply(200, answer))
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    },
  ]
  await post(`${proxy.url}/v1/chat/completions`, { model: 'half', messages, max_completion_tokens: 5 })
  server.on('/v1/chat/completions', jsonReply(404, { error: { message: 'model "half" not found', code: 'model_not_found' } }))
  const refused = await post(`${proxy.url}/v1/chat/completions`, { model: 'half', messages })
  await proxy.close()
  expect(refused.status).toBe(404)
  expect(recorded.map(({ request: { sampling }, events, failure }) => [sampling, events.length, failure?.code])).toEqual([
    [{ maxTokens: 5 }, 2, undefined],
    [{}, 0, 'model-not-found'],
  ])
  expect(recorded[0]?.request.messages).toEqual([{ role: 'user', content: 'ab' }])
})

test('an answer the server broke off fails the client and is recorded as broken off', async () => {
  server.on('/v1/chat/completions', [{ send: chunkedHead('text/event-stream') }, { send: chunk(SSE[0] ?? '') }, { reset: true }])
  const through = createOpenaiCompatible({ kind: 'openai', url: proxy.url, clock })
  const { error } = await collectUntilError(through.chat(chatRequest()))
  await proxy.close()
  expect(error).toMatchObject({ failure: 'truncated-stream' })
  expect(recorded.map(({ failure }) => failure?.code)).toEqual(['truncated-stream'])
})

test('a client that gives up ends the exchange with the server, and nothing is recorded', async () => {
  const gate = createGate()
  server.on('/v1/chat/completions', [{ send: chunkedHead('text/event-stream') }, { send: chunk(SSE[0] ?? '') }, { wait: gate }])
  const through = createOpenaiCompatible({ kind: 'openai', url: proxy.url, clock })
  for await (const event of through.chat(chatRequest())) if (event.type === 'text') break
  await (await server.nextRequest('/v1/chat/completions')).closed
  gate.open()
  await proxy.close()
  expect([recorded, skipped]).toEqual([[], []])
})

test('what our backends could not ask passes and is told, not recorded', async () => {
  server.on('/v1/chat/completions', jsonReply(200, { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] }))
  const user = { role: 'user', content: 'x' }
  for (const body of [
    { model: 'half', messages: [user], tools: [{}] },
    { model: 'half', messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
    { model: 'half', messages: [user], temperature: 9 },
    { model: 'half', messages: [{ role: 'tool', content: 'x' }] },
  ])
    expect((await post(`${proxy.url}/v1/chat/completions`, body)).status).toBe(200)
  await proxy.close()
  expect([recorded.length, skipped.length]).toEqual([0, 4])
})

test('a model of a cloud, a name that is not this machine and a server that is not there are refused', async () => {
  const messages = [{ role: 'user', content: 'x' }]
  const cloud = await post(`${proxy.url}/api/chat`, { model: 'gpt-oss:120b-cloud', messages })
  const rebound = await post(`${proxy.url}/api/chat`, { model: 'half', messages }, { host: 'evil.example' })
  expect([cloud.status, rebound.status, server.requests.length]).toEqual([403, 403, 0])
  const lonely = await startRecordProxy({
    port: 0,
    target: 'http://127.0.0.1:9',
    clock,
    onRecording: () => {},
    onSkipped: (why) => skipped.push(why),
  })
  expect((await post(`${lonely.url}/api/chat`, { model: 'half', messages })).status).toBe(502)
  await lonely.close()
  expect(skipped).toEqual(['the server at http://127.0.0.1:9 did not answer (ECONNREFUSED)'])
})

test('the command tells where it listens, writes each exchange as it ends, and Ctrl-C ends it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'record-proxy-'))
  try {
    streams('/v1/chat/completions', 'text/event-stream', SSE)
    const world = cliWorld({ cwd: folder })
    const options = { proxy: '0', target: `${server.url}/v1` }
    const ended = execute(world.context, { args: ['session'], options })
    while (!world.stdout.text().includes('\n')) await new Promise((resolve) => setImmediate(resolve))
    const url = world.stdout.text().trim()
    const events = await collect(createOpenaiCompatible({ kind: 'openai', url, clock }).chat(chatRequest()))
    world.interrupt('SIGINT')
    expect(await ended).toBe(0)
    const file = join(folder, 'session.recordings.jsonl')
    recorded = parseRecordings(readFileSync(file, 'utf8'), 'session')
    expect(await replayed()).toEqual(events)
    expect(world.stderr.text()).toContain('1 exchange in session.recordings.jsonl')
    await expect(execute(world.context, { args: ['session'], options })).rejects.toMatchObject({ code: 'USAGE' })
    const away = { args: ['other'], options: { ...options, target: 'http://10.1.2.3:11434' } }
    await expect(execute(world.context, away)).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
