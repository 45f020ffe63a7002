import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createOpenaiCompatible } from '../../src/backends/openai-compatible.ts'
import type { OpenaiKind } from '../../src/backends/openai-models.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { expectFailure } from '../contracts/backend.contract.ts'
import { answerText, chatRequest, collect, collectUntilError } from '../support/chat-request.ts'
import {
  chunk,
  chunkedHead,
  createFaultServer,
  type FaultServer,
  head,
  jsonReply,
  LAST_CHUNK,
  type WireScript,
} from '../support/fault-server.ts'
import { sse } from '../support/wire-backends.ts'

const clock = createSystemClock()
let server: FaultServer

beforeEach(async () => {
  server = await createFaultServer()
})
afterEach(() => server.close())

const CHAT = '/v1/chat/completions'
const backend = (kind: OpenaiKind = 'llamacpp', more: { wantsProgress?: boolean } = {}) =>
  createOpenaiCompatible({ kind, url: server.url, clock, ...more })
const stream = (...parts: readonly string[]): WireScript => [
  { send: chunkedHead('text/event-stream') },
  ...parts.map((part) => ({ send: chunk(part) })),
  { send: LAST_CHUNK },
  { end: true },
]
const delta = (fields: unknown, finish: string | null = null, more: object = {}) =>
  sse({ choices: [{ finish_reason: finish, index: 0, delta: fields }], model: 'half', object: 'chat.completion.chunk', ...more })
const DONE = 'data: [DONE]\n\n'
const noTimings = { loadMs: null, prefillMs: null, decodeMs: null, tokensPerSecond: null }
const signal = () => new AbortController().signal

