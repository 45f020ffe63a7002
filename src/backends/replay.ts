import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import type { ModelInfo } from '../domain/model.ts'
import type { Backend, ChatEvent, ChatRequest } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import { chatStream } from './chat-stream.ts'
import { pause } from './pause.ts'
import type { Recording } from './recording.ts'
import { type KeyedRequest, requestKey } from './request-key.ts'

export interface ReplayOptions {
  /** Default `replay`. */
  readonly id?: string
  readonly recordings: readonly Recording[]
  /** Whether a question asked more often than recorded gets its last answer again or is a miss; default `miss`. */
  readonly whenExhausted?: 'miss' | 'repeat-last'
  /**
   * Waits before each piece of text, so that a person can watch; default none. How fast the recorded server was is left out then:
   * beside the time the answer takes here it would be false.
   */
  readonly pace?: { readonly clock: Clock; readonly eventDelayMs: number }
}

const NO_TIMINGS = { loadMs: null, prefillMs: null, decodeMs: null, tokensPerSecond: null }

/**
 * Returns a backend that answers from recordings by the canonical hash of {model, messages, sampling}; several under
 * one key are served in the order recorded. A request without a recording throws `replay-miss`, which names the
 * nearest recorded request and the first field that differs.
 */
export function createReplay(options: ReplayOptions): Backend {
  const id = options.id ?? 'replay'
  const facts: BackendErrorFacts = { backend: id }
  const byKey = new Map<string, Recording[]>()
  for (const recording of options.recordings) {
    const same = byKey.get(recording.key)
    if (same === undefined) byKey.set(recording.key, [recording])
    else same.push(recording)
  }
  const served = new Map<string, number>()

  const take = (request: ChatRequest): Recording => {
    const key = requestKey(request)
    const recorded = byKey.get(key)
    if (recorded === undefined)
      throw new BackendError(
        'replay-miss',
        `no recording for this request to ${request.model}; ${describeNearest(request, options.recordings)}`,
        facts,
      )
    const ordinal = served.get(key) ?? 0
    served.set(key, ordinal + 1)
    const recording = recorded[options.whenExhausted === 'repeat-last' ? Math.min(ordinal, recorded.length - 1) : ordinal]
    if (recording === undefined) {
      const message = `this request to ${request.model} was recorded ${recorded.length} times and is asked for the ${ordinal + 1}th`
      throw new BackendError('replay-miss', message, facts)
    }
    return recording
  }

  async function* converse(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const recording = take(request)
    for (const event of recording.events) {
      if (options.pace !== undefined && event.type === 'text') await pause(options.pace.clock, options.pace.eventDelayMs, signal)
      yield options.pace === undefined || event.type !== 'end' ? event : { ...event, server: NO_TIMINGS }
    }
    if (recording.failure !== undefined) throw new BackendError(recording.failure.code, recording.failure.message, facts)
    if (recording.events.at(-1)?.type !== 'end') throw new BackendError('truncated-stream', 'the recording has no end', facts)
  }

  return {
    id,
    kind: 'replay',
    url: null,
    health: async () => ({
      isLive: true,
      isReady: true,
      version: null,
      latencyMs: 0,
      detail: `${options.recordings.length} recordings`,
    }),
    models: async () => recordedModels(id, options.recordings),
    chat: (request) => chatStream(request, facts, [], (signal) => converse(request, signal)),
    close: async () => {},
  }
}

function recordedModels(backend: string, recordings: readonly Recording[]): ModelInfo[] {
  return [...new Set(recordings.map((recording) => recording.request.model))].sort().map((name) => ({
    backend,
    kind: 'replay',
    name,
    isLocal: true,
    isLoaded: true,
    contextTokens: null,
    parameterSize: null,
    quantization: null,
    sizeBytes: null,
    parallelSlots: null,
    digest: null,
  }))
}

/** Where two requests part. `agreed` is how much they share, in characters. */
interface Difference {
  readonly field: string
  readonly detail: string
  readonly agreed: number
}

function describeNearest(asked: KeyedRequest, recordings: readonly Recording[]): string {
  let nearest: { recording: Recording; difference: Difference } | null = null
  for (const recording of recordings) {
    const difference = firstDifference(asked, recording.request)
    if (nearest === null || difference.agreed > nearest.difference.agreed) nearest = { recording, difference }
  }
  if (nearest === null) return 'there are no recordings'
  const { recording, difference } = nearest
  return `the nearest, ${recording.key.slice(0, 12)}, differs first in ${difference.field}: ${difference.detail}`
}

/** Fields in the order in which a difference is most telling. */
function firstDifference(asked: KeyedRequest, recorded: KeyedRequest): Difference {
  if (asked.model !== recorded.model)
    return { field: 'model', detail: `recorded ${recorded.model}, asked ${asked.model}`, agreed: 0 }
  let agreed = 1
  for (const [index, message] of asked.messages.entries()) {
    const other = recorded.messages[index]
    if (other === undefined)
      return {
        field: `messages[${index}]`,
        detail: `recorded ${recorded.messages.length} messages, asked ${asked.messages.length}`,
        agreed,
      }
    if (message.role !== other.role)
      return { field: `messages[${index}].role`, detail: `recorded ${other.role}, asked ${message.role}`, agreed }
    const shared = sharedPrefix(message.content, other.content)
    agreed += shared
    if (message.content !== other.content) {
      const detail = `at character ${shared}, recorded ${around(other.content, shared)}, asked ${around(message.content, shared)}`
      return { field: `messages[${index}].content`, detail, agreed }
    }
  }
  if (recorded.messages.length > asked.messages.length) {
    const detail = `recorded ${recorded.messages.length} messages, asked ${asked.messages.length}`
    return { field: `messages[${asked.messages.length}]`, detail, agreed }
  }
  const askedSampling = new Map<string, unknown>(Object.entries(asked.sampling))
  const recordedSampling = new Map<string, unknown>(Object.entries(recorded.sampling))
  for (const name of [...new Set([...askedSampling.keys(), ...recordedSampling.keys()])].sort()) {
    const [a, r] = [askedSampling.get(name), recordedSampling.get(name)]
    if (a !== r) return { field: `sampling.${name}`, detail: `recorded ${r ?? 'none'}, asked ${a ?? 'none'}`, agreed: agreed + 1 }
  }
  return { field: 'nothing', detail: 'the requests are equal', agreed: agreed + 2 }
}

function sharedPrefix(a: string, b: string): number {
  let index = 0
  while (index < a.length && index < b.length && a[index] === b[index]) index++
  return index
}

function around(text: string, at: number): string {
  return at >= text.length ? 'the end' : JSON.stringify(text.slice(at, at + 24))
}
