import { expect, test } from 'vitest'
import { createFileStore } from '../../src/store/file-store.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { codeOf, recordAt, recordsBetween, runIdAt, storeRun } from './support/records.ts'
import { createSimulatedDisk, type SimulatedDisk } from './support/simulated-disk.ts'
import { createSimulatedMachine } from './support/simulated-processes.ts'

const RUN = runIdAt(1)
const LOG = `/artifacts/runs/${RUN}/log.jsonl`

/** A store, and how many bytes of log files were read through it. */
function openStore(disk: SimulatedDisk = createSimulatedDisk(), maxSegmentBytes = 8_000_000) {
  const counted = { bytes: 0 }
  const fs = {
    ...disk.fs,
    read: (path: string, from?: number, bytes?: number) => {
      const got = disk.fs.read(path, from, bytes)
      if (path.includes('/log.')) counted.bytes += got.length
      return got
    },
  }
  const machine = createSimulatedMachine()
  const clock = createSimulatedClock()
  const store = createFileStore({
    root: '/artifacts',
    clock,
    fs,
    processes: machine.start(),
    maxSegmentBytes,
  })
  return { store, disk, counted, clock }
}

test('the ends of a long log are known from a few of its bytes, whatever number of segments it has', async () => {
  for (const maxSegmentBytes of [8_000_000, 100_000]) {
    const { store, disk, counted } = openStore(createSimulatedDisk(), maxSegmentBytes)
    await storeRun(store, RUN, [recordAt(0, 'start', 'x'.repeat(6000)), ...recordsBetween(1, 4000), recordAt(4000, 'end')])
    counted.bytes = 0
    expect(await store.readEnds(RUN)).toEqual({ first: recordAt(0, 'start', 'x'.repeat(6000)), last: recordAt(4000, 'end') })
    expect(counted.bytes).toBeLessThanOrEqual(2 * 64 * 1024)
    expect(disk.fs.size(LOG)).toBeGreaterThan(64 * 1024)
  }
})

test('of a run that is still written, the last record is the last durable one, in the journal or in its file', async () => {
  const { store, disk, clock } = openStore()
  const log = await store.create(RUN)
  for (let seq = 0; seq < 30; seq += 1) {
    log.append(recordAt(seq))
    await log.durable()
    // Once, what is durable is written to the run's own file, too; what follows is in the journal alone.
    if (seq === 10) clock.advance(250)
    if (seq > 10) expect(disk.fs.read(LOG).toString().trimEnd().split('\n')).toHaveLength(11)
    expect(await store.readEnds(RUN)).toEqual({ first: recordAt(0), last: recordAt(seq) })
  }
})

test('a torn tail is left out as `read` leaves it out, and a changed end is damage', async () => {
  const disk = createSimulatedDisk()
  const writer = openStore(disk).store
  await storeRun(writer, RUN, [...recordsBetween(0, 5), recordAt(5, 'end')])
  await writer.close()
  const { store } = openStore(disk)
  disk.damage(LOG, (bytes) => bytes.subarray(0, bytes.length - 7))
  expect(await store.readEnds(RUN)).toEqual({ first: recordAt(0), last: (await store.read(RUN)).records.at(-1) })
  disk.damage(LOG, (bytes) => Buffer.concat([bytes.subarray(0, 20), Buffer.from('~'), bytes.subarray(21)]))
  expect(await codeOf(store.readEnds(RUN))).toBe('LOG_CORRUPT')
  expect(await codeOf(store.readEnds(runIdAt(2)))).toBe('RUN_NOT_FOUND')
})
