import { describe, expect, test } from 'vitest'
import { createMock } from '../../src/backends/mock.ts'
import { createRecordingBackend, formatRecording, parseRecordings, type Recording } from '../../src/backends/recording.ts'
import { createReplay } from '../../src/backends/replay.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'
import type { ChatRequest } from '../../src/ports/backend.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { expectFailure } from '../contracts/backend.contract.ts'
import { answerText, chatRequest, collect, collectUntilError } from '../support/chat-request.ts'

const ask = (over: Partial<ChatRequest> = {}) => chatRequest({ model: 'mock', ...over })
const user = (content: string) => ({ messages: [{ role: 'user' as const, content }] })

async function record(requests: readonly ChatRequest[], backend = createMock()): Promise<Recording[]> {
  const recordings: Recording[] = []
  const recorder = createRecordingBackend(backend, (recording) => recordings.push(recording))
  for (const request of requests) await collectUntilError(recorder.chat(request))
  return recordings
}

describe('recording and replay', () => {
  test('what was recorded is replayed event by event, whatever the request id and deadlines', async () => {
    const live = await collect(createMock().chat(ask()))
    const recordings = await record([ask()])
    const again = ask({ requestId: 'other', connectTimeoutMs: 1, contextTokens: null })
    expect(await collect(createReplay({ recordings }).chat(again))).toEqual(live)
  })

  test('recordings survive being written and read', async () => {
    const recordings = await record([ask(), ask(user('Größe\n👩‍👩‍👧'))])
    expect(parseRecordings(recordings.map(formatRecording).join(''), 'x.jsonl')).toEqual(recordings)
  })

  test('a failure is recorded and fails again; what the caller gave up is not recorded', async () => {
    const failing = createMock({
      script: () => [
        { do: 'text', text: 'Once' },
        { do: 'error', failure: 'backend-crashed', message: 'gone' },
      ],
    })
    const recordings = await record([ask(), ask({ signal: AbortSignal.abort() })], failing)
    expect(recordings).toHaveLength(1)
    const { events, error } = await collectUntilError(createReplay({ recordings }).chat(ask()))
    expect(answerText(events)).toBe('Once')
    expectFailure(error, 'backend-crashed', { afterFirstText: true })

    const whole = createMock({
      script: () => [
        { do: 'text', text: 'Once' },
        { do: 'text', text: ' more' },
      ],
    })
    const left: Recording[] = []
    for await (const _ of createRecordingBackend(whole, (recording) => left.push(recording)).chat(ask())) break
    expect(left).toEqual([])
  })

  test('several recordings of one request are served in order, and one more is a miss or the last again', async () => {
    const numbered = createMock({ script: (_, ordinal) => [{ do: 'text', text: `answer ${ordinal}` }] })
    const recordings = await record([ask(), ask()], numbered)
    const strict = createReplay({ recordings })
    expect([answerText(await collect(strict.chat(ask()))), answerText(await collect(strict.chat(ask())))]).toEqual([
      'answer 0',
      'answer 1',
    ])
    const third = (await collectUntilError(strict.chat(ask()))).error
    expectFailure(third, 'replay-miss')
    expect(String(third)).toContain('was recorded 2 times and is asked for the 3th')
    const lenient = createReplay({ recordings, whenExhausted: 'repeat-last' })
    for (const text of ['answer 0', 'answer 1', 'answer 1']) expect(answerText(await collect(lenient.chat(ask())))).toBe(text)
  })

  test.each([
    ['model', ask({ model: 'other' }), 'model: recorded mock, asked other'],
    ['message', ask(user('Write merge_intervals')), 'messages[0].content: at character 12, recorded "sort", asked "intervals"'],
    ['shorter message', ask(user('Write merge')), 'messages[0].content: at character 11, recorded "_sort", asked the end'],
    [
      'role',
      ask({ messages: [{ role: 'system', content: 'Write merge_sort' }] }),
      'messages[0].role: recorded user, asked system',
    ],
    [
      'more messages',
      ask({ messages: [...user('Write merge_sort').messages, { role: 'user', content: 'x' }] }),
      'messages[1]: recorded 1 messages, asked 2',
    ],
    [
      'sampling',
      ask({ ...user('Write merge_sort'), sampling: { temperature: 0.5, seed: 7, maxTokens: 64 } }),
      'sampling.temperature: recorded 0, asked 0.5',
    ],
    [
      'absent sampling',
      ask({ ...user('Write merge_sort'), sampling: { temperature: 0, maxTokens: 64 } }),
      'sampling.seed: recorded 7, asked none',
    ],
  ])('a miss names the nearest recording and the first difference: %s', async (name, request, difference) => {
    const recordings = await record([ask(user('An unrelated task')), ask(user('Write merge_sort'))])
    const { error } = await collectUntilError(createReplay({ recordings }).chat(request))
    expectFailure(error, 'replay-miss')
    // Where nothing is shared, the first recorded is as near as any.
    const nearest = ['model', 'role'].includes(name) ? recordings[0] : recordings[1]
    expect(String(error)).toContain(`the nearest, ${nearest?.key.slice(0, 12)}, differs first in ${difference}`)
  })

  test('a miss never repeats a whole prompt, and an empty recording says so', async () => {
    const recordings = await record([ask(user('short'))])
    const miss = (await collectUntilError(createReplay({ recordings }).chat(ask(user('secret prompt'))))).error
    expect(String(miss)).not.toContain('secret prompt')
    expect(String((await collectUntilError(createReplay({ recordings: [] }).chat(ask()))).error)).toContain(
      'there are no recordings',
    )
  })

  test('a paced replay waits on the clock before each text, and does not claim the speed of the server that was recorded', async () => {
    const recordings = await record(
      [ask()],
      createMock({
        script: () => [
          { do: 'text', text: 'a' },
          { do: 'text', text: 'b' },
        ],
      }),
    )
    const fast = recordings.map((recording) => ({
      ...recording,
      events: recording.events.map((event) =>
        event.type === 'end' ? { ...event, server: { ...event.server, tokensPerSecond: 99 } } : event,
      ),
    }))
    const clock = createSimulatedClock()
    const seen: unknown[] = []
    const play = (async () => {
      for await (const event of createReplay({ recordings: fast, pace: { clock, eventDelayMs: 30 } }).chat(ask()))
        seen.push([clock.now(), event.type === 'end' ? event.server.tokensPerSecond : event.type])
    })()
    await clock.advanceAsync(100)
    await play
    expect(seen).toEqual([
      [30, 'text'],
      [60, 'text'],
      [60, null],
    ])
  })

  test('its models are those recorded', async () => {
    const recordings = await record([ask(), ask(user('x'))])
    const models = await createReplay({ recordings }).models(new AbortController().signal)
    expect(models.map((model) => [model.backend, model.kind, model.name])).toEqual([['replay', 'replay', 'mock']])
  })

  test('a recordings file with a bad line or a wrong key is refused with the line', async () => {
    const [recording] = await record([ask()])
    const line = recording === undefined ? '' : formatRecording(recording)
    const refusal = (text: string) => {
      try {
        parseRecordings(text, 'x.jsonl')
        return null
      } catch (error) {
        return error instanceof CodeConductorError ? [error.code, error.message] : error
      }
    }
    expect(refusal(`${line}{"key":1}\n`)).toEqual(['ARTIFACT_INVALID', expect.stringContaining('recordings x.jsonl, line 2:')])
    expect(refusal('not json\n')).toEqual(['ARTIFACT_INVALID', expect.stringContaining('line 1:')])
    expect(refusal(line.replace('"mock"', '"mack"'))).toEqual([
      'ARTIFACT_INVALID',
      'recordings x.jsonl, line 1: the key is not that of the request',
    ])
    expect(refusal('\n\n')).toBe(null)
  })
})
