import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createOpenaiCompatible } from '../../src/backends/openai-compatible.ts'
import type { OpenaiKind } from '../../src/backends/openai-models.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { createFaultServer, type FaultServer, jsonReply } from '../support/fault-server.ts'

const clock = createSystemClock()
let server: FaultServer
beforeEach(async () => {
  server = await createFaultServer()
})
afterEach(() => server.close())

const backend = (kind: OpenaiKind = 'llamacpp') => createOpenaiCompatible({ kind, url: server.url, clock })
const signal = () => new AbortController().signal

describe('models of an OpenAI-compatible server', () => {
  test('llama.cpp lists its model with the window of one slot and the number of slots', async () => {
    server.on(
      '/v1/models',
      jsonReply(200, {
        models: [{ name: 'half', details: {} }],
        object: 'list',
        data: [
          {
            id: 'half',
            aliases: ['half'],
            owned_by: 'llamacpp',
            meta: { n_ctx: 2048, n_ctx_train: 32768, n_params: 630167424, size: 485452288, ftype: 'Q4_K - Medium' },
          },
        ],
      }),
    )
    server.on('/props', jsonReply(200, { total_slots: 2, default_generation_settings: { n_ctx: 2048 } }))
    const half = {
      backend: 'llamacpp',
      kind: 'llamacpp',
      name: 'half',
      isLocal: true,
      isLoaded: true,
      contextTokens: 2048,
      parameterSize: '630M',
      quantization: 'Q4_K - Medium',
      sizeBytes: 485452288,
      parallelSlots: 2,
      digest: null,
    }
    expect(await backend().models(signal())).toEqual([half])
    server.on(
      '/props',
      jsonReply(501, {
        error: { code: 501, message: 'This server does not support metrics endpoint', type: 'not_supported_error' },
      }),
    )
    expect(await backend().models(signal())).toEqual([{ ...half, parallelSlots: null }])
  })

  test('vLLM lists its model with the longest sequence', async () => {
    server.on('/v1/models', jsonReply(200, { data: [{ id: 'half', owned_by: 'vllm', max_model_len: 4096 }] }))
    expect(await backend('vllm').models(signal())).toMatchObject([
      { name: 'half', kind: 'vllm', contextTokens: 4096, isLoaded: true, parallelSlots: null },
    ])
  })

  test('LM Studio lists models by its own API, new or old, without embedding models', async () => {
    const instance = { id: 'qwen3-8b', config: { context_length: 8192, parallel: 4 } }
    server.on(
      '/api/v1/models',
      jsonReply(200, {
        models: [
          {
            type: 'llm',
            key: 'qwen/qwen3-8b',
            max_context_length: 40960,
            params_string: '8B',
            quantization: { name: 'Q4_K_M' },
            size_bytes: 5,
            loaded_instances: [instance],
          },
          { type: 'llm', key: 'idle', max_context_length: 4096, loaded_instances: [] },
          { type: 'embedding', key: 'nomic', loaded_instances: [] },
        ],
      }),
    )
    expect(await backend('lmstudio').models(signal())).toMatchObject([
      {
        name: 'qwen/qwen3-8b',
        isLoaded: true,
        contextTokens: 8192,
        parameterSize: '8B',
        quantization: 'Q4_K_M',
        sizeBytes: 5,
        parallelSlots: 4,
      },
      { name: 'idle', isLoaded: false, contextTokens: 4096, parallelSlots: null },
    ])

    const unknownPath = jsonReply(200, { error: 'Unexpected endpoint or method. (GET /api/v1/models)' })
    server.on('/api/v1/models', unknownPath)
    server.on(
      '/api/v0/models',
      jsonReply(200, {
        data: [
          { id: 'old', type: 'llm', state: 'loaded', loaded_context_length: 2048, max_context_length: 4096 },
          { id: 'nomic', type: 'embeddings' },
        ],
      }),
    )
    expect(await backend('lmstudio').models(signal())).toMatchObject([{ name: 'old', isLoaded: true, contextTokens: 2048 }])

    server.on('/api/v0/models', unknownPath)
    server.on('/v1/models', jsonReply(200, { data: [{ id: 'plain' }, { id: 'text-embedding-nomic' }] }))
    expect(await backend('lmstudio').models(signal())).toMatchObject([{ name: 'plain', isLoaded: null, contextTokens: null }])
  })
})
