import { describe, expect, test } from 'vitest'
import { createMock, type MockScript, sayScript } from '../../src/backends/mock.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { expectFailure } from '../contracts/backend.contract.ts'
import { answerText, chatRequest, collect, collectUntilError } from '../support/chat-request.ts'

const ask = (over: Parameters<typeof chatRequest>[0] = {}) => chatRequest({ model: 'mock', ...over })

describe('mock', () => {
  test('the default answer is a program that depends on the request alone', async () => {
    const first = await collect(createMock().chat(ask()))
    const again = await collect(createMock().chat(ask({ requestId: 'other', connectTimeoutMs: 1 })))
    const other = await collect(createMock().chat(ask({ messages: [{ role: 'user', content: 'Another task.' }] })))
    expect(again).toEqual(first)
    expect(answerText(first)).toMatch(
      /^A small function is enough\.\n\n```python\ndef \w+\(value, \*more\):\n {4}return .*\n```\n$/,
    )
    expect(answerText(other)).not.toBe(answerText(first))
    expect(first.at(-1)).toMatchObject({
      type: 'end',
      finish: 'stop',
      servedModel: 'mock',
      usage: { inputTokens: 12, cachedTokens: null },
    })
  })

  test('the default answer is cut at the token limit', async () => {
    const events = await collect(createMock().chat(ask({ sampling: { maxTokens: 3 } })))
    expect(events).toHaveLength(4)
    expect(events.at(-1)).toMatchObject({ finish: 'length', usage: { outputTokens: 3 } })
  })

  test('a script is played step by step, and its waits pass on the injected clock', async () => {
    const clock = createSimulatedClock()
    const script: MockScript = [
      { do: 'progress', phase: 'loading', fraction: null },
      { do: 'wait', ms: 400 },
      { do: 'reasoning', text: 'hm' },
      { do: 'wait', ms: 100 },
      { do: 'text', text: 'Red' },
      { do: 'usage', usage: { inputTokens: 9, cachedTokens: 4 } },
      { do: 'finish', reason: 'stop' },
    ]
    const at: [number, string][] = []
    const play = (async () => {
      for await (const event of createMock({ clock, script: () => script }).chat(ask())) at.push([clock.now(), event.type])
    })()
    await clock.advanceAsync(1000)
    await play
    expect(at).toEqual([
      [0, 'progress'],
      [400, 'reasoning'],
      [500, 'text'],
      [500, 'end'],
    ])
  })

  test('an end tells the counts a script sets and counts the rest itself', async () => {
    const script: MockScript = [
      { do: 'text', text: 'a' },
      { do: 'usage', usage: { inputTokens: 9, cachedTokens: 4 } },
    ]
    const events = await collect(createMock({ script: () => script }).chat(ask()))
    expect(events.at(-1)).toEqual({
      type: 'end',
      finish: 'stop',
      usage: { inputTokens: 9, cachedTokens: 4, outputTokens: 1 },
      server: { loadMs: null, prefillMs: null, decodeMs: null, tokensPerSecond: null },
      servedModel: 'mock',
    })
  })

  test('a wait ends at once when the request is cancelled, and leaves no timer', async () => {
    const clock = createSimulatedClock()
    const stop = new AbortController()
    const pending = collectUntilError(
      createMock({
        clock,
        script: () => [
          { do: 'wait', ms: 1000 },
          { do: 'text', text: 'x' },
        ],
      }).chat(ask({ signal: stop.signal })),
    )
    await clock.advanceAsync(1)
    stop.abort()
    const { events, error } = await pending
    expect(events).toEqual([])
    expectFailure(error, 'cancelled')
    expect(clock.pendingTimers()).toBe(0)
  })

  test('the ordinal counts equal requests only', async () => {
    const backend = createMock({ script: (request, ordinal) => sayScript(`${request.messages[0]?.content} ${ordinal}`) })
    const say = async (content: string) => answerText(await collect(backend.chat(ask({ messages: [{ role: 'user', content }] }))))
    expect([await say('a'), await say('b'), await say('a'), await say('a')]).toEqual(['a 0', 'b 0', 'a 1', 'a 2'])
  })

  test('an unknown model is told with the nearest names', async () => {
    const backend = createMock({ models: [{ name: 'qwen-1.5b' }, { name: 'gemma' }] })
    expectFailure((await collectUntilError(backend.chat(ask({ model: 'qwen' })))).error, 'model-not-found', {
      suggestions: ['qwen-1.5b', 'gemma'],
    })
  })

  test('what is said in pieces is the whole text', async () => {
    for (const text of ['', ' ', 'a b\n\n  c\n', 'x']) {
      const pieces = sayScript(text).flatMap((step) => (step.do === 'text' ? [step.text] : []))
      expect(pieces.join('')).toBe(text)
    }
  })
})
