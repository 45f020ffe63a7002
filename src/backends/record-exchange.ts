import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import { type ChatMessage, Sampling } from '../domain/message.ts'
import type { ChatEvent, ChatRequest } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import { chatStream } from './chat-stream.ts'
import { classifyFailure, findComplaint } from './classify-failure.ts'
import type { Exchange } from './exchange.ts'
import { readNdjson } from './framer.ts'
import { oneLine, refuseBadStatus } from './http.ts'
import { endEvent, textEvents } from './ollama.ts'
import { decodeCompletion } from './openai-stream.ts'
import { objectsOf, pick } from './read-json.ts'
import type { Recording } from './recording.ts'
import { type KeyedRequest, requestKey } from './request-key.ts'

/** How a chat call is worded on the wire. */
export type ChatDialect = 'openai' | 'ollama'

/** Returns how a path is worded; null for one that is no chat call. */
export function dialectOf(path: string): ChatDialect | null {
  const bare = path.split('?')[0]?.replace(/\/+$/, '') ?? ''
  if (bare.endsWith('/chat/completions')) return 'openai'
  return bare.endsWith('/api/chat') ? 'ollama' : null
}

/**
 * Returns what a chat call asks, in our words; null for one that our own backends could not ask: pictures, tools, an answer
 * in a given format, settings we have no word for. Fields that leave the answer as it is (`stream`, `keep_alive`) do not count.
 */
export function readChatCall(dialect: ChatDialect, body: unknown): KeyedRequest | null {
  const model = pick(body, 'model')
  const messages = objectsOf(pick(body, 'messages')).map(readMessage)
  if (typeof model !== 'string' || messages.length === 0 || messages.includes(null)) return null
  if (['tools', 'functions', 'response_format', 'format', 'logit_bias'].some((field) => pick(body, field) != null)) return null
  const words = dialect === 'openai' ? OPENAI_WORDS : OLLAMA_WORDS
  const given = dialect === 'openai' ? body : pick(body, 'options')
  const pairs = words.flatMap(([wire, ours]) => {
    const value = pick(given, wire)
    return value === undefined || value === null ? [] : [[ours, value] as const]
  })
  const sampling = Sampling.safeParse(Object.fromEntries(pairs))
  return sampling.success ? { model, messages: messages.filter((message) => message !== null), sampling: sampling.data } : null
}

const OPENAI_WORDS = [
  ['temperature', 'temperature'],
  ['top_p', 'topP'],
  ['top_k', 'topK'],
  ['min_p', 'minP'],
  ['repeat_penalty', 'repeatPenalty'],
  ['repetition_penalty', 'repeatPenalty'],
  ['seed', 'seed'],
  ['max_tokens', 'maxTokens'],
  ['max_completion_tokens', 'maxTokens'],
] as const

const OLLAMA_WORDS = [
  ['temperature', 'temperature'],
  ['top_p', 'topP'],
  ['top_k', 'topK'],
  ['min_p', 'minP'],
  ['repeat_penalty', 'repeatPenalty'],
  ['seed', 'seed'],
  ['num_predict', 'maxTokens'],
] as const

function readMessage(message: Readonly<Record<string, unknown>>): ChatMessage | null {
  const { role, content } = message
  if (role !== 'system' && role !== 'user' && role !== 'assistant') return null
  if (message['images'] !== undefined || message['tool_calls'] !== undefined) return null
  if (typeof content === 'string') return { role, content }
  const parts = objectsOf(content)
  if (parts.length === 0 || parts.some((part) => part['type'] !== 'text' || typeof part['text'] !== 'string')) return null
  return { role, content: parts.map((part) => part['text']).join('') }
}

/** An answer as it passed by. */
export interface PassedAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly chunks: readonly Uint8Array[]
  /** False where the connection ended before the answer did. */
  readonly isWhole: boolean
}

/** Returns the exchange as the backend of its dialect would have recorded it: its events, and how it failed where it did. */
export async function recordExchange(
  dialect: ChatDialect,
  request: KeyedRequest,
  answer: PassedAnswer,
  clock: Clock,
): Promise<Recording> {
  const facts: BackendErrorFacts = { backend: 'recorded' }
  const exchange: Exchange = { ...answer, body: bodyOf(answer, facts), close: () => {} }
  async function* decode(): AsyncGenerator<ChatEvent> {
    await refuseBadStatus(exchange, { backend: facts.backend, url: '', clock }, request.model)
    if (dialect === 'ollama') yield* decodeOllama(exchange, facts)
    else yield* decodeCompletion(exchange, { facts, clock, checkServed: async () => {} })
  }
  const asked: ChatRequest = {
    ...request,
    requestId: 'recorded',
    contextTokens: null,
    connectTimeoutMs: 0,
    signal: new AbortController().signal,
  }
  const events: ChatEvent[] = []
  const recording = { key: requestKey(request), request, events }
  try {
    for await (const event of chatStream(asked, facts, [], decode)) events.push(event)
    return recording
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    return { ...recording, failure: { code: error.failure, message: error.message } }
  }
}

async function* bodyOf({ chunks, isWhole }: PassedAnswer, facts: BackendErrorFacts): AsyncGenerator<Uint8Array> {
  yield* chunks
  if (!isWhole) throw new BackendError('truncated-stream', 'the server broke off its answer', facts)
}

async function* decodeOllama(exchange: Exchange, facts: BackendErrorFacts): AsyncGenerator<ChatEvent> {
  for await (const record of readNdjson(exchange.body, { facts })) {
    const complaint = findComplaint(record, 200)
    if (complaint !== null) throw new BackendError(classifyFailure(complaint), `it gave up: ${oneLine(complaint.text)}`, facts)
    yield* textEvents(record)
    if (pick(record, 'done') === true) {
      yield endEvent(record)
      return
    }
  }
  throw new BackendError('truncated-stream', 'the answer ended without a final record', facts)
}
