import { createRecordingBackend, type Recording } from '../src/backends/recording.ts'
import { createReplay } from '../src/backends/replay.ts'
import { requestKey } from '../src/backends/request-key.ts'
import { BackendError } from '../src/domain/backend-error.ts'
import type { Backend, ChatEvent, ChatRequest } from '../src/ports/backend.ts'

/** A backend over recordings that asks a server only for what was never asked before. */
export interface RecordedBackend extends Backend {
  /** Messages of the requests nothing was recorded for; empty where a server answers those. */
  readonly misses: readonly string[]
  /** Keys of the recordings that were served. */
  readonly used: ReadonlySet<string>
}

/**
 * Returns a backend that answers from `recordings`, each served once; what is not there goes to `live` and to `onRecord`
 * when it has ended. Without `live` it is a miss, and the request fails.
 */
export function createRecordedBackend(
  recordings: readonly Recording[],
  live: Backend | null,
  onRecord: (recording: Recording) => void,
): RecordedBackend {
  const replay = createReplay({ recordings })
  const left = new Map<string, number>()
  for (const { key } of recordings) left.set(key, (left.get(key) ?? 0) + 1)
  const recorder = live === null ? null : createRecordingBackend(live, (recording) => onRecord(compact(recording)))
  const misses: string[] = []
  const used = new Set<string>()

  async function* chat(request: ChatRequest): AsyncGenerator<ChatEvent> {
    const key = requestKey(request)
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    used.add(key)
    try {
      yield* count > 0 || recorder === null ? replay.chat(request) : recorder.chat(request)
    } catch (error) {
      if (error instanceof BackendError && error.failure === 'replay-miss') misses.push(error.message)
      throw error
    }
  }
  const named = live ?? replay
  return {
    id: named.id,
    kind: named.kind,
    url: named.url,
    misses,
    used,
    health: (signal) => named.health(signal),
    models: (signal) => named.models(signal),
    chat,
    close: async () => {
      await replay.close()
      await live?.close()
    },
  }
}

/** One text instead of hundreds: what is scored is the answer, not how it was cut on the wire. */
function compact(recording: Recording): Recording {
  const text = recording.events.map((event) => (event.type === 'text' ? event.text : '')).join('')
  const end = recording.events.filter((event) => event.type === 'end')
  return { ...recording, events: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...end] }
}
