import { expect, test } from 'vitest'
import { replayRecords } from '../../src/app/replay-run.ts'
import { resumeRun } from '../../src/app/resume-run.ts'
import { startRun } from '../../src/app/start-run.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'
import { createSimulatedDisk, KEEP_NONE, type SimulatedDisk } from '../store/support/simulated-disk.ts'
import { createSimulatedMachine } from '../store/support/simulated-processes.ts'
import { DISK_RUN, DISK_SPEC, servicesOn, storeOn, transcript } from '../support/disk-run.ts'

/** Bytes the store reserves before a run may begin; below, no run is created. */
const RESERVE_BYTES = 65_640
/** Shorter than what is written at once, so that none of it is stepped over. */
const STEP_BYTES = 149

async function runOn(disk: SimulatedDisk) {
  const machine = createSimulatedMachine()
  const store = storeOn(disk, machine)
  const result = await (await startRun(DISK_SPEC, servicesOn(store))).result
  await store.close()
  machine.reboot()
  return { result, machine }
}

/** Bytes of disk a whole run takes, and what it says. */
async function undisturbed() {
  const disk = createSimulatedDisk()
  disk.freeBytes = 10_000_000
  let least = disk.freeBytes
  const { write } = disk.fs
  disk.fs.write = (...args) => {
    const taken = write(...args)
    least = Math.min(least, disk.freeBytes)
    return taken
  }
  const { result, machine } = await runOn(disk)
  const { records } = await storeOn(disk, machine).read(DISK_RUN)
  return { bytes: 10_000_000 - least, records, said: transcript(result.events, result.context) }
}

test('at whichever append the disk is full, the run ends as log-failed, its log is sealed, and with room again it goes on to the same end', async () => {
  const whole = await undisturbed()
  const lengths = new Set<number>()
  for (let free = RESERVE_BYTES; free < whole.bytes; free += STEP_BYTES) {
    const disk = createSimulatedDisk()
    disk.freeBytes = free
    const { result, machine } = await runOn(disk)
    const at = { free, stopReason: result.stopReason }
    // Where the last few bytes are missing, it is the tidying after the run's end that finds no room.
    if (result.stopReason !== 'log-failed') {
      expect({ ...at, said: transcript(result.events, result.context) }).toEqual({ ...at, said: whole.said })
      continue
    }
    expect(result).toMatchObject({
      outcome: 'failed',
      events: expect.arrayContaining([expect.objectContaining({ type: 'run.completed' })]),
    })
    for (const world of [disk, disk.afterPowerCut(disk.moment, KEEP_NONE)]) {
      const { records, isSealed } = await storeOn(world, machine).read(DISK_RUN)
      const kept = records.length - 1
      lengths.add(kept)
      expect({ ...at, isSealed, kept: records.slice(0, kept) }).toEqual({
        ...at,
        isSealed: true,
        kept: whole.records.slice(0, kept),
      })
      expect(records[kept]).toMatchObject({ seq: kept, k: 'end', d: { outcome: 'failed', stopReason: 'log-failed' } })
      if (kept > 0) expect({ ...at, divergence: replayRecords(records).divergence }).toEqual({ ...at, divergence: null })
    }
    disk.freeBytes = Number.POSITIVE_INFINITY
    const store = storeOn(disk, machine)
    const { records } = await store.read(DISK_RUN)
    if (records.length > 1) {
      const resumed = await (await resumeRun(DISK_RUN, servicesOn(store))).result
      expect({ ...at, said: transcript(resumed.events, resumed.context) }).toEqual({ ...at, said: whole.said })
      const answered = (await store.read(DISK_RUN)).records.flatMap(({ k, id }) => (k === 'ok' ? [id] : []))
      expect(new Set(answered).size).toBe(answered.length)
    }
    await store.close()
    if (records.length > 1)
      expect({ ...at, problems: (await store.verifyRun(DISK_RUN)).problems }).toEqual({ ...at, problems: [] })
  }
  // Records nobody waits for are written with the next that somebody does, so lengths are those of whole batches.
  expect(lengths.size).toBeGreaterThan(5)
})

test('without room for the reserve a run does not begin, and says so', async () => {
  const disk = createSimulatedDisk()
  disk.freeBytes = 1_000
  const store = storeOn(disk, createSimulatedMachine())
  const error = await startRun(DISK_SPEC, servicesOn(store)).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(CodeConductorError)
  expect(error).toMatchObject({ code: 'STORE_FAILED' })
  expect(await store.list()).toEqual([])
})
