import { expect, test } from 'vitest'
import { forkRun } from '../../src/app/fork-run.ts'
import { replayRecords } from '../../src/app/replay-run.ts'
import { resumeRun } from '../../src/app/resume-run.ts'
import { startRun } from '../../src/app/start-run.ts'
import type { RunEvent } from '../../src/domain/event.ts'
import type { LogRecord } from '../../src/domain/record.ts'
import type { RunContext } from '../../src/machines/run-context.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { executeAlike, persona, recordsOf, spec, testServices } from '../support/test-services.ts'

/** A store that already holds a run's first records, as a crash would leave them. */
async function storeWith(runId: string, records: readonly LogRecord[]) {
  const store = createMemoryStore()
  const log = await store.create(runId)
  for (const record of records) log.append(record)
  await log.close()
  return store
}

/** What a run said and decided, without when. */
function transcript(events: readonly RunEvent[], context: { agents: object } | null): unknown {
  const answers = Object.entries(context?.agents ?? {}).map(([id, agent]) => [
    id,
    (agent as { answers: { turn: string; answer: { text: string } }[] }).answers.map(({ turn, answer }) => [turn, answer.text]),
  ])
  const verdict = events.find((event) => event.type === 'verdict.reached')
  const rows = (context as RunContext | null)?.judgement?.execution?.rows
  return { answers, rows, verdict: verdict?.type === 'verdict.reached' ? verdict.verdict : null }
}

const SPEC = spec({ rounds: 2, prompt: 'Write add(a, b) in Python. add(1, 2) == 3' })

// Each record is a run of its own, three dozen of them: on a machine that is busy that takes longer than a test may.
test('a run killed after any of its records goes on to the same transcript, and no answer stands twice', {
  timeout: 60_000,
}, async () => {
  const executors = { execute: executeAlike(3) }
  const undisturbed = testServices({ executors })
  const whole = await (await startRun(SPEC, undisturbed)).result
  const records = await recordsOf(undisturbed, whole.runId)
  const expected = transcript(whole.events, whole.context)
  expect(records.filter(({ d }) => (d as { row?: unknown })?.row !== undefined)).not.toEqual([])
  for (let cut = 1; cut < records.length - 1; cut += 1) {
    const services = testServices({ executors, store: await storeWith(whole.runId, records.slice(0, cut)) })
    const result = await (await resumeRun(whole.runId, services)).result
    expect({ cut, transcript: transcript(result.events, result.context) }).toEqual({ cut, transcript: expected })
    const after = await recordsOf(services, whole.runId)
    const settled = after.filter((record) => record.k === 'ok').map((record) => record.id)
    expect(new Set(settled).size).toBe(settled.length)
    expect(replayRecords(after).divergence).toBeNull()
    expect(replayRecords(after).digest).toBe(result.digest)
  }
})

test('an interrupted run has a sealed log and can be gone on with; one that has ended cannot', async () => {
  const services = testServices({
    mock: { script: (request) => (request.requestId === 'run/coder#1' ? [{ do: 'wait', ms: 1000 }] : null) },
  })
  const handle = await startRun(SPEC, services)
  for await (const event of handle) {
    if (event.type === 'turn.granted' && event.agent === 'coder') handle.interrupt('test')
  }
  const stopped = await handle.result
  expect({ outcome: stopped.outcome, stopReason: stopped.stopReason }).toEqual({
    outcome: 'cancelled',
    stopReason: 'interrupted',
  })
  expect((await recordsOf(services, handle.runId)).at(-1)?.k).toBe('end')
  const second = testServices({ store: services.store })
  const resumed = await (await resumeRun(handle.runId, second)).result
  expect({ outcome: resumed.outcome, detail: resumed.detail }).toMatchObject({ outcome: 'completed' })
  await expect(resumeRun(handle.runId, second)).rejects.toMatchObject({ code: 'USAGE' })
})

