import { expect, test } from 'vitest'
import { replayRecords } from '../../src/app/replay-run.ts'
import { type RunResult, startRun } from '../../src/app/start-run.ts'
import type { MockScript } from '../../src/backends/mock.ts'
import { createOllama } from '../../src/backends/ollama.ts'
import { parseRunSpec } from '../../src/domain/run-spec.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { createFaultServer } from '../support/fault-server.ts'
import { persona, recordsOf, spec, testServices } from '../support/test-services.ts'

/** Runs one agent against a script, and checks what holds of every run: a sealed log that replays, and no error as a candidate. */
async function runOn(script: MockScript | ((attempt: number) => MockScript), ids = ['coder']): Promise<RunResult> {
  let attempt = 0
  const services = testServices({
    mock: {
      script: () => {
        attempt += 1
        return typeof script === 'function' ? script(attempt) : script
      },
    },
  })
  const agents = ids.map((id) => ({ id, persona: persona(id, { restart: { strategy: 'temporary' } as never }) }))
  const handle = await startRun(spec({ agents }), services)
  const result = await handle.result
  const records = await recordsOf(services, handle.runId)
  expect(records.at(-1)?.k).toBe('end')
  expect(replayRecords(records)).toMatchObject({ divergence: null, digest: result.digest })
  return result
}

function candidates(result: RunResult): number {
  return result.context.gate?.candidates.length ?? 0
}

const PROGRAM = '```python\ndef add(a, b):\n    return a + b\n```\n'

test.each([
  ['a server that dies in mid-answer', [{ do: 'text', text: '```python\ndef add(' }, { do: 'cut' }], 'truncated-stream'],
  ['a model that is not there', [{ do: 'error', failure: 'model-not-found' }], 'model-not-found'],
  ['an answer with nothing in it', [{ do: 'text', text: '\n \n' }], 'empty-answer'],
  ['garbage where records should be', [{ do: 'error', failure: 'protocol', message: 'not JSON' }], 'protocol'],
  ['a prompt the model has no room for', [{ do: 'error', failure: 'context-overflow' }], 'context-overflow'],
] as const)('%s ends the run with its reason, and nothing it said is a candidate', async (_name, script, code) => {
  const result = await runOn(script as MockScript)
  expect({ outcome: result.outcome, stopReason: result.stopReason, candidates: candidates(result) }).toEqual({
    outcome: 'failed',
    stopReason: 'quorum-lost',
    candidates: 0,
  })
  expect(result.events.filter((event) => event.type === 'agent.abstained')).toMatchObject([{ code }])
})

test('an answer without code is rejected as such, asked for once more, and then there is no consensus', async () => {
  const result = await runOn([{ do: 'text', text: 'I would rather not.' }])
  expect({ outcome: result.outcome, stopReason: result.stopReason }).toEqual({
    outcome: 'noConsensus',
    stopReason: 'no-candidate',
  })
})

test('an answer cut at the token limit in mid-program is no candidate; one cut after a whole program is', async () => {
  const cut = await runOn([
    { do: 'text', text: '```python\ndef add(a, b):\n    return (a +' },
    { do: 'finish', reason: 'length' },
  ])
  expect(cut.context.gate?.rejected.map(({ reason }) => reason)).toContain('cut-and-unfinished')
  const whole = await runOn([
    { do: 'text', text: `${PROGRAM}And this explanation is cu` },
    { do: 'finish', reason: 'length' },
  ])
  expect({ outcome: whole.outcome, candidates: candidates(whole) }).toEqual({ outcome: 'completed', candidates: 1 })
  const demonstrating = await runOn([
    { do: 'text', text: '```python\ndef add(a, b):\n    return a + b\n\nprint(add(1, 2))\nprint(add(3,' },
    { do: 'finish', reason: 'length' },
  ])
  expect(
    demonstrating.context.gate?.candidates.map(({ program, warnings }) => [program, warnings.includes('cut_tail_dropped')]),
  ).toEqual([['def add(a, b):\n    return a + b\n', true]])
})

/** A run on a real Ollama client, whose server answers the chat with `body` under status 200. */
async function runOnServer(body: string): Promise<RunResult> {
  const server = await createFaultServer()
  const json = (value: unknown) => {
    const text = JSON.stringify(value)
    return [
      { send: `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}` },
      { end: true as const },
    ]
  }
  server.on('/api/tags', json({ models: [{ name: 'm', model: 'm', size: 1, digest: 'd', details: {} }] }))
  server.on('/api/ps', json({ models: [] }))
  server.on('/api/show', json({ capabilities: ['completion'], model_info: {}, details: {} }))
  server.on('/api/chat', [
    {
      send: `HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    },
    { end: true },
  ])
  const clock = createSystemClock()
  const services = testServices({ clock, backends: [createOllama({ url: server.url, clock })] })
  try {
    const agents = [{ id: 'coder', persona: persona('coder', { restart: { strategy: 'temporary' } as never }) }]
    const handle = await startRun(spec({ agents }), services)
    const result = await handle.result
    expect((await recordsOf(services, handle.runId)).at(-1)?.k).toBe('end')
    return result
  } finally {
    await services.pool.close()
    await server.close()
  }
}

test.each([
  ['an HTML page', '<html><body>Bad gateway</body></html>'],
  ['a line that is not JSON', '{"message":{"content":"def f(): pass"}}\ngarbage\n'],
  [
    'an error line after text',
    '{"message":{"role":"assistant","content":"def f(): pass"},"done":false}\n{"error":"model runner has unexpectedly stopped"}\n',
  ],
  ['a clean end with no terminal record', '{"message":{"role":"assistant","content":"def f(): pass"},"done":false}\n'],
])('%s under status 200 never becomes an answer', async (_name, body) => {
  const result = await runOnServer(body)
  expect({ outcome: result.outcome, candidates: candidates(result) }).toEqual({ outcome: 'failed', candidates: 0 })
})

test('control sequences and NUL in an answer are kept whole in the log', async () => {
  const text = `\u001b]0;owned\u0007\u001b[2J\u0000${PROGRAM}`
  const services = testServices({ mock: { script: () => [{ do: 'text', text }] } })
  const handle = await startRun(spec({ ids: ['coder'] }), services)
  const result = await handle.result
  expect(result.context.agents['coder']?.answers[0]?.answer.text).toBe(text)
  expect(candidates(result)).toBe(1)
})

test('a prompt of ten megabytes is refused before anything is written; the largest allowed one runs', async () => {
  expect(() => parseRunSpec({ ...spec(), prompt: 'x'.repeat(10_000_000) })).toThrow(
    expect.objectContaining({ code: 'PROMPT_TOO_LARGE' }),
  )
  const services = testServices({ mock: { script: () => [{ do: 'text', text: PROGRAM }] } })
  const handle = await startRun(spec({ ids: ['coder'], prompt: 'x'.repeat(1_048_576) }), services)
  expect((await handle.result).outcome).toBe('completed')
})

test('two runs begun in one millisecond have different ids and logs of their own', async () => {
  const services = testServices()
  const [a, b] = await Promise.all([startRun(spec(), services), startRun(spec(), services)])
  const [first, second] = await Promise.all([a.result, b.result])
  expect(first.runId).not.toBe(second.runId)
  expect([first.outcome, second.outcome]).toEqual(['completed', 'completed'])
})
