import { CodeConductorError, type ErrorData } from './errors.ts'

/** What went wrong between us and a model; the word decides retry, breaker and advice. */
export type BackendFailure =
  | 'unreachable'
  | 'timeout-connect'
  | 'timeout-queue'
  | 'timeout-first-token'
  | 'timeout-idle'
  | 'timeout-total'
  | 'context-overflow'
  | 'out-of-memory'
  | 'load-failed'
  | 'model-not-found'
  | 'queue-full'
  | 'auth'
  | 'unsupported'
  | 'bad-request'
  | 'backend-crashed'
  | 'backend-internal'
  | 'protocol'
  | 'truncated-stream'
  | 'empty-answer'
  | 'remote-refused'
  | 'breaker-open'
  | 'cancelled'
  | 'replay-miss'

/** Failures after which another attempt, on this model or the next, may succeed. */
const TRANSIENT: ReadonlySet<BackendFailure> = new Set([
  'unreachable',
  'timeout-connect',
  'timeout-first-token',
  'timeout-idle',
  'load-failed',
  'queue-full',
  'backend-crashed',
  'backend-internal',
  'truncated-stream',
  'empty-answer',
  'breaker-open',
  'out-of-memory',
  'model-not-found',
])

export interface BackendErrorFacts {
  readonly backend: string
  readonly model?: string
  readonly status?: number
  readonly retryAfterMs?: number
  /** True when text had already arrived. */
  readonly afterFirstText?: boolean
  /** Nearest known names, for `model-not-found`. */
  readonly suggestions?: readonly string[]
  readonly hint?: string
  readonly cause?: unknown
}

/** A failed exchange with a backend. Its text never becomes a candidate. */
export class BackendError extends CodeConductorError {
  readonly failure: BackendFailure
  readonly facts: BackendErrorFacts

  constructor(failure: BackendFailure, message: string, facts: BackendErrorFacts) {
    super('BACKEND', message, {
      retryable: TRANSIENT.has(failure),
      ...(facts.hint === undefined ? {} : { hint: facts.hint }),
      ...(facts.cause === undefined ? {} : { cause: facts.cause }),
      details: { failure, backend: facts.backend, model: facts.model ?? null, status: facts.status ?? null },
    })
    this.name = 'BackendError'
    this.failure = failure
    this.facts = facts
  }

  override toData(): ErrorData {
    return { code: this.failure, message: this.message, retryable: this.retryable }
  }
}
