import { expect, test } from 'vitest'
import { startRun } from '../../src/app/start-run.ts'
import type { LogRecord } from '../../src/domain/record.ts'
import type { RunStore } from '../../src/ports/run-store.ts'
import { spec, testServices } from '../support/test-services.ts'

/** A store whose syncs the test lets through one by one. */
function gatedStore() {
  const appended: LogRecord[] = []
  const waiting: (() => void)[] = []
  const store = {
    create: async (runId: string) => ({
      runId,
      append: (record: LogRecord) => void appended.push(record),
      durable: () => new Promise<void>((resolve) => waiting.push(resolve)),
      close: async () => {},
    }),
  } as unknown as RunStore
  return { store, appended, waiting }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('no model is asked before the record that caused the question is durable', async () => {
  const { store, appended, waiting } = gatedStore()
  const asked: string[] = []
  const services = testServices({
    store,
    mock: {
      script: (request) => {
        asked.push(request.requestId)
        return null
      },
    },
  })
  const handle = await startRun(spec({ ids: ['coder'] }), services)
  await turn()
  expect({ asked, kinds: appended.map((record) => record.k) }).toEqual({ asked: [], kinds: ['start'] })
  waiting.shift()?.()
  for (let i = 0; i < 5; i += 1) await turn()
  expect({ asked, kinds: appended.map((record) => record.k) }).toEqual({ asked: [], kinds: ['start', 'ok'] })
  waiting.shift()?.()
  for (let i = 0; i < 5; i += 1) await turn()
  expect(asked).toEqual(['run/coder#1'])
  handle.interrupt('test')
  for (let i = 0; i < 5; i += 1) await turn()
  for (const resolve of waiting) resolve()
  expect((await handle.result).stopReason).toBe('interrupted')
})

test('a log that fails ends the run as log-failed, and nothing more is asked', async () => {
  const asked: string[] = []
  let syncs = 0
  const store = {
    create: async (runId: string) => ({
      runId,
      append: () => {},
      durable: async () => {
        syncs += 1
        if (syncs > 1) throw new Error('no space left on device')
      },
      close: async () => {},
    }),
  } as unknown as RunStore
  const services = testServices({
    store,
    mock: {
      script: (request) => {
        asked.push(request.requestId)
        return null
      },
    },
  })
  const result = await (await startRun(spec(), services)).result
  expect({ outcome: result.outcome, stopReason: result.stopReason, detail: result.detail, asked }).toEqual({
    outcome: 'failed',
    stopReason: 'log-failed',
    detail: 'no space left on device',
    asked: [],
  })
})

test('text reaches the screen at once and the log coalesced', async () => {
  const piece = 'x'.repeat(100)
  const services = testServices({
    mock: { script: () => [...Array.from({ length: 10 }, () => ({ do: 'text' as const, text: piece }))] },
  })
  const seen: number[] = []
  const handle = await startRun(spec({ ids: ['coder'] }), services, { onToken: (delta) => seen.push(delta.offset) })
  await handle.result
  const { records } = await services.store.read(handle.runId)
  expect(seen.slice(0, 10)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900])
  const chunks = records
    .filter((record) => record.k === 'chunk' && record.id === 'run/coder#1')
    .map((record) => (record.d as { text: string }).text.length)
  expect(chunks).toEqual([600])
  const answer = records.find((record) => record.k === 'ok' && record.id === 'run/coder#1')?.d as { tail: string }
  expect(answer.tail).toHaveLength(400)
})

test('text that waits is logged after fifty milliseconds', async () => {
  const services = testServices({
    mock: {
      script: () => [
        { do: 'text', text: 'slow' },
        { do: 'wait', ms: 1000 },
        { do: 'text', text: ' end' },
      ],
    },
  })
  const handle = await startRun(spec({ ids: ['coder'] }), services)
  for await (const event of handle) if (event.type === 'turn.granted') break
  await services.clock.advanceAsync(60)
  await services.clock.advanceAsync(2_000)
  await handle.result
  const { records } = await services.store.read(handle.runId)
  const chunk = records.find((record) => record.k === 'chunk')
  expect({ t: chunk?.t, d: chunk?.d }).toMatchObject({ t: 50, d: { text: 'slow' } })
})
