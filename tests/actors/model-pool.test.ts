import { expect, test } from 'vitest'
import type { EffectSink } from '../../src/actors/executor.ts'
import { ModelPool } from '../../src/actors/model-pool.ts'
import { createMock, type MockScript } from '../../src/backends/mock.ts'
import type { ModelInfo } from '../../src/domain/model.ts'
import type { ModelRequest } from '../../src/machines/effects.ts'
import type { Backend } from '../../src/ports/backend.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'

type Told = readonly [agent: string, what: string, detail?: string]

/** A pool over the mock, and what it told each agent that asked. */
async function poolOf(
  models: readonly (Partial<ModelInfo> & { readonly name: string })[],
  script: (model: string, agent: string) => MockScript | null = () => null,
  maxParallelModels = 0,
) {
  const clock = createSimulatedClock()
  const asked: string[] = []
  const mock = createMock({
    clock,
    models,
    script: (request) => {
      asked.push(`${request.requestId}@${request.model}`)
      return script(request.model, request.requestId)
    },
  })
  const kinds = new Map(models.map(({ name, kind = 'mock' }) => [name, kind]))
  const backend: Backend = {
    ...mock,
    models: async (signal) => (await mock.models(signal)).map((info) => ({ ...info, kind: kinds.get(info.name) ?? info.kind })),
  }
  const pool = new ModelPool({ backends: [backend], clock, isAllowed: () => true, maxParallelModels })
  await pool.list(new AbortController().signal)
  const told: Told[] = []
  const ask = (agent: string, keys: readonly string[], change: Partial<ModelRequest> = {}) => {
    const abort = new AbortController()
    const sink: EffectSink = {
      grant: (model) => told.push([agent, 'granted', model]),
      text: () => {},
      row: () => {},
      ok: () => told.push([agent, 'answered']),
      err: (error) => told.push([agent, 'failed', error.code]),
    }
    const input: ModelRequest = {
      agent,
      phase: 'draft',
      round: 1,
      attempt: 1,
      prompt: [{ role: 'user', parts: [{ source: 'task', text: agent }] }],
      models: keys.map((key) => `mock/${key}`),
      sampling: {},
      contextTokens: null,
      queueTimeoutMs: 60_000,
      firstTokenTimeoutMs: 10_000,
      idleTimeoutMs: 5_000,
      ...change,
    }
    pool.execute({ id: agent, input }, sink, abort)
    return abort
  }
  return { pool, clock, asked, told, ask }
}

const SLOW: MockScript = [
  { do: 'wait', ms: 1_000 },
  { do: 'text', text: 'x' },
]

test('a model with one place serves one turn at a time, in the order of agents', async () => {
  const { clock, told, ask } = await poolOf([{ name: 'm', parallelSlots: 1 }], () => SLOW)
  ask('zeta', ['m'])
  ask('coder', ['m'])
  ask('architect', ['m'])
  await clock.advanceAsync(5_000)
  expect(told.filter(([, what]) => what === 'granted').map(([agent]) => agent)).toEqual(['zeta', 'architect', 'coder'])
})

test('a server that reports no place at all is asked all the same', async () => {
  const { clock, told, ask } = await poolOf([{ name: 'm', parallelSlots: 0 }])
  ask('coder', ['m'])
  await clock.advanceAsync(10)
  expect(told.at(-1)).toEqual(['coder', 'answered'])
})

test('turns of the model at work go first, so that no model is swapped out that is still wanted', async () => {
  const { clock, told, ask } = await poolOf(
    [
      { name: 'a', parallelSlots: 1 },
      { name: 'b', parallelSlots: 1 },
    ],
    () => SLOW,
    1,
  )
  ask('one', ['a'])
  ask('two', ['b'])
  ask('three', ['a'])
  await clock.advanceAsync(5_000)
  expect(told.filter(([, what]) => what === 'granted').map(([agent, , model]) => `${agent}@${model}`)).toEqual([
    'one@mock/a',
    'three@mock/a',
    'two@mock/b',
  ])
})

