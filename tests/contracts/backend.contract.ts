import { describe, expect, test } from 'vitest'
import { BackendError, type BackendFailure } from '../../src/domain/backend-error.ts'
import type { FinishReason } from '../../src/domain/message.ts'
import type { Backend, ChatEvent, ChatRequest } from '../../src/ports/backend.ts'
import { answerText, chatRequest, collect, collectUntilError } from '../support/chat-request.ts'

/** How one exchange goes, in words that every backend has its own bytes for. */
export type Scene =
  | { readonly is: 'answer'; readonly texts: readonly string[]; readonly finish: FinishReason }
  /** Ends cleanly without a terminal record. */
  | { readonly is: 'cut'; readonly texts: readonly string[] }
  /** An error record under status 200, then a clean end. */
  | { readonly is: 'complaint'; readonly texts: readonly string[]; readonly says: string }
  /** Says something and then nothing more. */
  | { readonly is: 'silent-after'; readonly texts: readonly string[] }
  /** Takes the request and sends not even headers. */
  | { readonly is: 'silent' }
  | { readonly is: 'status'; readonly status: number; readonly says: string }
  | { readonly is: 'page' }
  | { readonly is: 'garbage'; readonly texts: readonly string[] }
  | { readonly is: 'dropped'; readonly texts: readonly string[] }

export interface BackendUnderTest {
  readonly backend: Backend
  readonly model: string
  /** A listed model that would be forwarded off this machine; null where the backend has no such thing. */
  readonly remoteModel: string | null
  /** Starts an exchange that goes as the scene says. */
  play(request: ChatRequest, scene: Scene): AsyncIterable<ChatEvent>
  /** Chat requests that reached the other side. */
  chatsSeen(): number
  /** Resolves when the last chat's socket is closed, as the other side sees it. */
  chatClosed(): Promise<void>
  /** A key or token it sends, which must appear nowhere. */
  readonly secret: string | null
  close(): Promise<void>
}

type Point = 'cut' | 'complaint' | 'http' | 'malformed' | 'dropped' | 'silence' | 'secret' | 'remote' | 'down'

