import { expect, test } from 'vitest'
import { replayRecords } from '../../src/app/replay-run.ts'
import { startRun } from '../../src/app/start-run.ts'
import { recordsOf, spec, testServices } from '../support/test-services.ts'

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
