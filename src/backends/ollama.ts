import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import type { FinishReason } from '../domain/message.ts'
import type { Backend, ChatEvent, ChatRequest, Health } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import { chatStream } from './chat-stream.ts'
import { classifyFailure, findComplaint } from './classify-failure.ts'
import { openExchange, type Peer } from './exchange.ts'
import { readNdjson } from './framer.ts'
import { normaliseUrl, oneLine, refuseBadStatus } from './http.ts'
import { nearestNames } from './nearest-names.ts'
import { listOllamaModels, readOllamaVersion, showOllamaModel } from './ollama-management.ts'
import { isCloudName, isRemoteEntry } from './ollama-names.ts'
import { numberOrNull, pick, stringOrNull } from './read-json.ts'

export interface OllamaOptions {
  /** Default `ollama`. */
  readonly id?: string
  /** Default `http://127.0.0.1:11434`. */
  readonly url?: string
  readonly clock: Clock
  /** How long Ollama keeps the model after an answer (its own form: `5m`, seconds, -1 for ever); absent = its default. */
  readonly keepAlive?: string | number
}

/**
 * Returns a backend for Ollama's native API. Chat goes over `/api/chat` and our own framer, because the `ollama`
 * package cannot cancel a single request and drops a line it cannot read; listing and showing go through the package.
 * `truncate: false` and `shift: false` go with every request: the default drops old messages without a word. A model
 * that Ollama would forward to its cloud is refused with `remote-refused` before any prompt is sent.
 */
export function createOllama(options: OllamaOptions): Backend {
  const id = options.id ?? 'ollama'
  const peer: Peer = { backend: id, url: normaliseUrl(options.url ?? 'http://127.0.0.1:11434'), clock: options.clock }
  const facts: BackendErrorFacts = { backend: id }
  /** Models shown to be local; a name is asked about once in the life of this backend. */
  const knownLocal = new Set<string>()

  const ensureLocal = async (model: string, signal: AbortSignal) => {
    if (knownLocal.has(model)) return
    if (isCloudName(model)) throw remoteRefused(facts, model)
    const shown = await showOllamaModel(peer, model, signal).catch(async (error: unknown) => {
      throw error instanceof BackendError && error.failure === 'model-not-found'
        ? await withSuggestions(error, model, signal)
        : error
    })
    if (isRemoteEntry(shown)) throw remoteRefused(facts, model)
    knownLocal.add(model)
  }

  const withSuggestions = async (error: BackendError, model: string, signal: AbortSignal) => {
    const names = await listOllamaModels(peer, id, signal).then(
      (models) => models.map((each) => each.name),
      () => [],
    )
    const suggestions = nearestNames(model, names)
    const hint =
      suggestions.length > 0 ? `run: ollama pull ${model} · nearest here: ${suggestions.join(', ')}` : `run: ollama pull ${model}`
    return new BackendError('model-not-found', error.message, { ...error.facts, suggestions, hint })
  }

  async function* converse(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    await ensureLocal(request.model, signal)
    const { connectTimeoutMs } = request
    const body = requestBody(request, options.keepAlive)
    const exchange = await openExchange(peer, { method: 'POST', path: '/api/chat', body, connectTimeoutMs, signal })
    try {
      await refuseBadStatus(exchange, peer, request.model)
      for await (const record of readNdjson(exchange.body, { facts })) {
        const complaint = findComplaint(record, 200)
        if (complaint !== null)
          throw new BackendError(classifyFailure(complaint), `${id} gave up: ${oneLine(complaint.text)}`, facts)
        if (typeof pick(record, 'done') !== 'boolean')
          throw new BackendError('protocol', `${id} sent a record without done`, facts)
        if (isRemoteEntry(record)) throw remoteRefused(facts, request.model)
        yield* textEvents(record)
        if (pick(record, 'done') === true) {
          yield endEvent(record)
          return
        }
      }
      throw new BackendError('truncated-stream', `${id} ended its answer without a final record`, facts)
    } finally {
      exchange.close()
    }
  }

  return {
    id,
    kind: 'ollama',
    url: peer.url,
    async health(signal): Promise<Health> {
      const started = options.clock.now()
      const outcome = await readOllamaVersion(peer, signal).then(
        (version) => ({ isLive: true, version, detail: 'answers' }),
        (error: unknown) => ({ isLive: false, version: null, detail: error instanceof Error ? error.message : String(error) }),
      )
      return { ...outcome, isReady: outcome.isLive, latencyMs: options.clock.now() - started }
    },
    models: (signal) => listOllamaModels(peer, id, signal),
    chat: (request) => chatStream(request, facts, [], (signal) => converse(request, signal)),
    close: async () => {},
  }
}

function requestBody(request: ChatRequest, keepAlive: string | number | undefined): unknown {
  const { sampling } = request
  const wanted = {
    num_ctx: request.contextTokens ?? undefined,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    repeat_penalty: sampling.repeatPenalty,
    seed: sampling.seed,
    num_predict: sampling.maxTokens,
  }
  const { model, messages } = request
  // JSON leaves undefined fields out, so an absent option stays the server's own.
  return { model, messages, stream: true, truncate: false, shift: false, keep_alive: keepAlive, options: wanted }
}

/** Yields the reasoning and the text of one record of `/api/chat`. */
export function* textEvents(record: unknown): Generator<ChatEvent> {
  const thinking = stringOrNull(pick(record, 'message', 'thinking'))
  if (thinking !== null) yield { type: 'reasoning', text: thinking }
  const content = stringOrNull(pick(record, 'message', 'content'))
  if (content !== null) yield { type: 'text', text: content }
}

const NS_PER_MS = 1_000_000

/** Returns the end that the last record of `/api/chat` tells. */
export function endEvent(record: unknown): ChatEvent {
  const duration = (key: string) => {
    const ns = numberOrNull(pick(record, key))
    return ns === null ? null : ns / NS_PER_MS
  }
  const outputTokens = numberOrNull(pick(record, 'eval_count'))
  const decodeMs = duration('eval_duration')
  return {
    type: 'end',
    finish: finishOf(pick(record, 'done_reason')),
    usage: {
      inputTokens: numberOrNull(pick(record, 'prompt_eval_count')),
      cachedTokens: numberOrNull(pick(record, 'prompt_eval_cached_count')),
      outputTokens,
    },
    server: {
      loadMs: duration('load_duration'),
      prefillMs: duration('prompt_eval_duration'),
      decodeMs,
      tokensPerSecond: outputTokens === null || decodeMs === null || decodeMs === 0 ? null : (outputTokens / decodeMs) * 1000,
    },
    servedModel: stringOrNull(pick(record, 'model')),
  }
}

function finishOf(reason: unknown): FinishReason {
  return reason === 'stop' || reason === 'length' ? reason : 'unknown'
}

function remoteRefused(facts: BackendErrorFacts, model: string): BackendError {
  return new BackendError(
    'remote-refused',
    `${model} does not run here: ${facts.backend} would forward the prompt to another host`,
    {
      ...facts,
      model,
      hint: 'choose a local model: codeconductor models',
    },
  )
}
