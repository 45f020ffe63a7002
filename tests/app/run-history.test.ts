import { expect, test } from 'vitest'
import { resumeRun } from '../../src/app/resume-run.ts'
import { readHistory } from '../../src/app/run-history.ts'
import { startRun } from '../../src/app/start-run.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { recordsOf, spec, testServices } from '../support/test-services.ts'

test('the history of a log holds the run’s own events, its prompts, and where its time stands on the wall clock', async () => {
  const services = testServices()
  const result = await (await startRun(spec(), services)).result
  const history = readHistory(await recordsOf(services, result.runId), services.runtime)
  expect(history.events).toEqual(result.events)
  expect(history.isSealed).toBe(true)
  expect(history.prompts.map(({ id }) => id).sort()).toEqual(
    result.events.flatMap((event) => (event.type === 'turn.started' ? [event.turn] : [])).sort(),
  )
  expect(history.wallMs(25)).toBe(services.clock.wallMs() + 25)
})

test('after a break the wall clock is that of the process that went on', async () => {
  const store = createMemoryStore()
  const first = testServices({ store, mock: { script: () => [{ do: 'hang' }] } })
  const handle = await startRun(spec(), first)
  for await (const event of handle) if (event.type === 'turn.granted') handle.interrupt('test')
  const { runId } = await handle.result
  const later = createSimulatedClock({ wallStartMs: Date.UTC(2026, 5, 1) })
  const second = testServices({ store, clock: later })
  await (await resumeRun(runId, second)).result
  const history = readHistory(await recordsOf(second, runId), second.runtime)
  expect(history.startedMs).toBe(Date.UTC(2026, 0, 1))
  const resumed = history.events.find((event) => event.type === 'run.resumed')
  expect(history.wallMs(0)).toBe(Date.UTC(2026, 5, 1))
  expect(resumed).toBeDefined()
  expect(new Set(history.events.filter(({ type }) => type === 'run.started')).size).toBe(1)
  expect(history.events.map(({ seq }) => seq)).toEqual(history.events.map((_, i) => i))
})
