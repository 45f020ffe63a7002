import { createMock, type MockScript } from '../../src/backends/mock.ts'
import { createOllama } from '../../src/backends/ollama.ts'
import { createOpenaiCompatible } from '../../src/backends/openai-compatible.ts'
import { createReplay } from '../../src/backends/replay.ts'
import { requestKey } from '../../src/backends/request-key.ts'
import type { ChatEvent } from '../../src/ports/backend.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { jsonReply } from '../support/fault-server.ts'
import { OLLAMA_DIALECT, OPENAI_DIALECT, wireBackend } from '../support/wire-backends.ts'
import { type BackendUnderTest, backendContract, type Scene } from './backend.contract.ts'

const clock = createSystemClock()

backendContract(
  'ollama',
  () =>
    wireBackend(OLLAMA_DIALECT, (server) => {
      const details = { parameter_size: '630.17M', quantization_level: 'Q4_K_M' }
      const remote = { name: 'big', digest: 'd2', details, remote_host: 'https://ollama.com:443', remote_model: 'big:480b' }
      server.on('/api/version', jsonReply(200, { version: '0.13.5' }))
      server.on('/api/tags', jsonReply(200, { models: [{ name: 'half', digest: 'd1', size: 5, details }, remote] }))
      server.on('/api/ps', jsonReply(200, { models: [] }))
      server.on('/api/show', (request) =>
        jsonReply(200, request.body.includes('"big"') ? remote : { capabilities: ['completion'] }),
      )
      return { backend: createOllama({ url: server.url, clock }), model: 'half', remoteModel: 'big', secret: null }
    }),
  {},
)

for (const kind of ['llamacpp', 'vllm', 'lmstudio', 'openai'] as const) {
  backendContract(
    kind,
    () =>
      wireBackend(OPENAI_DIALECT, (server) => {
        server.on('/v1/models', jsonReply(200, { object: 'list', data: [{ id: 'half', object: 'model' }] }))
        server.on('/health', jsonReply(200, { status: 'ok' }))
        const apiKey = 'sk-very-secret'
        return {
          backend: createOpenaiCompatible({ kind, url: server.url, clock, apiKey }),
          model: 'half',
          remoteModel: null,
          secret: apiKey,
        }
      }),
    { remote: 'these servers name no model that they would forward' },
  )
}

const noSocket = {
  http: 'it opens no socket',
  malformed: 'it opens no socket',
  dropped: 'it opens no socket',
  secret: 'it repeats nothing a server said',
  remote: 'it forwards nothing',
  down: 'it cannot be down',
} as const

backendContract(
  'mock',
  async (): Promise<BackendUnderTest> => {
    const scenes = new Map<string, Scene>()
    let seen = 0
    const backend = createMock({
      models: [{ name: 'half' }],
      script: (request) => {
        seen++
        const scene = scenes.get(JSON.stringify(request.messages))
        return scene === undefined ? null : mockScript(scene)
      },
    })
    return {
      backend,
      model: 'half',
      remoteModel: null,
      secret: null,
      play(request, scene) {
        scenes.set(JSON.stringify(request.messages), scene)
        return backend.chat(request)
      },
      chatsSeen: () => seen,
      chatClosed: async () => {},
      close: () => backend.close(),
    }
  },
  noSocket,
)

function mockScript(scene: Scene): MockScript {
  const texts = 'texts' in scene ? scene.texts.map((text) => ({ do: 'text', text }) as const) : []
  if (scene.is === 'answer') return [...texts, { do: 'finish', reason: scene.finish }]
  if (scene.is === 'cut') return [...texts, { do: 'cut' }]
  if (scene.is === 'complaint') return [...texts, { do: 'error', failure: 'backend-crashed', message: scene.says }]
  return [...texts, { do: 'hang' }]
}

backendContract(
  'replay',
  async (): Promise<BackendUnderTest> => {
    let seen = 0
    const recordingOf = (request: Parameters<typeof requestKey>[0], scene: Scene) => {
      const texts = 'texts' in scene ? scene.texts.map((text): ChatEvent => ({ type: 'text', text })) : []
      const usage = { inputTokens: 24, cachedTokens: null, outputTokens: 2 }
      const server = { loadMs: null, prefillMs: null, decodeMs: null, tokensPerSecond: null }
      const end: ChatEvent = {
        type: 'end',
        finish: scene.is === 'answer' ? scene.finish : 'stop',
        usage,
        server,
        servedModel: 'half',
      }
      const failure = scene.is === 'complaint' ? { code: 'backend-crashed' as const, message: scene.says } : undefined
      return { key: requestKey(request), request, events: scene.is === 'answer' ? [...texts, end] : texts, failure }
    }
    const listed = recordingOf({ model: 'half', messages: [], sampling: {} }, { is: 'answer', texts: [], finish: 'stop' })
    return {
      backend: createReplay({ recordings: [listed] }),
      model: 'half',
      remoteModel: null,
      secret: null,
      play(request, scene) {
        const { model, messages, sampling } = request
        if (!request.signal.aborted) seen++
        return createReplay({ recordings: [recordingOf({ model, messages, sampling }, scene)] }).chat(request)
      },
      chatsSeen: () => seen,
      chatClosed: async () => {},
      close: async () => {},
    }
  },
  { ...noSocket, silence: 'a recording has ended' },
)
