import type { ChatMessage, FinishReason, Sampling, Usage } from '../domain/message.ts'
import type { BackendKind, ModelInfo } from '../domain/model.ts'

/** Limits on one exchange, in ms. A backend enforces connect; the pool enforces the others on the events it sees. */
export interface ChatRequest {
  readonly requestId: string
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly sampling: Sampling
  /** Tokens of window to ask for where the backend takes it per request (Ollama `num_ctx`); null = its default. */
  readonly contextTokens: number | null
  readonly connectTimeoutMs: number
  readonly signal: AbortSignal
}

/** Times as the server measured them, ms; null where it does not say. */
export interface ServerTimings {
  readonly loadMs: number | null
  readonly prefillMs: number | null
  readonly decodeMs: number | null
  readonly tokensPerSecond: number | null
}

export interface ChatEnd {
  readonly type: 'end'
  readonly finish: FinishReason
  readonly usage: Usage
  readonly server: ServerTimings
  /** Name of the model that answered, as the server says; null when it does not. */
  readonly servedModel: string | null
}

export type ChatEvent =
  /** The server shows progress that is not text: loading, prefill batches with an advancing count. */
  | { readonly type: 'progress'; readonly phase: 'queued' | 'loading' | 'prefilling'; readonly fraction: number | null }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'text'; readonly text: string }
  | ChatEnd

export interface Health {
  readonly isLive: boolean
  readonly isReady: boolean
  readonly version: string | null
  readonly latencyMs: number
  readonly detail: string
}

/**
 * A server that answers. Thin: builds the request, decodes records, classifies failures; no retry, queue or policy.
 * Contract, each number has a test in tests/contracts/backend.contract.ts:
 * 1. `chat` yields zero or more events and then exactly one `end`, or throws exactly one `BackendError`.
 * 2. The `text` events joined are the answer; empty ones are never yielded; no code point is split.
 * 3. A stream that ends without a terminal record throws `truncated-stream`, whatever its status code was.
 * 4. An error record under status 200 throws, classified, also after text has arrived.
 * 5. Abort, `break` and a throw in the consumer all close the socket; the pending `next()` rejects with `cancelled`.
 * 6. An already aborted signal makes no request.
 * 7. HTTP failures map to the failure word that fits; malformed bodies (HTML, bad JSON) to `protocol`.
 * 8. Two concurrent chats never mix.
 * 9. No secret, header or whole prompt appears in any message.
 * 10. `models` lists what can answer, `isLocal: false` for an entry that would be forwarded off this machine.
 * 11. `health` never throws.
 */
export interface Backend {
  readonly id: string
  readonly kind: BackendKind
  /** Where it listens, e.g. `http://127.0.0.1:11434`; null for one that opens no socket. */
  readonly url: string | null
  health(signal: AbortSignal): Promise<Health>
  models(signal: AbortSignal): Promise<readonly ModelInfo[]>
  chat(request: ChatRequest): AsyncIterable<ChatEvent>
  close(): Promise<void>
}
