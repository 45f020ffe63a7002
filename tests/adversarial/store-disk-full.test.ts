import { expect, test } from 'vitest'
import { createFileStore } from '../../src/store/file-store.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { codeOf, recordAt, recordsBetween, runIdAt } from '../store/support/records.ts'
import { createSimulatedDisk, KEEP_ALL, KEEP_NONE, type SimulatedDisk } from '../store/support/simulated-disk.ts'
import { createSimulatedMachine, type SimulatedMachine } from '../store/support/simulated-processes.ts'

const RUN = runIdAt(1)
const OTHER = runIdAt(2)

function startStore(disk: SimulatedDisk, machine: SimulatedMachine) {
  return createFileStore({
    root: '/artifacts',
    clock: createSimulatedClock(),
    fs: disk.fs,
    processes: machine.start(),
    maxSegmentBytes: 700,
    maxWalBytes: 1500,
  })
}

/** Writes ten records, the fourth a large one, each durable before the next, until one fails; then closes with `end`. */
async function writeUntilFull(disk: SimulatedDisk, machine: SimulatedMachine): Promise<number> {
  const store = startStore(disk, machine)
  const log = await store.create(RUN)
  let durable = 0
  try {
    for (; durable < 10; durable++) {
      log.append(recordAt(durable, 'chunk', durable === 4 ? 'y'.repeat(5000) : undefined))
      await log.durable()
    }
  } catch {
    // The failure is what the closing record is for.
  }
  log.append(recordAt(durable, 'end', 'disk full'))
  await log.durable().catch(() => {
    // It was the end record that found no room: it goes where closing records go.
    log.append(recordAt(durable, 'end', 'disk full'))
    return log.durable()
  })
  await log.close()
  await store.close()
  return durable
}

test('wherever the disk is full, what was durable is read back, closed by its end record, now and after a power cut', async () => {
  const needed = await bytesOfWholeStory()
  const seen = new Set<number>()

  for (let free = 65_640; free <= needed; free += 61) {
    const disk = createSimulatedDisk()
    const machine = createSimulatedMachine()
    disk.freeBytes = free
    const durable = await writeUntilFull(disk, machine)
    seen.add(durable)
    for (const world of [disk, disk.afterPowerCut(disk.moment, KEEP_NONE)]) {
      const { records, isSealed } = await startStore(world, machine).read(RUN)
      expect(records.length).toBe(durable + 1)
      expect(records.slice(0, 4)).toEqual(
        recordsBetween(0, Math.min(4, durable)).concat(durable < 4 ? [recordAt(durable, 'end', 'disk full')] : []),
      )
      expect(records.at(-1)).toEqual(recordAt(durable, 'end', 'disk full'))
      expect(isSealed).toBe(true)
    }
    // With room again, the next process tidies up and the run is whole in its own files.
    machine.reboot()
    disk.freeBytes = Number.POSITIVE_INFINITY
    const later = startStore(disk, machine)
    await (await later.create(OTHER)).close()
    await later.close()
    expect(disk.fs.list('/artifacts/wal')).toEqual([])
    expect((await later.verifyRun(RUN)).problems).toEqual([])
    expect((await later.read(RUN)).records.length).toBe(durable + 1)
  }

  expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

async function bytesOfWholeStory(): Promise<number> {
  const disk = createSimulatedDisk()
  disk.freeBytes = 10_000_000
  let least = disk.freeBytes
  const write = disk.fs.write
  disk.fs.write = (...args) => {
    const taken = write(...args)
    least = Math.min(least, disk.freeBytes)
    return taken
  }
  await writeUntilFull(disk, createSimulatedMachine())
  return 10_000_000 - least + 200
}

test('without room for its reserve a run is not created at all', async () => {
  const disk = createSimulatedDisk()
  disk.freeBytes = 1000
  const store = startStore(disk, createSimulatedMachine())

  expect(await codeOf(store.create(RUN))).toBe('STORE_FAILED')

  expect(await store.list()).toEqual([])
  disk.freeBytes = Number.POSITIVE_INFINITY
  await (await store.create(RUN)).close()
  expect(await codeOf(store.read(RUN))).toBe('none')
})

test('a sync that fails gives up its file, fails the runs in it, and lets the next batch go to another', async () => {
  const disk = createSimulatedDisk()
  const machine = createSimulatedMachine()
  const store = startStore(disk, machine)
  const [hit, spared] = [await store.create(RUN), await store.create(OTHER)]
  hit.append(recordAt(0))
  await hit.durable()
  disk.syncFails = true
  hit.append(recordAt(1))
  expect(await codeOf(hit.durable())).toBe('STORE_FAILED')
  disk.syncFails = false

  spared.append(recordAt(0))
  await spared.durable()
  hit.append(recordAt(1, 'end', 'sync failed'))
  await hit.durable()

  const cut = startStore(disk.afterPowerCut(disk.moment, KEEP_NONE), machine)
  expect((await cut.read(OTHER)).records).toEqual([recordAt(0)])
  expect((await cut.read(RUN)).records).toEqual([recordAt(0), recordAt(1, 'end', 'sync failed')])
})

test('records that failed and could not be cut away do not come back beside the closing record', async () => {
  const disk = createSimulatedDisk()
  const machine = createSimulatedMachine()
  const store = startStore(disk, machine)
  const log = await store.create(RUN)
  log.append(recordAt(0))
  await log.durable()
  disk.syncFails = true
  disk.fs.truncate = () => {
    throw Object.assign(new Error('cannot cut'), { code: 'EIO' })
  }
  log.append(recordAt(1))
  log.append(recordAt(2))
  expect(await codeOf(log.durable())).toBe('STORE_FAILED')
  disk.syncFails = false
  log.append(recordAt(3, 'end'))
  await log.durable()
  machine.reboot()

  const survivor = startStore(disk.afterPowerCut(disk.moment, KEEP_ALL), machine)

  const expected = [recordAt(0), { ...recordAt(3, 'end'), seq: 1 }]
  expect((await survivor.read(RUN)).records).toEqual(expected)
  expect((await survivor.open(RUN)).run.records).toEqual(expected)
})

test('a closing record too large for the reserve fails, and the durable part stays', async () => {
  const disk = createSimulatedDisk()
  const store = startStore(disk, createSimulatedMachine())
  const log = await store.create(RUN)
  log.append(recordAt(0))
  await log.durable()
  disk.freeBytes = 0
  log.append(recordAt(1))
  expect(await codeOf(log.durable())).toBe('STORE_FAILED')

  log.append(recordAt(1, 'end', 'z'.repeat(5000)))

  expect(await codeOf(log.durable())).toBe('STORE_FAILED')
  await log.close()
  expect((await store.read(RUN)).records).toEqual([recordAt(0)])
})
