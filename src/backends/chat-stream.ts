import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import type { ChatEvent, ChatRequest } from '../ports/backend.ts'
import { cancelled } from './exchange.ts'
import { oneLine } from './http.ts'
import { onAbort } from './on-abort.ts'

/**
 * Turns an adapter's generator into what the port promises, in one place for all adapters: nothing starts before the
 * first `next()`; abort, `break`, `return()` (also while a `next()` is pending) and a throw end the inner signal, which
 * closes the socket; after an abort nothing but `cancelled` comes out; every error is a `BackendError` that says
 * whether text had arrived and repeats neither a prompt nor a secret; empty texts are left out, and a surrogate pair
 * cut by a server is put together again. Listeners are removed when the exchange is over.
 */
export function chatStream(
  request: ChatRequest,
  facts: BackendErrorFacts,
  secrets: readonly string[],
  run: (signal: AbortSignal) => AsyncGenerator<ChatEvent>,
): AsyncIterable<ChatEvent> {
  const own: BackendErrorFacts = { ...facts, model: request.model }
  return {
    [Symbol.asyncIterator]() {
      const stop = new AbortController()
      const inner = guard(request, own, secrets, run(stop.signal), stop)
      return {
        next: () => inner.next(),
        return: () => {
          stop.abort()
          return inner.return(undefined)
        },
        throw: (error: unknown) => {
          stop.abort()
          return inner.throw(error)
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
  }
}

async function* guard(
  request: ChatRequest,
  facts: BackendErrorFacts,
  secrets: readonly string[],
  events: AsyncGenerator<ChatEvent>,
  stop: AbortController,
): AsyncGenerator<ChatEvent, undefined> {
  const stopListening = onAbort(request.signal, () => stop.abort())
  let hasText = false
  try {
    if (request.signal.aborted) throw cancelled(facts)
    if (request.messages.length === 0) throw new BackendError('bad-request', 'a request without a message has no answer', facts)
    const whole = createTextJoiner()
    for await (const piece of events) {
      if (request.signal.aborted) throw cancelled(facts)
      const event = whole(piece)
      if (event === null) continue
      if (event.type === 'text') hasText = true
      yield event
    }
  } catch (error) {
    throw request.signal.aborted
      ? cancelled({ ...facts, afterFirstText: hasText })
      : present(error, request, facts, secrets, hasText)
  } finally {
    stop.abort()
    stopListening()
  }
}

/**
 * Returns a function that gives each event as it may go on, or null: an empty text is left out, and a high surrogate at
 * the end of one waits for its other half.
 */
function createTextJoiner(): (event: ChatEvent) => ChatEvent | null {
  const held = { text: '', reasoning: '' }
  return (event) => {
    if (event.type !== 'text' && event.type !== 'reasoning') return event
    const joined = held[event.type] + event.text
    const isCut = /[\uD800-\uDBFF]$/.test(joined)
    held[event.type] = isCut ? joined.slice(-1) : ''
    const text = isCut ? joined.slice(0, -1) : joined
    if (text === '') return null
    return text === event.text ? event : { type: event.type, text }
  }
}

function present(
  error: unknown,
  request: ChatRequest,
  facts: BackendErrorFacts,
  secrets: readonly string[],
  hasText: boolean,
): BackendError {
  if (!(error instanceof BackendError)) {
    const what = error instanceof Error ? error.name : 'something'
    return new BackendError('protocol', `the exchange with ${facts.backend} broke (${what})`, {
      ...facts,
      afterFirstText: hasText,
      cause: error,
    })
  }
  const message = scrub(error.message, [...secrets, ...request.messages.map((each) => each.content)])
  return new BackendError(error.failure, message, { ...facts, ...error.facts, afterFirstText: hasText })
}

/** Replaces every private text that a server echoed, in each form a message may hold it; very short ones would hit by chance. */
function scrub(message: string, privates: readonly string[]): string {
  return privates
    .flatMap((text) => [text.trim(), oneLine(text), JSON.stringify(text.trim()).slice(1, -1)])
    .filter((form) => form.length >= 4)
    .reduce((line, form) => line.replaceAll(form, '[…]'), message)
}