describe('openai-compatible', () => {
  test('a request asks for a stream with usage and names the repeat penalty as the server does', async () => {
    server.on(CHAT, stream(delta({ content: 'x' }, 'stop'), DONE))
    const sampling = { temperature: 0, topP: 0.9, topK: 40, minP: 0.1, repeatPenalty: 1.1, seed: 7, maxTokens: 9 }
    const bodies = []
    for (const kind of ['llamacpp', 'vllm'] as const) {
      await collect(backend(kind).chat(chatRequest({ sampling })))
      bodies.push(JSON.parse(server.requests.at(-1)?.body ?? '') as unknown)
    }
    const common = {
      model: 'half',
      messages: chatRequest().messages,
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.1,
      seed: 7,
      max_tokens: 9,
    }
    expect(bodies).toEqual([
      { ...common, repeat_penalty: 1.1 },
      { ...common, repetition_penalty: 1.1 },
    ])
  })

  test("llama.cpp's usage, cache and timings arrive after the finish reason, in a record without choices", async () => {
    server.on(
      CHAT,
      stream(
        delta({ role: 'assistant', content: null }) + delta({ content: 'Three' }),
        delta({ content: ' primary' }),
        delta({}, 'length') +
          sse({
            choices: [],
            model: 'half',
            usage: { completion_tokens: 3, prompt_tokens: 24, total_tokens: 27, prompt_tokens_details: { cached_tokens: 23 } },
            timings: {
              cache_n: 23,
              prompt_n: 1,
              prompt_ms: 60.639,
              predicted_n: 3,
              predicted_ms: 93.368,
              predicted_per_second: 21.42,
            },
          }),
        DONE,
      ),
    )
    expect(await collect(backend().chat(chatRequest()))).toEqual([
      { type: 'text', text: 'Three' },
      { type: 'text', text: ' primary' },
      {
        type: 'end',
        finish: 'length',
        usage: { inputTokens: 24, cachedTokens: 23, outputTokens: 3 },
        server: { loadMs: null, prefillMs: 60.639, decodeMs: 93.368, tokensPerSecond: 21.42 },
        servedModel: 'half',
      },
    ])
  })

  test('usage that is absent stays null; usage with the finish reason or on every record counts once', async () => {
    const usage = { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: null }
    const ends = []
    for (const parts of [
      [delta({ content: 'x' }, 'stop'), DONE],
      [delta({ content: 'x' }, 'stop', { usage }), DONE],
      [delta({ content: 'x' }, null, { usage: { ...usage, completion_tokens: 0 } }), delta({}, 'stop', { usage }), DONE],
      [delta({ content: 'x' }, 'stop')],
    ]) {
      server.on(CHAT, stream(...parts))
      ends.push((await collect(backend('vllm').chat(chatRequest()))).at(-1))
    }
    const end = (inputTokens: number | null, outputTokens: number | null) => ({
      type: 'end',
      finish: 'stop',
      usage: { inputTokens, cachedTokens: null, outputTokens },
      server: noTimings,
      servedModel: 'half',
    })
    expect(ends).toEqual([end(null, null), end(5, 1), end(5, 1), end(null, null)])
  })

  test('records without choices, with null choices, empty deltas or null content say nothing', async () => {
    server.on(
      CHAT,
      stream(
        ': ping\n\n',
        sse({ model: 'half' }),
        sse({ choices: null }),
        sse({ choices: [] }),
        delta({}),
        delta({ content: null }),
        'data:\n\n',
        delta({ content: 'x' }, 'stop'),
        DONE,
      ),
    )
    expect((await collect(backend().chat(chatRequest()))).map((event) => event.type)).toEqual(['text', 'end'])
  })

  test('each name of the reasoning field is reasoning, and the same thought under two names is one', async () => {
    server.on(
      CHAT,
      stream(
        delta({ reasoning_content: 'a' }),
        delta({ reasoning: 'b' }),
        delta({ reasoning: 'c', reasoning_content: 'c' }),
        delta({ content: 'x' }, 'stop'),
      ),
    )
    expect((await collect(backend('vllm').chat(chatRequest()))).slice(0, 4)).toEqual([
      { type: 'reasoning', text: 'a' },
      { type: 'reasoning', text: 'b' },
      { type: 'reasoning', text: 'c' },
      { type: 'text', text: 'x' },
    ])
  })

  test('progress in reading the prompt is told as a fraction, and asked for only on request', async () => {
    const progress = (processed: number) =>
      delta({ role: 'assistant', content: null }, null, { prompt_progress: { total: 754, cache: 0, processed, time_ms: 0 } })
    server.on(CHAT, stream(progress(0), progress(377), delta({ content: 'x' }, 'stop'), DONE))
    const events = await collect(backend('llamacpp', { wantsProgress: true }).chat(chatRequest()))
    expect(events.slice(0, 2)).toEqual([
      { type: 'progress', phase: 'prefilling', fraction: 0 },
      { type: 'progress', phase: 'prefilling', fraction: 0.5 },
    ])
    await collect(backend().chat(chatRequest()))
    expect(server.requests.map((request) => request.body.includes('return_progress'))).toEqual([true, false])
  })

  test('[DONE] without a finish reason is no answer: a killed runner behind a compatible route ends so', async () => {
    server.on(
      CHAT,
      stream(
        delta({ content: 'Once' }),
        sse({ model: '', choices: [{ index: 0, delta: { content: '' }, finish_reason: null }] }),
        DONE,
      ),
    )
    expectFailure((await collectUntilError(backend('openai').chat(chatRequest()))).error, 'truncated-stream', {
      afterFirstText: true,
    })
  })

  test('an error in every dialect ends the answer, also when [DONE] follows', async () => {
    const failures = []
    for (const record of [
      sse({ error: { message: 'EngineCore died', type: 'InternalServerError', code: 500 } }),
      sse({ error: 'EngineDeadError' }),
      'event: error\ndata: {"message":"EngineDeadError"}\n\n',
      'event: error\ndata: EngineDeadError\n\n',
      'error: {"code":500,"message":"EngineDeadError","type":"server_error"}\n\n',
    ]) {
      server.on(CHAT, stream(delta({ content: 'Once' }), record, DONE))
      failures.push((await collectUntilError(backend('vllm').chat(chatRequest()))).error)
    }
    for (const failure of failures) expectFailure(failure, 'backend-crashed', { afterFirstText: true })
  })

  test('a second, different finish reason is protocol; text after the finish is dropped', async () => {
    server.on(CHAT, stream(delta({ content: 'x' }, 'stop'), delta({ content: ' late' }), delta({}, 'stop'), DONE))
    expect(answerText(await collect(backend().chat(chatRequest())))).toBe('x')
    server.on(CHAT, stream(delta({ content: 'x' }, 'stop'), delta({}, 'length'), DONE))
    expectFailure((await collectUntilError(backend().chat(chatRequest()))).error, 'protocol')
  })

  test('an answer that is finished is not lost when the connection then breaks or stays open for ever', async () => {
    server.on(CHAT, [{ send: chunkedHead('text/event-stream') + chunk(delta({ content: 'x' }, 'stop')) }, { end: true }])
    expect((await collect(backend().chat(chatRequest()))).at(-1)).toMatchObject({ type: 'end', finish: 'stop' })

    const slow = createSimulatedClock()
    server.on(CHAT, [{ send: chunkedHead('text/event-stream') + chunk(delta({ content: 'x' }, 'stop')) }, { hold: true }])
    const iterator = createOpenaiCompatible({ kind: 'llamacpp', url: server.url, clock: slow })
      .chat(chatRequest())
      [Symbol.asyncIterator]()
    expect((await iterator.next()).value).toEqual({ type: 'text', text: 'x' })
    const end = iterator.next()
    while (slow.pendingTimers() === 0) await slow.advanceAsync(0)
    await slow.advanceAsync(2000)
    expect((await end).value).toMatchObject({ type: 'end', finish: 'stop', usage: { inputTokens: null } })
    await server.requests.at(-1)?.closed
  })

  test('a whole JSON completion is understood where a stream was asked for', async () => {
    const message = { role: 'assistant', content: 'Red', reasoning: 'hm' }
    server.on(
      CHAT,
      jsonReply(200, {
        model: 'half',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage: { prompt_tokens: 2, completion_tokens: 1 },
      }),
    )
    expect((await collect(backend('openai').chat(chatRequest()))).map((event) => event.type)).toEqual([
      'reasoning',
      'text',
      'end',
    ])
    server.on(CHAT, jsonReply(200, { hello: 'world' }))
    expectFailure((await collectUntilError(backend('openai').chat(chatRequest()))).error, 'truncated-stream')
    server.on(CHAT, jsonReply(200, { error: 'Unexpected endpoint or method. (POST /v1/chat/completions)' }))
    expectFailure((await collectUntilError(backend('openai').chat(chatRequest()))).error, 'backend-internal')
  })

  test('an answer said to be compressed is protocol, never text', async () => {
    const plain = delta({ content: 'x' }, 'stop') + DONE
    server.on(CHAT, [{ send: head(200, 'text/event-stream', { 'Content-Encoding': 'gzip' }) + plain }, { end: true }])
    const { events, error } = await collectUntilError(backend().chat(chatRequest()))
    expect(events).toEqual([])
    expectFailure(error, 'protocol')
    server.on(CHAT, [{ send: head(200, 'text/event-stream', { 'Content-Encoding': 'identity' }) + plain }, { end: true }])
    expect(answerText(await collect(backend().chat(chatRequest())))).toBe('x')
  })

  test('another model than the one asked for is model-not-found before any of its text', async () => {
    server.on(
      '/v1/models',
      jsonReply(200, { data: [{ id: 'half', aliases: ['half', 'qwen'], owned_by: 'llamacpp', meta: null }] }),
    )
    server.on(CHAT, stream(delta({ role: 'assistant', content: 'Hello' }), delta({}, 'stop'), DONE))
    for (const kind of ['llamacpp', 'vllm', 'lmstudio'] as const) {
      const { events, error } = await collectUntilError(backend(kind).chat(chatRequest({ model: 'nope' })))
      expect(events).toEqual([])
      expectFailure(error, 'model-not-found', { suggestions: ['half'], afterFirstText: false })
    }
    expect(answerText(await collect(backend('llamacpp').chat(chatRequest({ model: 'qwen' }))))).toBe('Hello')
    expect((await collect(backend('openai').chat(chatRequest({ model: 'nope' })))).at(-1)).toMatchObject({ servedModel: 'half' })
  })

  test("LM Studio's instance numbers and quantisation marks name the same model", async () => {
    server.on(
      CHAT,
      stream(sse({ model: 'Qwen/Qwen3-8B:2', choices: [{ delta: { content: 'x' }, finish_reason: 'stop' }] }), DONE),
    )
    expect(answerText(await collect(backend('lmstudio').chat(chatRequest({ model: 'qwen/qwen3-8b@q4_k_m' }))))).toBe('x')
  })

  test('a server that is still loading is live and not ready, and says so', async () => {
    server.on('/health', jsonReply(503, { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } }))
    expect(await backend().health(signal())).toMatchObject({
      isLive: true,
      isReady: false,
      version: null,
      detail: 'llamacpp answered 503: Loading model',
    })
    server.on('/health', jsonReply(200, { status: 'ok' }))
    server.on('/props', jsonReply(200, { build_info: 'b7000-abc' }))
    expect(await backend().health(signal())).toMatchObject({ isLive: true, isReady: true, version: 'b7000-abc' })
  })

  test('the base URL may end in /v1 and may have a path', async () => {
    server.on('/proxy/v1/chat/completions', stream(delta({ content: 'x' }, 'stop'), DONE))
    const behind = createOpenaiCompatible({ kind: 'openai', url: `${server.url}/proxy/v1/`, clock })
    expect(answerText(await collect(behind.chat(chatRequest())))).toBe('x')
    expect(behind.url).toBe(`${server.url}/proxy`)
  })
})