/** The contract of `ports/backend.ts`; the numbers are its own. A skip names what the backend does not have. */
export function backendContract(
  name: string,
  create: () => Promise<BackendUnderTest>,
  skips: Partial<Record<Point, string>> = {},
): void {
  const whole = (title: string, point: Point | null, run: (under: BackendUnderTest) => Promise<void>) => {
    const reason = point === null ? undefined : skips[point]
    if (reason !== undefined) return test.skip(`${title} (skipped: ${reason})`, () => {})
    return test(title, async () => {
      const under = await create()
      try {
        await run(under)
      } finally {
        await under.close()
      }
    })
  }
  const ask = (under: BackendUnderTest, over: Partial<ChatRequest> = {}) => chatRequest({ model: under.model, ...over })
  const user = (content: string) => ({ messages: [{ role: 'user' as const, content }] })

  describe(`backend contract: ${name}`, () => {
    whole('1: an answer is its events and then exactly one end', null, async (under) => {
      const events = await collect(under.play(ask(under), { is: 'answer', texts: ['red', ', blue'], finish: 'stop' }))
      expect(events.map((event) => event.type)).toEqual(['text', 'text', 'end'])
      expect(events.at(-1)).toMatchObject({ type: 'end', finish: 'stop' })
    })

    whole('1: an answer cut at the token limit says so', null, async (under) => {
      const events = await collect(under.play(ask(under), { is: 'answer', texts: ['red'], finish: 'length' }))
      expect(events.at(-1)).toMatchObject({ type: 'end', finish: 'length' })
    })

    whole('1: an answer without text is an end alone', null, async (under) => {
      const events = await collect(under.play(ask(under), { is: 'answer', texts: [], finish: 'stop' }))
      expect(events.map((event) => event.type)).toEqual(['end'])
    })

    whole('2: the texts joined are the answer, none is empty and no code point is split', null, async (under) => {
      const texts = ['', ' \n Größe ', '', '👩‍👩‍👧', '\ud83d', '\ude00', ' \u001b[31m\u0000\u2028ok\r\n']
      const events = await collect(under.play(ask(under), { is: 'answer', texts, finish: 'stop' }))
      expect(answerText(events)).toBe(' \n Größe 👩‍👩‍👧😀 \u001b[31m\u0000\u2028ok\r\n')
      const yielded = events.flatMap((event) => (event.type === 'text' ? [event.text] : []))
      expect(yielded.filter((text) => text === '' || /[\uD800-\uDBFF]$/.test(text))).toEqual([])
    })

    for (const texts of [['half an'], []]) {
      whole(`3: a clean end without a terminal record is truncated-stream, after ${texts.length} texts`, 'cut', async (under) => {
        const { events, error } = await collectUntilError(under.play(ask(under), { is: 'cut', texts }))
        expect(events).toEqual(texts.map((text) => ({ type: 'text', text })))
        expectFailure(error, 'truncated-stream', { afterFirstText: texts.length > 0 })
      })
    }

    whole('3: a connection dropped in the middle of an answer is truncated-stream', 'dropped', async (under) => {
      const { events, error } = await collectUntilError(under.play(ask(under), { is: 'dropped', texts: ['half an'] }))
      expect(answerText(events)).toBe('half an')
      expectFailure(error, 'truncated-stream', { afterFirstText: true })
    })

    for (const texts of [['Once', ' upon'], []]) {
      whole(`4: an error record under status 200 throws, classified, after ${texts.length} texts`, 'complaint', async (under) => {
        const says = 'an error was encountered while running the model: unexpected EOF'
        const { events, error } = await collectUntilError(under.play(ask(under), { is: 'complaint', texts, says }))
        expect(answerText(events)).toBe(texts.join(''))
        expectFailure(error, 'backend-crashed', { afterFirstText: texts.length > 0, model: under.model })
      })
    }

    for (const scene of [{ is: 'silent' }, { is: 'silent-after', texts: ['Once'] }] as const) {
      whole(`5: an abort ends an exchange that is ${scene.is} with cancelled and closes the socket`, 'silence', async (under) => {
        const stop = new AbortController()
        const iterator = under.play(ask(under, { signal: stop.signal }), scene)[Symbol.asyncIterator]()
        if (scene.is === 'silent-after')
          expect(await iterator.next()).toEqual({ done: false, value: { type: 'text', text: 'Once' } })
        const pending = iterator.next()
        if (scene.is === 'silent') await until(() => under.chatsSeen() > 0)
        stop.abort()
        expectFailure(await pending.catch((error: unknown) => error), 'cancelled')
        await under.chatClosed()
        expect(await iterator.next()).toEqual({ done: true, value: undefined })
      })
    }

    whole(
      '5: return while a next is pending closes the socket and rejects that next with cancelled',
      'silence',
      async (under) => {
        const iterator = under.play(ask(under), { is: 'silent-after', texts: ['Once'] })[Symbol.asyncIterator]()
        await iterator.next()
        const pending = iterator.next().catch((error: unknown) => error)
        await iterator.return?.()
        expectFailure(await pending, 'cancelled')
        await under.chatClosed()
      },
    )

    whole('5: break closes the socket', 'silence', async (under) => {
      for await (const event of under.play(ask(under), { is: 'silent-after', texts: ['Once'] })) {
        expect(event).toEqual({ type: 'text', text: 'Once' })
        break
      }
      await under.chatClosed()
    })

    whole('5: a throw in the consumer closes the socket', 'silence', async (under) => {
      const consume = async () => {
        for await (const _ of under.play(ask(under), { is: 'silent-after', texts: ['Once'] })) throw new Error('consumer')
      }
      await expect(consume()).rejects.toThrow('consumer')
      await under.chatClosed()
    })

    whole('5: after an abort nothing that had already arrived comes out', null, async (under) => {
      const stop = new AbortController()
      const scene = { is: 'answer', texts: ['a', 'b', 'c'], finish: 'stop' } as const
      const iterator = under.play(ask(under, { signal: stop.signal }), scene)[Symbol.asyncIterator]()
      await iterator.next()
      stop.abort()
      expectFailure(await iterator.next().catch((error: unknown) => error), 'cancelled', { afterFirstText: true })
    })

    whole('6: an already aborted signal makes no request', null, async (under) => {
      const request = ask(under, { signal: AbortSignal.abort() })
      const { events, error } = await collectUntilError(under.play(request, { is: 'answer', texts: ['red'], finish: 'stop' }))
      expect(events).toEqual([])
      expectFailure(error, 'cancelled')
      expect(under.chatsSeen()).toBe(0)
    })

    for (const [status, says, failure] of HTTP_FAILURES) {
      whole(`7: status ${status} "${says.slice(0, 40)}" is ${failure}`, 'http', async (under) => {
        const { events, error } = await collectUntilError(under.play(ask(under), { is: 'status', status, says }))
        expect(events).toEqual([])
        expectFailure(error, failure, { status, afterFirstText: false })
      })
    }

    whole('7: an HTML page is protocol', 'malformed', async (under) => {
      const { error } = await collectUntilError(under.play(ask(under), { is: 'page' }))
      expectFailure(error, 'protocol')
    })

    whole('7: a record that is no JSON is protocol, and nothing is dropped in silence', 'malformed', async (under) => {
      const { events, error } = await collectUntilError(under.play(ask(under), { is: 'garbage', texts: ['Once'] }))
      expect(answerText(events)).toBe('Once')
      expectFailure(error, 'protocol', { afterFirstText: true })
    })

    whole('8: concurrent chats never mix', null, async (under) => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const texts = [`a${index}`, `-b${index}`, `-c${index}`]
          return answerText(
            await collect(under.play(ask(under, user(`question ${index}`)), { is: 'answer', texts, finish: 'stop' })),
          )
        }),
      )
      expect(answers).toEqual(Array.from({ length: 12 }, (_, index) => `a${index}-b${index}-c${index}`))
    })

    whole('9: neither prompt nor secret appears in a message, even when the server repeats them', 'secret', async (under) => {
      const prompt = 'the launch code is\n0000-1111'
      const says = `cannot parse ${prompt} sent by ${under.secret ?? 'nobody'}`
      const { error } = await collectUntilError(under.play(ask(under, user(prompt)), { is: 'status', status: 400, says }))
      expectFailure(error, 'bad-request')
      const told = JSON.stringify([String(error), error instanceof BackendError ? [error.toData(), error.details] : null])
      expect(told).not.toContain('0000-1111')
      if (under.secret !== null) expect(told).not.toContain(under.secret)
    })

    whole('10: models lists what can answer', null, async (under) => {
      const models = await under.backend.models(new AbortController().signal)
      expect(models.filter((model) => model.name === under.model)).toMatchObject([
        { backend: under.backend.id, kind: under.backend.kind, isLocal: true },
      ])
    })

    whole(
      '10: a model that would be forwarded is listed as not local and refused before any prompt is sent',
      'remote',
      async (under) => {
        const models = await under.backend.models(new AbortController().signal)
        expect(models.find((model) => model.name === under.remoteModel)?.isLocal).toBe(false)
        const request = ask(under, { model: under.remoteModel ?? '' })
        const { error } = await collectUntilError(under.play(request, { is: 'answer', texts: ['x'], finish: 'stop' }))
        expectFailure(error, 'remote-refused')
        expect(under.chatsSeen()).toBe(0)
      },
    )

    whole('11: health says ready', null, async (under) => {
      expect(await under.backend.health(new AbortController().signal)).toMatchObject({ isLive: true, isReady: true })
    })

    whole('11: health does not throw when the server is gone or the caller gives up', 'down', async (under) => {
      expect(await under.backend.health(AbortSignal.abort())).toMatchObject({ isLive: false, isReady: false })
      await under.close()
      expect(await under.backend.health(new AbortController().signal)).toMatchObject({ isLive: false, isReady: false })
    })
  })
}

