import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createOllama } from '../../src/backends/ollama.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { expectFailure } from '../contracts/backend.contract.ts'
import { answerText, chatRequest, collect, collectUntilError } from '../support/chat-request.ts'
import {
  chunk,
  chunkedHead,
  createFaultServer,
  type FaultServer,
  jsonReply,
  LAST_CHUNK,
  textReply,
  type WireScript,
} from '../support/fault-server.ts'

const clock = createSystemClock()
let server: FaultServer

beforeEach(async () => {
  server = await createFaultServer()
  server.on('/api/show', jsonReply(200, { capabilities: ['completion'] }))
})
afterEach(() => server.close())

const ndjson = (...lines: readonly string[]): WireScript => [
  { send: chunkedHead('application/x-ndjson') },
  ...lines.map((line) => ({ send: chunk(`${line}\n`) })),
  { send: LAST_CHUNK },
  { end: true },
]
const said = (content: string) =>
  `{"model":"half","created_at":"2026-11-25T16:39:39.8Z","message":{"role":"assistant","content":"${content}"},"done":false}`
const FINAL =
  '{"model":"half","created_at":"2026-11-25T16:29:22.6Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":1182151938,"load_duration":153456986,"prompt_eval_count":24,"prompt_eval_duration":465525322,"eval_count":12,"eval_duration":538527653}'
const signal = () => new AbortController().signal