test('an effect whose process ended each time it was asked fails at last instead of being asked for ever', async () => {
  const services = testServices()
  const whole = await (await startRun(spec({ ids: ['coder'] }), services)).result
  const records = (await recordsOf(services, whole.runId)).slice(0, 3)
  const asked = records.flatMap((record) => record.o ?? []).findLast((output) => output[0] === 'R')?.[1]
  const t = records.at(-1)?.t ?? 0
  const retries = Array.from({ length: 4 }, (_, i) => ({ seq: 3 + i, t, k: 'retry' as const, id: String(asked), att: i + 2 }))
  const again = testServices({ store: await storeWith(whole.runId, [...records, ...retries]) })
  const result = await (await resumeRun(whole.runId, again)).result
  expect(result.events.filter((event) => event.type === 'turn.failed')).toMatchObject([{ code: 'attempts-exhausted' }])
})

test('a timer has on resuming the time it had left', async () => {
  const services = testServices({ mock: { script: () => [{ do: 'hang' }] } })
  const handle = await startRun(spec({ ids: ['coder'], limits: { turnTimeoutSeconds: 60 } }), services)
  for await (const event of handle) if (event.type === 'turn.granted') break
  await services.clock.advanceAsync(40_000)
  handle.interrupt('test')
  await handle.result
  const second = testServices({ store: services.store, mock: { script: () => [{ do: 'hang' }] } })
  const resumed = await resumeRun(handle.runId, second)
  await second.clock.advanceAsync(21_000)
  expect((await resumed.result).events.filter((event) => event.type === 'turn.failed')).toMatchObject([{ code: 'timeout-turn' }])
})

test('a fork at turn 4 of 5 asks only what comes after it, and names its parent', async () => {
  const services = testServices()
  const parent = await (await startRun(spec({ ids: ['architect', 'coder'], protocol: 'classic', rounds: 1 }), services)).result
  const second = testServices({ store: services.store })
  const fork = await forkRun(parent.runId, 'turn:4', {}, { ...second, createRunId: () => 'forked' })
  const result = await fork.result
  const records = await recordsOf(second, fork.runId)
  const asked = records
    .slice(fork.plan.seq + 1)
    .flatMap((record) => (record.k === 'ok' && record.id?.includes('/') ? [record.id] : []))
  expect(asked.sort()).toEqual(['run/architect#3', 'run/coder#3'])
  expect(records[0]?.d).toMatchObject({ parent: { runId: parent.runId, seq: fork.plan.seq } })
  expect(replayRecords(records)).toMatchObject({ divergence: null, digest: result.digest })
})

test('a fork with another persona asks that agent anew and leaves the others as they were', async () => {
  const services = testServices()
  const parent = await (await startRun(spec({ ids: ['architect', 'coder'] }), services)).result
  const change = { personas: { coder: persona('coder', { style: 'terse' }) } }
  const fork = await forkRun(parent.runId, 'round:1', change, {
    ...testServices({ store: services.store }),
    createRunId: () => 'forked',
  })
  const result = await fork.result
  expect(fork.plan).toMatchObject({ cancelled: ['run/coder#1'], askedAgain: ['run/architect#1'] })
  expect(result.context.agents['coder']?.answers.map((answer) => answer.turn)).toEqual(['run/coder#2'])
  expect(replayRecords(await recordsOf(services, 'forked')).divergence).toBeNull()
})

test('a place that is not in the run is refused', async () => {
  const services = testServices()
  const parent = await (await startRun(spec({ ids: ['coder'] }), services)).result
  await expect(forkRun(parent.runId, 'turn:99', {}, services)).rejects.toMatchObject({ code: 'USAGE' })
  await expect(forkRun(parent.runId, 'yesterday', {}, services)).rejects.toMatchObject({ code: 'USAGE' })
  const last = (await recordsOf(services, parent.runId)).length - 2
  await expect(forkRun(parent.runId, String(last), {}, services)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(`the run has ended there; ${last - 1} is the last record`),
  })
  await (await forkRun(parent.runId, String(last - 1), {}, { ...services, createRunId: () => 'late' })).result
})
