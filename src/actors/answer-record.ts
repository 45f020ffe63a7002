import type { FinishReason, Sampling } from '../domain/message.ts'
import type { ModelKey } from '../domain/model.ts'
import type { AnswerFacts, ModelAnswer, ModelRequest } from '../machines/effects.ts'

/*
 * How an answer stands in the log: what its grant, its chunks and its request already say is not said again. A turn of
 * a thousand characters costs about four hundred more.
 */

/** Payload of a `grant` record. */
export interface GrantRecord {
  readonly model: ModelKey
  /** Ms waited for the slot; absent = 0. */
  readonly queuedMs?: number
}

/** Payload of a `chunk` record; `ttftMs` with the first one. */
export interface ChunkRecord {
  readonly text: string
  readonly ttftMs?: number
}

/** Payload of a model effect's `ok` record. */
export interface AnswerRecord {
  /** Tokens in, of these cached, and out; null where the backend did not say. */
  readonly usage: readonly [number | null, number | null, number | null]
  /** Ms from the request to the end. */
  readonly ms: number
  /** Output tokens a second; absent = unknown. */
  readonly rate?: number
  /** Absent = `stop`. */
  readonly finish?: FinishReason
  /** As truly sent; absent = as asked for. */
  readonly sampling?: Sampling
  /** Text after the last chunk; absent = none. */
  readonly tail?: string
}

/** What a fold has learned of an answer under way. */
export interface AnswerSoFar {
  readonly input: unknown
  readonly grant: GrantRecord | null
  readonly ttftMs: number | null
  readonly text: string
}

/** Returns the payload of the `ok` record of an answer whose text after the last chunk is `tail`. */
export function packAnswer(facts: AnswerFacts, request: ModelRequest, tail: string): AnswerRecord {
  const { usage, timings, finish, sampling } = facts
  return {
    usage: [usage.inputTokens, usage.cachedTokens, usage.outputTokens],
    ms: timings.totalMs,
    ...(timings.tokensPerSecond === null ? {} : { rate: timings.tokensPerSecond }),
    ...(finish === 'stop' ? {} : { finish }),
    ...(JSON.stringify(sampling) === JSON.stringify(request.sampling) ? {} : { sampling }),
    ...(tail === '' ? {} : { tail }),
  }
}

/** Returns the whole answer from its records. */
export function unpackAnswer(record: AnswerRecord, soFar: AnswerSoFar): ModelAnswer {
  const [inputTokens, cachedTokens, outputTokens] = record.usage
  return {
    model: soFar.grant?.model ?? '',
    text: record.tail === undefined ? soFar.text : soFar.text + record.tail,
    finish: record.finish ?? 'stop',
    usage: { inputTokens, cachedTokens, outputTokens },
    timings: {
      queuedMs: soFar.grant?.queuedMs ?? 0,
      ttftMs: soFar.ttftMs,
      totalMs: record.ms,
      tokensPerSecond: record.rate ?? null,
    },
    sampling: record.sampling ?? (soFar.input as ModelRequest).sampling,
  }
}