const HTTP_FAILURES: readonly (readonly [number, string, BackendFailure])[] = [
  [400, 'the input length exceeds the context length', 'context-overflow'],
  [400, '"half" does not support thinking', 'unsupported'],
  [400, 'Conversation roles must alternate user/assistant/user/assistant/...', 'bad-request'],
  [401, 'Unauthorized', 'auth'],
  [403, '', 'auth'],
  [404, "model 'half' not found", 'model-not-found'],
  [405, 'Method Not Allowed', 'unsupported'],
  [429, 'slow down', 'queue-full'],
  [500, 'model requires more system memory (9.1 GiB) than is available (4.0 GiB)', 'out-of-memory'],
  [500, 'model runner has unexpectedly stopped, this may be due to resource limitations', 'backend-crashed'],
  [500, 'error loading model', 'load-failed'],
  [500, 'something else', 'backend-internal'],
  [503, 'server busy, please try again.  maximum pending requests exceeded', 'queue-full'],
  [503, 'Loading model', 'load-failed'],
  [307, '', 'protocol'],
]

export function expectFailure(error: unknown, failure: BackendFailure, facts: Readonly<Record<string, unknown>> = {}): void {
  expect(error).toBeInstanceOf(BackendError)
  if (!(error instanceof BackendError)) return
  expect({ failure: error.failure, facts: error.facts, message: error.message }).toMatchObject({ failure, facts })
}

/** Lets I/O happen until a fact holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