test('who waits longer than its queue allows is told so', async () => {
  const { clock, told, ask } = await poolOf([{ name: 'm', parallelSlots: 1 }], () => [{ do: 'hang' }])
  ask('one', ['m'])
  ask('two', ['m'], { queueTimeoutMs: 2_000 })
  await clock.advanceAsync(3_000)
  expect(told).toContainEqual(['two', 'failed', 'timeout-queue'])
})

test('silence before the first text and between texts has its own limit, and progress is a sign of life', async () => {
  const { clock, told, ask } = await poolOf([{ name: 'm', parallelSlots: 4 }], (_model, agent) => {
    if (agent === 'silent') return [{ do: 'hang' }]
    if (agent === 'stalls') return [{ do: 'text', text: 'x' }, { do: 'hang' }]
    return [
      { do: 'wait', ms: 8_000 },
      { do: 'progress', phase: 'prefilling', fraction: 0.5 },
      { do: 'wait', ms: 8_000 },
      { do: 'text', text: 'x' },
    ]
  })
  ask('silent', ['m'])
  ask('stalls', ['m'])
  ask('prefills', ['m'])
  await clock.advanceAsync(20_000)
  expect(told.filter(([, what]) => what !== 'granted')).toEqual([
    ['stalls', 'failed', 'timeout-idle'],
    ['silent', 'failed', 'timeout-first-token'],
    ['prefills', 'answered'],
  ])
})

test('a model that fails three times is barred, its turns go to the next model, and one probe lets it back in', async () => {
  let isBroken = true
  const { clock, told, ask, asked } = await poolOf([{ name: 'bad' }, { name: 'good' }], (model) =>
    model === 'bad' && isBroken ? [{ do: 'error', failure: 'backend-crashed' }] : null,
  )
  for (const agent of ['one', 'two', 'three']) {
    ask(agent, ['bad'])
    await clock.advanceAsync(10)
  }
  ask('four', ['bad', 'good'])
  ask('five', ['bad'])
  await clock.advanceAsync(10)
  expect(told.filter(([agent]) => agent === 'four' || agent === 'five')).toEqual([
    ['four', 'granted', 'mock/good'],
    ['five', 'failed', 'breaker-open'],
    ['four', 'answered'],
  ])
  isBroken = false
  await clock.advanceAsync(15_000)
  ask('six', ['bad'])
  await clock.advanceAsync(10)
  expect(asked.at(-1)).toBe('six@bad')
  expect(told.at(-1)).toEqual(['six', 'answered'])
})

test('an answer with no text is a failure, never an answer', async () => {
  const { clock, told, ask } = await poolOf([{ name: 'm' }], () => [{ do: 'text', text: '  \n' }])
  ask('coder', ['m'])
  await clock.advanceAsync(10)
  expect(told.at(-1)).toEqual(['coder', 'failed', 'empty-answer'])
})

test('a server that was hung up on while it read a prompt is busy until it has drained', async () => {
  const { clock, told, ask, pool } = await poolOf([{ name: 'm', kind: 'ollama', parallelSlots: 1 }], (_model, agent) => {
    if (agent.endsWith('/drain'))
      return [
        { do: 'wait', ms: 30_000 },
        { do: 'text', text: 'x' },
      ]
    return agent === 'one' ? [{ do: 'hang' }] : null
  })
  const abort = ask('one', ['m'])
  await clock.advanceAsync(10)
  abort.abort()
  ask('two', ['m'])
  await clock.advanceAsync(20_000)
  expect({ told: told.map(([agent, what]) => `${agent} ${what}`), draining: pool.load.draining }).toEqual({
    told: ['one granted'],
    draining: 1,
  })
  await clock.advanceAsync(11_000)
  expect(told.at(-1)).toEqual(['two', 'answered'])
})

test('a turn that is given up while it waits leaves the queue', async () => {
  const { clock, told, ask, pool } = await poolOf([{ name: 'm', parallelSlots: 1 }], () => SLOW)
  ask('one', ['m'])
  ask('two', ['m']).abort()
  await clock.advanceAsync(5_000)
  expect({ told: told.map(([agent]) => agent), waiting: pool.load.waiting }).toEqual({ told: ['one', 'one'], waiting: 0 })
})
