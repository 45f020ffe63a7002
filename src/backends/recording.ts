import { z } from 'zod'
import { BackendError, type BackendFailure } from '../domain/backend-error.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { Sampling } from '../domain/message.ts'
import type { Backend, ChatEvent, ChatRequest } from '../ports/backend.ts'
import { type KeyedRequest, requestKey } from './request-key.ts'

const count = z.number().min(0).nullable()

const RecordedEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('progress'), phase: z.enum(['queued', 'loading', 'prefilling']), fraction: count }),
  z.strictObject({ type: z.literal('reasoning'), text: z.string() }),
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({
    type: z.literal('end'),
    finish: z.enum(['stop', 'length', 'unknown']),
    usage: z.strictObject({ inputTokens: count, cachedTokens: count, outputTokens: count }),
    server: z.strictObject({ loadMs: count, prefillMs: count, decodeMs: count, tokensPerSecond: count }),
    servedModel: z.string().nullable(),
  }),
])

const StoredRecording = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{64}$/),
  request: z.strictObject({
    model: z.string(),
    messages: z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
    sampling: Sampling,
  }),
  events: z.array(RecordedEvent),
  failure: z.strictObject({ code: z.string(), message: z.string() }).optional(),
})

/** One exchange as it went: its question, what came back, and how it failed where it did. */
export interface Recording {
  /** `requestKey(request)`. */
  readonly key: string
  readonly request: KeyedRequest
  readonly events: readonly ChatEvent[]
  readonly failure?: { readonly code: BackendFailure; readonly message: string } | undefined
}

/**
 * Returns the recordings of a JSON Lines text. Throws `ARTIFACT_INVALID` naming the line that does not fit or whose
 * request does not have the key it is stored under.
 */
export function parseRecordings(text: string, name: string): Recording[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const parsed = StoredRecording.safeParse(jsonOrNull(line))
    if (!parsed.success) throw invalid(name, index + 1, z.prettifyError(parsed.error).split('\n')[0] ?? 'does not fit')
    const recording = parsed.data as Recording
    if (requestKey(recording.request) !== recording.key) throw invalid(name, index + 1, 'the key is not that of the request')
    return [recording]
  })
}

/** Returns a recording as one line of a recordings file, with its line end. */
export function formatRecording(recording: Recording): string {
  return `${JSON.stringify(recording)}\n`
}

/**
 * Returns `inner` with every finished exchange reported to `onRecord`: answered ones and failed ones, not those the
 * caller gave up (nothing can be said of how they would have ended).
 */
export function createRecordingBackend(inner: Backend, onRecord: (recording: Recording) => void): Backend {
  async function* record(request: ChatRequest): AsyncGenerator<ChatEvent> {
    const { model, messages, sampling } = request
    const question = { model, messages, sampling }
    const events: ChatEvent[] = []
    try {
      for await (const event of inner.chat(request)) {
        events.push(event)
        if (event.type === 'end') onRecord({ key: requestKey(question), request: question, events })
        yield event
      }
    } catch (error) {
      if (error instanceof BackendError && error.failure !== 'cancelled') {
        const failure = { code: error.failure, message: error.message }
        onRecord({ key: requestKey(question), request: question, events, failure })
      }
      throw error
    }
  }
  return {
    id: inner.id,
    kind: inner.kind,
    url: inner.url,
    health: (signal) => inner.health(signal),
    models: (signal) => inner.models(signal),
    chat: (request) => record(request),
    close: () => inner.close(),
  }
}

function jsonOrNull(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

function invalid(name: string, line: number, why: string): CodeConductorError {
  return new CodeConductorError('ARTIFACT_INVALID', `recordings ${name}, line ${line}: ${why}`, {
    hint: 'record it again',
    details: { name, line },
  })
}
