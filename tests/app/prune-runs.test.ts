import { expect, test } from 'vitest'
import { planPrune, pruneRuns } from '../../src/app/prune-runs.ts'
import type { LogRecord } from '../../src/domain/record.ts'
import { createFileStore } from '../../src/store/file-store.ts'
import { createRunId } from '../../src/store/run-id.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { createSimulatedDisk } from '../store/support/simulated-disk.ts'
import { createSimulatedMachine } from '../store/support/simulated-processes.ts'

const DAY = 86_400_000

/** A store with one run a day, oldest first, the last one yesterday; `forks` names a run's parent by number. */
async function storeOf(count: number, forks: Readonly<Record<number, number>> = {}) {
  const clock = createSimulatedClock()
  const processes = createSimulatedMachine().start()
  const store = createFileStore({ root: '/artifacts', clock, fs: createSimulatedDisk().fs, processes })
  const ids = Array.from({ length: count }, (_, i) => createRunId(clock.wallMs() - (count - i) * DAY, new Uint8Array(10).fill(i)))
  for (const [i, runId] of ids.entries()) {
    const parent = forks[i] === undefined ? {} : { parent: { runId: ids[forks[i]], seq: 3 } }
    const log = await store.create(runId)
    log.append({ v: 1, seq: 0, t: 0, k: 'start', d: { runId, ...parent } } satisfies LogRecord)
    log.append({ seq: 1, t: 1, k: 'end', d: {} })
    await log.durable()
    await log.close()
  }
  const numbers = (runIds: readonly string[]) => runIds.map((id) => ids.indexOf(id))
  return { conductor: { store, clock }, ids, numbers, left: async () => numbers((await store.list()).map(({ runId }) => runId)) }
}

test('what is past both limits goes, oldest or not, and a dry run leaves all where it is', async () => {
  const { conductor, numbers, left } = await storeOf(6)
  const limits = { keep: 2, days: 4 }
  expect(numbers((await planPrune(conductor, limits)).prune).sort()).toEqual([0, 1, 2])
  expect(await left()).toEqual([0, 1, 2, 3, 4, 5])
  const { removed, spared } = await pruneRuns(conductor, limits)
  expect([numbers(removed).sort(), spared, await left()]).toEqual([[0, 1, 2], [], [3, 4, 5]])
})

test('a pinned run, one at work and every ancestor of a fork that stays stay, and are told', async () => {
  const { conductor, ids, numbers, left } = await storeOf(6, { 3: 1, 5: 3 })
  await conductor.store.pin(ids[0] ?? '')
  const held = await conductor.store.open(ids[2] ?? '')
  const { removed, spared } = await pruneRuns(conductor, { keep: 1 })
  expect(numbers(removed)).toEqual([4])
  expect(Object.fromEntries(spared.map(({ runId, reason }) => [ids.indexOf(runId), reason]))).toEqual({
    0: 'pinned',
    1: 'parent',
    2: 'running',
    3: 'parent',
  })
  expect(await left()).toEqual([0, 1, 2, 3, 5])
  await held.log.close()
})

test('a fork that was pinned after the plan was made keeps its parents', async () => {
  const { conductor, ids, left } = await storeOf(4, { 1: 0, 2: 1 })
  const store = {
    ...conductor.store,
    // The last look before the removals; someone pins the youngest fork right after it.
    remove: async (runId: string) => {
      await conductor.store.pin(ids[2] ?? '')
      return conductor.store.remove(runId)
    },
  }
  const { removed, spared } = await pruneRuns({ ...conductor, store }, { keep: 1 })
  expect([removed, spared.map(({ runId, reason }) => [ids.indexOf(runId), reason]), await left()]).toEqual([
    [],
    [
      [2, 'pinned'],
      [1, 'parent'],
      [0, 'parent'],
    ],
    [0, 1, 2, 3],
  ])
})

test('without a limit nothing goes', async () => {
  const { conductor, left } = await storeOf(2)
  expect(await pruneRuns(conductor, {})).toEqual({ removed: [], spared: [] })
  expect(await left()).toEqual([0, 1])
})
