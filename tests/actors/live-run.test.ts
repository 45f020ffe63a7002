import { expect, test } from 'vitest'
import type { Executors } from '../../src/actors/executor.ts'
import { replayRecords } from '../../src/app/replay-run.ts'
import { startRun } from '../../src/app/start-run.ts'
import { executeAlike, recordsOf, spec, testServices } from '../support/test-services.ts'

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
