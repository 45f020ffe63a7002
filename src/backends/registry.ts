import type { BackendKind } from '../domain/model.ts'
import type { Backend } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import type { MockOptions } from './mock.ts'
import type { ReplayOptions } from './replay.ts'

/** Kinds that are servers to connect to. */
export type ServerKind = Exclude<BackendKind, 'mock' | 'replay'>

export interface ServerOptions {
  readonly id: string
  readonly url: string
  readonly clock: Clock
  /** Sent as a bearer token; Ollama takes none. */
  readonly apiKey?: string
}

type Registry = { readonly [K in ServerKind]: (options: ServerOptions) => Promise<Backend> } & {
  readonly mock: (options: MockOptions) => Promise<Backend>
  readonly replay: (options: ReplayOptions) => Promise<Backend>
}

const openaiCompatible = (kind: Exclude<ServerKind, 'ollama'>) => async (options: ServerOptions) =>
  (await import('./openai-compatible.ts')).createOpenaiCompatible({ ...options, kind })

/** Every backend there is, by kind; nothing of one is loaded before it is made. */
export const BACKENDS: Registry = {
  ollama: async ({ id, url, clock }) => (await import('./ollama.ts')).createOllama({ id, url, clock }),
  lmstudio: openaiCompatible('lmstudio'),
  llamacpp: openaiCompatible('llamacpp'),
  vllm: openaiCompatible('vllm'),
  openai: openaiCompatible('openai'),
  mock: async (options) => (await import('./mock.ts')).createMock(options),
  replay: async (options) => (await import('./replay.ts')).createReplay(options),
}
