import { describe, expect, test } from 'vitest'
import { createRunRuntime, type RunRuntime } from '../../src/actors/effect-actor.ts'
import type { Executors } from '../../src/actors/executor.ts'
import { replayRecords } from '../../src/app/replay-run.ts'
import { startRun } from '../../src/app/start-run.ts'
import type { RunSpecInput } from '../../src/domain/run-spec.ts'
import { executeAlike, persona, recordsOf, spec, testServices } from '../support/test-services.ts'

test('a run of three agents ends with a winner, and its log replays to the same digest with nothing to answer it', async () => {
  const services = testServices()
  const handle = await startRun(spec(), services)
  const result = await handle.result
  const records = await recordsOf(services, handle.runId)
  const replay = replayRecords(records)
  expect(replay.divergence).toBeNull()
  expect(replay.digest).toBe(result.digest)
  expect(replay.events).toEqual(result.events)
})

const SPEC = spec({ prompt: 'Write add(a, b) in Python. add(1, 2) == 3', ids: ['architect', 'coder'] })
const evidenceIn = (events: readonly { readonly type: string }[]) =>
  events.flatMap((event) => (event.type === 'evidence.gathered' ? [(event as unknown as { candidate: string }).candidate] : []))

test.each([
  ['told one by one', true],
  ['told with the others', false],
])('what a candidate shows, %s, is a record and an event of its own, and is not said again', async (_name, tells) => {
  const services = testServices({ executors: { execute: executeAlike(3, tells) } })
  const handle = await startRun(SPEC, services)
  const result = await handle.result
  const records = await recordsOf(services, handle.runId)
  const rows = records.flatMap(({ k, d }) =>
    k === 'chunk' && 'row' in (d as object) ? [(d as { row: { candidate: string } }).row] : [],
  )
  const execution = result.context?.judgement?.execution
  expect(rows.map(({ candidate }) => candidate).sort()).toEqual(execution?.rows.map(({ candidate }) => candidate).sort())
  expect(evidenceIn(result.events)).toEqual(rows.map(({ candidate }) => candidate))
  expect(JSON.stringify(records.filter(({ k }) => k === 'ok'))).not.toContain('"rows"')
  const replay = replayRecords(records)
  expect([replay.divergence, replay.digest]).toEqual([null, result.digest])
  expect(replay.context?.judgement?.execution).toEqual(execution)
})

test('the first program to end is told while the others still run', async () => {
  let finish = (): void => undefined
  const execute: Executors['execute'] = (effect, sink, abort) => {
    const ok = (output: unknown): void => {
      finish = () => sink.ok(output)
    }
    executeAlike(3)?.(effect, { ...sink, ok }, abort)
  }
  const handle = await startRun(SPEC, testServices({ executors: { execute } }))
  const seen: string[] = []
  for await (const event of handle) {
    seen.push(event.type)
    if (evidenceIn([event]).length > 0) finish()
  }
  expect(seen.indexOf('evidence.gathered')).toBeLessThan(seen.indexOf('candidates.ranked'))
  expect((await handle.result).outcome).toBe('completed')
})

describe('an answer that spends the budget of tokens', () => {
  /** Runs one agent with two orders, and returns which turns began, which the model was asked for, and the log. */
  async function spend(limits: RunSpecInput['limits'], runtime: RunRuntime = createRunRuntime()) {
    const asked: string[] = []
    const script = ({ requestId }: { readonly requestId: string }) => {
      asked.push(requestId)
      return null
    }
    const services = { ...testServices({ mock: { script } }), runtime }
    const agents = [{ id: 'coder', persona: persona('coder', { roles: ['draft', 'write_tests'] }) }]
    const result = await (await startRun(spec({ agents, limits }), services)).result
    const records = await recordsOf(services, result.runId)
    const replay = replayRecords(records, runtime)
    expect([replay.divergence, replay.digest]).toEqual([null, result.digest])
    const began = result.events.flatMap((event) => (event.type === 'turn.started' ? [event.turn] : []))
    const told = records.flatMap(({ k, id }) => (k === 'grant' ? [id] : []))
    return { asked, began, told, stopReason: result.stopReason }
  }

  test('is the last: the next order of its agent is not begun', async () => {
    const both = ['run/coder#1', 'run/coder#2']
    expect(await spend({})).toMatchObject({ asked: both, began: both })
    const [first] = both
    expect(await spend({ budgetTokens: 1 })).toEqual({
      asked: [first],
      began: [first],
      told: [first],
      stopReason: 'token-budget',
    })
  })

  test('is the last that is asked of a model even where the machine asks and gives up in one step', async () => {
    const runtime = createRunRuntime()
    const hasty = { ...runtime, machine: runtime.machine.provide({ guards: { hasNextTurn: () => true } }) }
    const { asked, told } = await spend({ budgetTokens: 1 }, hasty)
    expect({ asked, told }).toEqual({ asked: ['run/coder#1'], told: ['run/coder#1'] })
  })
})

test('a log from before rows were told one by one tells them where its result has them', async () => {
  const services = testServices({ executors: { execute: executeAlike(3) } })
  const handle = await startRun(SPEC, services)
  const result = await handle.result
  const records = await recordsOf(services, handle.runId)
  const rows = records.flatMap(({ d }) => ((d as { row?: unknown })?.row === undefined ? [] : [(d as { row: unknown }).row]))
  const older = records
    .filter(({ d }) => (d as { row?: unknown })?.row === undefined)
    .map((record) =>
      record.k === 'ok' && 'policyHash' in (record.d as object) ? { ...record, d: { ...(record.d as object), rows } } : record,
    )
  const replay = replayRecords(older, undefined, undefined, 'outcome')
  expect(evidenceIn(replay.events).toSorted()).toEqual(evidenceIn(result.events).toSorted())
})
