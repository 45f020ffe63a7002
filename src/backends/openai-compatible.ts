import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import type { Backend, ChatEvent, ChatRequest, Health } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import { chatStream } from './chat-stream.ts'
import { openExchange, type Peer } from './exchange.ts'
import { normaliseUrl, oneLine, refuseBadStatus, requestJson, requestText } from './http.ts'
import { nearestNames } from './nearest-names.ts'
import { type ListedModel, listOpenaiModels, type OpenaiKind } from './openai-models.ts'
import { decodeCompletion } from './openai-stream.ts'
import { pick, stringOrNull } from './read-json.ts'

export interface OpenaiCompatibleOptions {
  /** Default: the kind. */
  readonly id?: string
  readonly kind: OpenaiKind
  /** Base URL, with or without `/v1`. */
  readonly url: string
  readonly apiKey?: string
  readonly clock: Clock
  /**
   * Asks llama.cpp for progress records while it reads the prompt. Off by default: with them a cancel takes effect only
   * at the next record, which has been seen to cost a whole batch (65 s).
   */
  readonly wantsProgress?: boolean
}

/**
 * Returns a backend for `/v1/chat/completions` as LM Studio, vLLM and llama.cpp serve it. Where a server is known to
 * answer with whatever model it has loaded, a name that is not the one asked for is `model-not-found`, before any text.
 */
export function createOpenaiCompatible(options: OpenaiCompatibleOptions): Backend {
  const { kind, clock, apiKey } = options
  const id = options.id ?? kind
  const peer: Peer = { backend: id, url: normaliseUrl(options.url), clock, apiKey }
  const facts: BackendErrorFacts = { backend: id }

  const checkServed = async (asked: string, served: string, signal: AbortSignal) => {
    const same = (a: string, b: string) => canonicalName(kind, a) === canonicalName(kind, b)
    if (kind === 'openai' || same(served, asked)) return
    const listed = await listOpenaiModels(peer, kind, signal).catch((): readonly ListedModel[] => [])
    const isAlias = listed.some(({ info, aliases }) => {
      const names = [info.name, ...aliases]
      return names.some((name) => same(name, served)) && names.some((name) => same(name, asked))
    })
    if (!isAlias)
      throw new BackendError(
        'model-not-found',
        `${id} answered with ${oneLine(served)} instead of ${asked}`,
        notFound(asked, listed),
      )
  }

  const notFound = (asked: string, listed: readonly ListedModel[]): BackendErrorFacts => {
    const names = listed.map((each) => each.info.name)
    const suggestions = nearestNames(asked, names)
    return { ...facts, model: asked, suggestions, hint: 'list what is here: codeconductor models' }
  }

  async function* converse(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const body = requestBody(kind, request, options.wantsProgress ?? false)
    const { connectTimeoutMs } = request
    const exchange = await openExchange(peer, { method: 'POST', path: '/v1/chat/completions', body, connectTimeoutMs, signal })
    try {
      await refuseBadStatus(exchange, peer, request.model).catch(async (error: unknown) => {
        if (!(error instanceof BackendError) || error.failure !== 'model-not-found') throw error
        const listed = await listOpenaiModels(peer, kind, signal).catch(() => [])
        throw new BackendError('model-not-found', error.message, { ...error.facts, ...notFound(request.model, listed) })
      })
      yield* decodeCompletion(exchange, { facts, clock, checkServed: (served) => checkServed(request.model, served, signal) })
    } finally {
      exchange.close()
    }
  }

  return {
    id,
    kind,
    url: peer.url,
    health: (signal) => checkHealth(peer, kind, signal),
    models: async (signal) => (await listOpenaiModels(peer, kind, signal)).map((each) => each.info),
    chat: (request) => chatStream(request, facts, apiKey === undefined ? [] : [apiKey], (signal) => converse(request, signal)),
    close: async () => {},
  }
}

function requestBody(kind: OpenaiKind, request: ChatRequest, wantsProgress: boolean): unknown {
  const { model, messages, sampling } = request
  const penalty = kind === 'vllm' ? 'repetition_penalty' : 'repeat_penalty'
  return {
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    [penalty]: sampling.repeatPenalty,
    seed: sampling.seed,
    max_tokens: sampling.maxTokens,
    ...(kind === 'llamacpp' && wantsProgress ? { return_progress: true } : {}),
  }
}

/** Names that mean one model: case varies, and LM Studio numbers instances (`:2`) and marks quantisations (`@q4_k_m`). */
function canonicalName(kind: OpenaiKind, name: string): string {
  const lower = name.toLowerCase()
  return kind === 'lmstudio' ? lower.replace(/:\d+$/, '').replace(/@[\w.-]+$/, '') : lower
}

/** Where a kind says that it is ready, and where it names its version. */
const HEALTH_PATHS = {
  llamacpp: { ready: '/health', version: '/props', key: 'build_info' },
  vllm: { ready: '/health', version: '/version', key: 'version' },
  lmstudio: { ready: '/v1/models', version: null, key: '' },
  openai: { ready: '/v1/models', version: null, key: '' },
} as const satisfies Record<OpenaiKind, unknown>

async function checkHealth(peer: Peer, kind: OpenaiKind, signal: AbortSignal): Promise<Health> {
  const started = peer.clock.now()
  const { ready, version, key } = HEALTH_PATHS[kind]
  const answer = await requestText(peer, { method: 'GET', path: ready, signal }).then(
    () => ({ isLive: true, isReady: true, detail: 'ready' }),
    (error: unknown) => {
      const detail = error instanceof Error ? error.message : String(error)
      return { isLive: error instanceof BackendError && error.facts.status !== undefined, isReady: false, detail }
    },
  )
  const latencyMs = peer.clock.now() - started
  if (!answer.isReady || version === null) return { ...answer, latencyMs, version: null }
  const body = await requestJson(peer, { method: 'GET', path: version, signal }).catch(() => null)
  return { ...answer, latencyMs, version: stringOrNull(pick(body, key)) }
}
