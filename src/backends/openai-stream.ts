import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import type { FinishReason, Usage } from '../domain/message.ts'
import type { ChatEnd, ChatEvent, ServerTimings } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import { classifyFailure, findComplaint } from './classify-failure.ts'
import type { Exchange } from './exchange.ts'
import { parseRecord, readSse } from './framer.ts'
import { oneLine, parseBody, readText } from './http.ts'
import { numberOrNull, objectsOf, pick, stringOrNull } from './read-json.ts'

/** Once an answer has its finish reason, how long to wait for the usage record and `[DONE]`, in ms. */
const USAGE_GRACE_MS = 2000
const MAX_COMPLETION_BYTES = 16 * 1024 * 1024

export interface DecodeOptions {
  readonly facts: BackendErrorFacts
  readonly clock: Clock
  /** Called with the first name a record says answered, before any of its text is passed on; throws to refuse it. */
  checkServed(model: string): Promise<void>
}

/** What an answer has told about itself so far. */
interface Answer {
  finish: string | null
  usage: unknown
  timings: unknown
  servedModel: string | null
}

/**
 * Yields the events of a `/v1/chat/completions` answer. The terminal record is the one with a finish reason: `[DONE]`
 * alone ends nothing, usage may come with it, after it or never, and text after it is dropped. A server that ignored
 * `stream` and sent one JSON object is understood.
 */
export async function* decodeCompletion(exchange: Exchange, options: DecodeOptions): AsyncGenerator<ChatEvent> {
  const answer: Answer = { finish: null, usage: null, timings: null, servedModel: null }
  if (exchange.headers['content-type']?.includes('application/json')) yield* decodeWhole(exchange, answer, options)
  else yield* decodeStream(exchange, answer, options)
  if (answer.finish === null) {
    throw new BackendError('truncated-stream', `${options.facts.backend} ended its answer without a finish reason`, options.facts)
  }
  yield endEvent(answer)
}

async function* decodeWhole(exchange: Exchange, answer: Answer, options: DecodeOptions): AsyncGenerator<ChatEvent> {
  const record = parseBody(await readText(exchange, MAX_COMPLETION_BYTES, options.facts), options.facts)
  yield* takeRecord(record, answer, options)
}

async function* decodeStream(exchange: Exchange, answer: Answer, options: DecodeOptions): AsyncGenerator<ChatEvent> {
  const { clock, facts } = options
  let grace: ReturnType<Clock['setTimer']> | null = null
  try {
    for await (const event of readSse(exchange.body, { facts })) {
      if (event.type === 'comment') continue
      if (event.data.trim() === '[DONE]') return
      if (event.data.trim() === '') continue
      const isError = event.name === 'error'
      const record = isError ? errorRecord(event.data) : parseRecord(event.data, event.isComplete, facts)
      yield* takeRecord(record, answer, options)
      if (answer.finish !== null && grace === null) grace = clock.setTimer(() => exchange.close(), USAGE_GRACE_MS)
    }
  } catch (error) {
    // The answer is whole; only its usage is lost.
    if (answer.finish !== null && error instanceof BackendError && error.failure === 'truncated-stream') return
    throw error
  } finally {
    if (grace !== null) clock.clearTimer(grace)
  }
}

/** An `error` event holds an error object, an object with one, or a sentence. */
function errorRecord(data: string): unknown {
  try {
    const value: unknown = JSON.parse(data)
    return findComplaint(value, 200) === null ? { error: value } : value
  } catch {
    return { error: data }
  }
}

async function* takeRecord(record: unknown, answer: Answer, options: DecodeOptions): AsyncGenerator<ChatEvent> {
  const { facts } = options
  const complaint = findComplaint(record, 200)
  if (complaint !== null)
    throw new BackendError(classifyFailure(complaint), `${facts.backend} gave up: ${oneLine(complaint.text)}`, facts)
  if (typeof record !== 'object' || record === null)
    throw new BackendError('protocol', `${facts.backend} sent a record that is no object`, facts)

  const served = stringOrNull(pick(record, 'model'))
  if (served !== null && answer.servedModel === null) {
    answer.servedModel = served
    await options.checkServed(served)
  }
  answer.usage = pick(record, 'usage') ?? answer.usage
  answer.timings = pick(record, 'timings') ?? answer.timings

  const progress = pick(record, 'prompt_progress')
  if (progress !== undefined) yield { type: 'progress', phase: 'prefilling', fraction: fractionOf(progress) }

  const choice = objectsOf(pick(record, 'choices'))[0]
  if (choice === undefined) return
  if (answer.finish === null) {
    const delta = choice['delta'] ?? choice['message']
    const reasoning = ['reasoning_content', 'reasoning', 'thinking']
      .map((key) => stringOrNull(pick(delta, key)))
      .find((text) => text !== null)
    if (reasoning !== undefined) yield { type: 'reasoning', text: reasoning }
    const content = stringOrNull(pick(delta, 'content'))
    if (content !== null) yield { type: 'text', text: content }
  }
  const finish = stringOrNull(choice['finish_reason'])
  if (finish !== null && answer.finish !== null && finish !== answer.finish) {
    throw new BackendError('protocol', `${facts.backend} finished twice, ${answer.finish} and ${oneLine(finish)}`, facts)
  }
  answer.finish ??= finish
}

function fractionOf(progress: unknown): number | null {
  const total = numberOrNull(pick(progress, 'total'))
  const processed = numberOrNull(pick(progress, 'processed'))
  return total === null || total === 0 || processed === null ? null : Math.min(1, processed / total)
}

function endEvent(answer: Answer): ChatEnd {
  return {
    type: 'end',
    finish: finishOf(answer.finish),
    usage: usageOf(answer),
    server: timingsOf(answer.timings),
    servedModel: answer.servedModel,
  }
}

function finishOf(reason: string | null): FinishReason {
  return reason === 'stop' || reason === 'length' ? reason : 'unknown'
}

function usageOf({ usage, timings }: Answer): Usage {
  return {
    inputTokens: numberOrNull(pick(usage, 'prompt_tokens')),
    cachedTokens: numberOrNull(pick(usage, 'prompt_tokens_details', 'cached_tokens')) ?? numberOrNull(pick(timings, 'cache_n')),
    outputTokens: numberOrNull(pick(usage, 'completion_tokens')),
  }
}

function timingsOf(timings: unknown): ServerTimings {
  return {
    loadMs: null,
    prefillMs: numberOrNull(pick(timings, 'prompt_ms')),
    decodeMs: numberOrNull(pick(timings, 'predicted_ms')),
    tokensPerSecond: numberOrNull(pick(timings, 'predicted_per_second')),
  }
}
