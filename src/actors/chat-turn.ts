import { BackendError, type BackendFailure } from '../domain/backend-error.ts'
import { type ErrorData, toErrorData } from '../domain/errors.ts'
import type { EffectId } from '../domain/ids.ts'
import { renderMessages } from '../domain/message.ts'
import type { AnswerFacts, ModelRequest } from '../machines/effects.ts'
import type { ChatEnd } from '../ports/backend.ts'
import type { Clock, TimerHandle } from '../ports/clock.ts'
import type { EffectSink } from './executor.ts'
import type { PooledModel } from './model-slots.ts'

/** Time to open a socket to a server on this machine or beside it. */
const CONNECT_TIMEOUT_MS = 5_000
/** How long we watch a server we hung up on before taking it to be free. */
const DRAIN_PROBE_MS = 170_000

export type ChatOutcome =
  | { readonly kind: 'answered'; readonly answer: AnswerFacts }
  | { readonly kind: 'failed'; readonly error: ErrorData }
  /** `drained` settles when the server is free again. */
  | { readonly kind: 'cancelled'; readonly drained: Promise<void> }

export interface ChatTurn {
  readonly effect: EffectId
  readonly request: ModelRequest
  readonly model: PooledModel
  readonly clock: Clock
  readonly queuedMs: number
  readonly sink: EffectSink
  /** Aborted from outside when the answer is no longer wanted; by us when the model has been silent too long. */
  readonly abort: AbortController
}

/**
 * Asks one model once. Text goes to `sink.text` as it comes; the deadlines on silence are kept here, on the monotonic
 * clock, because headers and liveness say nothing about progress. Never rejects.
 */
export async function runChat(turn: ChatTurn): Promise<ChatOutcome> {
  const watch = new SilenceWatch(turn)
  const startedMs = turn.clock.now()
  let firstMs: number | null = null
  let isBlank = true
  let end: ChatEnd | null = null
  try {
    for await (const event of turn.model.backend.chat({
      requestId: turn.effect,
      model: turn.model.info.name,
      messages: renderMessages(turn.request.prompt),
      sampling: turn.request.sampling,
      contextTokens: turn.request.contextTokens,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      signal: turn.abort.signal,
    })) {
      if (event.type === 'text') {
        if (isBlank) isBlank = event.text.trim() === ''
        if (firstMs === null) {
          firstMs = turn.clock.now()
          watch.heard(firstMs, true)
          turn.sink.text(event.text, firstMs - startedMs)
        } else {
          watch.heard(turn.clock.now(), true)
          turn.sink.text(event.text)
        }
      } else if (event.type === 'end') {
        end = event
      } else {
        watch.heard(turn.clock.now(), event.type === 'reasoning')
      }
    }
  } catch (error) {
    return watch.explain(error, firstMs !== null)
  } finally {
    watch.stop()
  }
  return toOutcome(turn, isBlank, end, { startedMs, firstMs, endMs: turn.clock.now() })
}

function toOutcome(
  turn: ChatTurn,
  isBlank: boolean,
  end: ChatEnd | null,
  times: { startedMs: number; firstMs: number | null; endMs: number },
): ChatOutcome {
  const facts = { backend: turn.model.backend.id, model: turn.model.info.name }
  if (end === null)
    return { kind: 'failed', error: new BackendError('truncated-stream', 'the answer ended without an end', facts).toData() }
  if (isBlank)
    return { kind: 'failed', error: new BackendError('empty-answer', `${turn.model.key} answered with no text`, facts).toData() }
  const totalMs = Math.round(times.endMs - times.startedMs)
  const answer: AnswerFacts = {
    model: turn.model.key,
    finish: end.finish,
    usage: end.usage,
    timings: {
      queuedMs: Math.round(turn.queuedMs),
      ttftMs: times.firstMs === null ? null : Math.round(times.firstMs - times.startedMs),
      totalMs,
      tokensPerSecond: end.server.tokensPerSecond ?? clientRate(end, times),
    },
    sampling: turn.request.sampling,
  }
  return { kind: 'answered', answer }
}

function clientRate(end: ChatEnd, times: { firstMs: number | null; endMs: number }): number | null {
  const tokens = end.usage.outputTokens
  if (tokens === null || tokens < 2 || times.firstMs === null || times.endMs <= times.firstMs) return null
  return Math.round(((tokens - 1) / (times.endMs - times.firstMs)) * 10_000) / 10
}

/** Aborts an exchange that has been silent too long. One timer a turn, re-armed when it fires early. */
class SilenceWatch {
  readonly #turn: ChatTurn
  #lastMs: number
  #limitMs: number
  #hasText = false
  #timer: TimerHandle
  #expired: BackendFailure | null = null

  constructor(turn: ChatTurn) {
    this.#turn = turn
    this.#lastMs = turn.clock.now()
    this.#limitMs = turn.request.firstTokenTimeoutMs
    this.#timer = turn.clock.setTimer(() => this.#check(), this.#limitMs)
  }

  /** Notes a sign of life; after the first text the limit on silence is the shorter one. */
  heard(atMs: number, isText: boolean): void {
    this.#lastMs = atMs
    if (!isText || this.#hasText) return
    this.#hasText = true
    this.#limitMs = this.#turn.request.idleTimeoutMs
    this.#turn.clock.clearTimer(this.#timer)
    this.#timer = this.#turn.clock.setTimer(() => this.#check(), this.#limitMs)
  }

  stop(): void {
    this.#turn.clock.clearTimer(this.#timer)
  }

  explain(error: unknown, hadText: boolean): ChatOutcome {
    if (this.#expired !== null) {
      const seconds = Math.round(this.#limitMs / 1000)
      const facts = { backend: this.#turn.model.backend.id, model: this.#turn.model.info.name, afterFirstText: hadText }
      return {
        kind: 'failed',
        error: new BackendError(this.#expired, `${this.#turn.model.key} was silent for ${seconds} s`, facts).toData(),
      }
    }
    if (this.#turn.abort.signal.aborted) return { kind: 'cancelled', drained: hadText ? Promise.resolve() : drain(this.#turn) }
    return { kind: 'failed', error: error instanceof BackendError ? error.toData() : toErrorData(error) }
  }

  #check(): void {
    const silentMs = this.#turn.clock.now() - this.#lastMs
    if (silentMs < this.#limitMs) {
      this.#timer = this.#turn.clock.setTimer(() => this.#check(), this.#limitMs - silentMs)
      return
    }
    this.#expired = this.#hasText ? 'timeout-idle' : 'timeout-first-token'
    this.#turn.abort.abort()
  }
}

/**
 * Watches a server that was hung up on before its first text: some read the whole prompt to its end all the same, and
 * a one-token question comes back only when they are done. Resolves then, or at the deadline.
 */
async function drain(turn: ChatTurn): Promise<void> {
  const { kind } = turn.model.info
  if (kind !== 'ollama' && kind !== 'llamacpp') return
  const deadline = new AbortController()
  const timer = turn.clock.setTimer(() => deadline.abort(), DRAIN_PROBE_MS)
  try {
    const probe = turn.model.backend.chat({
      requestId: `${turn.effect}/drain`,
      model: turn.model.info.name,
      messages: [{ role: 'user', content: 'ok' }],
      sampling: { maxTokens: 1, temperature: 0 },
      contextTokens: turn.request.contextTokens,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      signal: deadline.signal,
    })
    for await (const event of probe) if (event.type === 'text') break
  } catch {
    // A probe that fails tells as much as one that succeeds: the server answered, or is gone.
  } finally {
    turn.clock.clearTimer(timer)
  }
}