describe('ollama', () => {
  test('every request carries the window and forbids truncation and shifting', async () => {
    server.on('/api/chat', ndjson(said('Red'), FINAL))
    const sampling = { temperature: 0.2, topP: 0.9, topK: 40, minP: 0.05, repeatPenalty: 1.1, seed: 7, maxTokens: 64 }
    await collect(createOllama({ url: server.url, clock, keepAlive: '30m' }).chat(chatRequest({ sampling })))
    const sent = server.requests.find((request) => request.path === '/api/chat')
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      model: 'half',
      messages: chatRequest().messages,
      stream: true,
      truncate: false,
      shift: false,
      keep_alive: '30m',
      options: {
        num_ctx: 4096,
        temperature: 0.2,
        top_p: 0.9,
        top_k: 40,
        min_p: 0.05,
        repeat_penalty: 1.1,
        seed: 7,
        num_predict: 64,
      },
    })
    expect(sent?.headers).toMatchObject({ 'accept-encoding': 'identity', connection: 'close' })
  })

  test('what is not asked for is not sent', async () => {
    server.on('/api/chat', ndjson(FINAL))
    await collect(createOllama({ url: server.url, clock }).chat(chatRequest({ sampling: {}, contextTokens: null })))
    const body = JSON.parse(server.requests.find((request) => request.path === '/api/chat')?.body ?? '') as Record<
      string,
      unknown
    >
    expect([Object.keys(body).sort(), body['options']]).toEqual([
      ['messages', 'model', 'options', 'shift', 'stream', 'truncate'],
      {},
    ])
  })

  test('counts and durations are those of the final record, in ms, and unknown stays null', async () => {
    server.on('/api/chat', ndjson(said('Red'), FINAL))
    const events = await collect(createOllama({ url: server.url, clock }).chat(chatRequest()))
    expect(events).toEqual([
      { type: 'text', text: 'Red' },
      {
        type: 'end',
        finish: 'stop',
        usage: { inputTokens: 24, cachedTokens: null, outputTokens: 12 },
        server: { loadMs: 153.456986, prefillMs: 465.525322, decodeMs: 538.527653, tokensPerSecond: (12 / 538.527653) * 1000 },
        servedModel: 'half',
      },
    ])
    server.on('/api/chat', ndjson('{"model":"half","message":{"content":""},"done":true}'))
    expect(await collect(createOllama({ url: server.url, clock }).chat(chatRequest()))).toEqual([
      {
        type: 'end',
        finish: 'unknown',
        usage: { inputTokens: null, cachedTokens: null, outputTokens: null },
        server: { loadMs: null, prefillMs: null, decodeMs: null, tokensPerSecond: null },
        servedModel: 'half',
      },
    ])
  })

  test('thinking is reasoning, and text in the final record is text', async () => {
    server.on(
      '/api/chat',
      ndjson(
        '{"message":{"content":"","thinking":"hm"},"done":false}',
        '{"message":{"content":"Red"},"done":true,"done_reason":"length"}',
      ),
    )
    const events = await collect(createOllama({ url: server.url, clock }).chat(chatRequest()))
    expect(events.slice(0, 2)).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'Red' },
    ])
    expect(events.at(-1)).toMatchObject({ type: 'end', finish: 'length' })
  })

  test('a killed runner is backend-crashed although the status is 200 and the body ends cleanly', async () => {
    const error = '{"error":"an error was encountered while running the model: unexpected EOF"}'
    server.on('/api/chat', ndjson(said('Once'), said(' upon'), error))
    const outcome = await collectUntilError(createOllama({ url: server.url, clock }).chat(chatRequest()))
    expect(answerText(outcome.events)).toBe('Once upon')
    expectFailure(outcome.error, 'backend-crashed', { afterFirstText: true })
  })

  test('a repeating stream that ends cleanly without done is no answer', async () => {
    server.on('/api/chat', ndjson(...Array.from({ length: 31 }, () => said(' ha'))))
    const outcome = await collectUntilError(createOllama({ url: server.url, clock }).chat(chatRequest()))
    expectFailure(outcome.error, 'truncated-stream', { afterFirstText: true })
    server.on('/api/chat', jsonReply(200, { model: 'half', message: { role: 'assistant', content: ' ha ha' }, done: false }))
    expectFailure(
      (await collectUntilError(createOllama({ url: server.url, clock }).chat(chatRequest()))).error,
      'truncated-stream',
    )
  })

  test('records after the final one are ignored', async () => {
    server.on('/api/chat', ndjson(said('Red'), FINAL, 'garbage'))
    expect((await collect(createOllama({ url: server.url, clock }).chat(chatRequest()))).map((event) => event.type)).toEqual([
      'text',
      'end',
    ])
  })

  test('a cloud model is refused by its name without any request', async () => {
    for (const model of ['gpt-oss:120b-cloud', 'glm-4.6:cloud']) {
      expectFailure(
        (await collectUntilError(createOllama({ url: server.url, clock }).chat(chatRequest({ model })))).error,
        'remote-refused',
        { model },
      )
    }
    expect(server.requests).toEqual([])
  })

  test('a copy of a cloud model under a harmless name is refused before the prompt is sent', async () => {
    server.on(
      '/api/show',
      jsonReply(200, { remote_host: 'https://ollama.com:443', remote_model: 'gpt-oss:120b', capabilities: ['completion'] }),
    )
    expectFailure((await collectUntilError(createOllama({ url: server.url, clock }).chat(chatRequest()))).error, 'remote-refused')
    expect(server.requests.map((request) => request.path)).toEqual(['/api/show'])
  })

  test('a record that names another host is refused', async () => {
    server.on(
      '/api/chat',
      ndjson('{"model":"half","remote_host":"https://ollama.com:443","message":{"content":"Hi"},"done":false}', FINAL),
    )
    const outcome = await collectUntilError(createOllama({ url: server.url, clock }).chat(chatRequest()))
    expect(outcome.events).toEqual([])
    expectFailure(outcome.error, 'remote-refused')
  })

  test('whether a model is local is asked once', async () => {
    server.on('/api/chat', ndjson(FINAL))
    const backend = createOllama({ url: server.url, clock })
    await collect(backend.chat(chatRequest()))
    await collect(backend.chat(chatRequest()))
    expect(server.requests.map((request) => request.path)).toEqual(['/api/show', '/api/chat', '/api/chat'])
  })

  test('an unknown model is told with the nearest names and how to fetch it', async () => {
    server.on('/api/show', jsonReply(404, { error: "model 'qwen2.5-coder:1.5b' not found" }))
    server.on('/api/tags', jsonReply(200, { models: [{ name: 'llama3.2:3b' }, { name: 'qwen2.5-coder:0.5b' }] }))
    server.on('/api/ps', jsonReply(200, { models: [] }))
    const { error } = await collectUntilError(
      createOllama({ url: server.url, clock }).chat(chatRequest({ model: 'qwen2.5-coder:1.5b' })),
    )
    expectFailure(error, 'model-not-found', {
      suggestions: ['qwen2.5-coder:0.5b', 'llama3.2:3b'],
      hint: 'run: ollama pull qwen2.5-coder:1.5b · nearest here: qwen2.5-coder:0.5b, llama3.2:3b',
    })
  })

  test('a request without a message is refused: Ollama would only load the model and call it an answer', async () => {
    expectFailure(
      (await collectUntilError(createOllama({ url: server.url, clock }).chat(chatRequest({ messages: [] })))).error,
      'bad-request',
    )
    expect(server.requests).toEqual([])
  })

  test('models are those that can chat, with the allocated window of a loaded one and the trained window of another', async () => {
    const details = { parameter_size: '630.17M', quantization_level: 'Q4_K_M' }
    const info = { 'general.architecture': 'qwen2', 'qwen2.context_length': 32768 }
    server.on(
      '/api/tags',
      jsonReply(200, {
        models: [
          { name: 'half:latest', model: 'half:latest', size: 442191360, digest: '5c56', details },
          { name: 'idle:latest', size: 1, digest: '77aa', details: {} },
          { name: 'embedder:latest', size: 2, digest: '88bb', details: {} },
          { name: 'gpt-oss:120b-cloud', size: 384, digest: '99cc', details: {} },
        ],
      }),
    )
    server.on(
      '/api/ps',
      jsonReply(200, { models: [{ name: 'half:latest', digest: '5c56', size_vram: 0, context_length: 4096 }] }),
    )
    server.on('/api/show', (request) =>
      jsonReply(200, { model_info: info, capabilities: [request.body.includes('embedder') ? 'embedding' : 'completion'] }),
    )
    const blank = {
      backend: 'ollama',
      kind: 'ollama',
      isLoaded: false,
      parameterSize: null,
      quantization: null,
      parallelSlots: null,
    }
    expect(await createOllama({ url: server.url, clock }).models(signal())).toEqual([
      {
        ...blank,
        name: 'half:latest',
        isLocal: true,
        isLoaded: true,
        contextTokens: 4096,
        parameterSize: '630.17M',
        quantization: 'Q4_K_M',
        sizeBytes: 442191360,
        digest: '5c56',
      },
      { ...blank, name: 'idle:latest', isLocal: true, contextTokens: 32768, sizeBytes: 1, digest: '77aa' },
      { ...blank, name: 'gpt-oss:120b-cloud', isLocal: false, contextTokens: null, sizeBytes: 384, digest: '99cc' },
    ])
    expect(server.requests.filter((request) => request.body.includes('cloud'))).toEqual([])
  })

  test('a server that answers 200 to everything is not taken for Ollama', async () => {
    server.on('/api/version', jsonReply(200, { error: 'Unexpected endpoint or method. (GET /api/version)' }))
    const health = await createOllama({ url: server.url, clock }).health(signal())
    expect(health).toMatchObject({
      isLive: false,
      isReady: false,
      version: null,
      detail: 'ollama names no version; is it Ollama?',
    })
  })

  test('the version is the health', async () => {
    server.on('/api/version', jsonReply(200, { version: '0.13.5' }))
    expect(await createOllama({ url: server.url, clock }).health(signal())).toMatchObject({
      isLive: true,
      isReady: true,
      version: '0.13.5',
    })
    server.on('/api/version', textReply(200, 'text/plain', 'hello'))
    expect(await createOllama({ url: server.url, clock }).health(signal())).toMatchObject({ isLive: false })
  })
})
