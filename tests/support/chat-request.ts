import type { ChatEvent, ChatRequest } from '../../src/ports/backend.ts'

/** A request whose details do not matter, with what matters put in. */
export function chatRequest(over: Partial<ChatRequest> = {}): ChatRequest {
  return {
    requestId: 'run/coder#1',
    model: 'half',
    messages: [
      { role: 'system', content: 'You answer briefly.' },
      { role: 'user', content: 'Name three primary colours.' },
    ],
    sampling: { temperature: 0, seed: 7, maxTokens: 64 },
    contextTokens: 4096,
    connectTimeoutMs: 2000,
    signal: new AbortController().signal,
    ...over,
  }
}

export async function collect(events: AsyncIterable<ChatEvent>): Promise<ChatEvent[]> {
  const all: ChatEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

/** Returns the events up to a failure and the failure; `error` is null for an answer that ended. */
export async function collectUntilError(events: AsyncIterable<ChatEvent>): Promise<{ events: ChatEvent[]; error: unknown }> {
  const all: ChatEvent[] = []
  try {
    for await (const event of events) all.push(event)
    return { events: all, error: null }
  } catch (error) {
    return { events: all, error }
  }
}

export function answerText(events: readonly ChatEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('')
}
