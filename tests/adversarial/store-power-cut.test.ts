import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogRecord } from '../../src/domain/record.ts'
import type { RunLog } from '../../src/ports/run-store.ts'
import { createFileStore, type FileStore } from '../../src/store/file-store.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { recordAt, runIdAt } from '../store/support/records.ts'
import {
  createSimulatedDisk,
  KEEP_ALL,
  KEEP_NAMES,
  KEEP_NONE,
  KEEP_REMOVALS,
  type KeepUnsynced,
  type SimulatedDisk,
} from '../store/support/simulated-disk.ts'
import { createSimulatedMachine, type SimulatedMachine } from '../store/support/simulated-processes.ts'

const ROOT = '/artifacts'
const RUNS = [runIdAt(1), runIdAt(2), runIdAt(3)]
const RECORDS = 12
const EXTREMES = [KEEP_NONE, KEEP_ALL, KEEP_NAMES, KEEP_REMOVALS]

/** What each run's owner was told is safe, and since which moment. */
interface Promised {
  readonly moment: number
  readonly runId: string
  readonly records: number
}

interface Story {
  readonly disk: SimulatedDisk
  readonly machine: SimulatedMachine
  readonly promised: readonly Promised[]
  readonly written: ReadonlyMap<string, readonly LogRecord[]>
}

/** Small limits, so that WALs are retired and segments sealed within a dozen records. */
function startStore(disk: SimulatedDisk, machine: SimulatedMachine): FileStore {
  return createFileStore({
    root: ROOT,
    clock: createSimulatedClock(),
    fs: disk.fs,
    processes: machine.start(),
    maxSegmentBytes: 700,
    maxWalBytes: 2500,
  })
}

function textAt(run: number, seq: number): LogRecord {
  const text = seq === 4 ? `${run} `.repeat(3000) : `run ${run}, record ${seq}`
  return recordAt(seq, seq === RECORDS - 1 && run !== 2 ? 'end' : 'chunk', text)
}

/** Three runs side by side in one process, one closed early, one never ended, and then a tidy end. */
async function tellStory(): Promise<Story> {
  const disk = createSimulatedDisk()
  const machine = createSimulatedMachine()
  const store = startStore(disk, machine)
  const promised: Promised[] = []
  const logs = await Promise.all(RUNS.map((runId) => store.create(runId)))
  for (let seq = 0; seq < RECORDS; seq++) {
    for (const [run, log] of logs.entries()) log.append(textAt(run, seq))
    if (seq % 3 === 2) await Promise.all(logs.map((log) => promise(log, seq + 1)))
    if (seq === RECORDS - 1) await logs[0]?.close()
  }
  await store.close()
  return { disk, machine, promised, written: new Map(RUNS.map((runId, run) => [runId, allOf(run)])) }

  async function promise(log: RunLog, records: number): Promise<void> {
    await log.durable()
    promised.push({ moment: disk.moment, runId: log.runId, records })
  }
}

function allOf(run: number): readonly LogRecord[] {
  return Array.from({ length: RECORDS }, (_, seq) => textAt(run, seq))
}

/** Checks one power cut: nothing promised is lost, nothing is invented, every run goes on, and the WALs go. */
async function checkPowerCut(story: Story, moment: number, keep: KeepUnsynced): Promise<void> {
  const disk = story.disk.afterPowerCut(moment, keep)
  story.machine.reboot()
  const store = startStore(disk, story.machine)
  for (const runId of RUNS) {
    const least = Math.max(
      0,
      ...story.promised.filter((one) => one.runId === runId && one.moment <= moment).map((one) => one.records),
    )
    if (least === 0 && !disk.fs.exists(`${ROOT}/runs/${runId}`)) continue
    const written = story.written.get(runId) ?? []
    const before = await store.read(runId)
    expect(before.records.length).toBeGreaterThanOrEqual(least)
    expect(before.records).toEqual(written.slice(0, before.records.length))
    if (before.isSealed) continue
    const { log, run } = await store.open(runId)
    expect(run.records).toEqual(before.records)
    log.append(recordAt(run.records.length, 'end', 'after the power cut'))
    await log.durable()
    await log.close()
    expect((await store.read(runId)).records.slice(0, -1)).toEqual(before.records)
  }
  const probe = await store.create(runIdAt(9))
  await probe.close()
  await store.close()
  expect(disk.fs.list(`${ROOT}/wal`)).toEqual([])
  for (const runId of RUNS) {
    if (disk.fs.exists(`${ROOT}/runs/${runId}`)) expect((await store.verifyRun(runId)).problems).toEqual([])
  }
}

test('a power cut at any moment loses nothing promised, whatever kind of unsynced change is kept or lost', async () => {
  const story = await tellStory()

  for (let moment = 0; moment <= story.disk.moment; moment++) {
    for (const keep of EXTREMES) await checkPowerCut(story, moment, keep)
  }

  expect(story.promised.length).toBe(12)
  expect(story.disk.moment).toBeGreaterThan(100)
})

test('a power cut that keeps any part of the unsynced writes, torn at either end at any byte, loses nothing promised', async () => {
  const story = await tellStory()

  await fc.assert(
    fc.asyncProperty(
      fc.nat(story.disk.moment),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (moment, stream) => {
        const draw = () => stream.next().value
        await checkPowerCut(story, moment, (_index, bytes) => {
          const luck = draw()
          if (luck < 0.4) return 0
          if (luck < 0.7) return bytes
          return Math.floor(draw() * (bytes + 1)) * (luck < 0.85 ? 1 : -1)
        })
      },
    ),
    { numRuns: Number(process.env['POWER_CUTS'] ?? 200) },
  )
})

test('a power cut during recovery loses nothing, again and again', async () => {
  const story = await tellStory()
  const middle = story.promised[5]?.moment ?? 0
  const broken = story.disk.afterPowerCut(middle, KEEP_NONE)
  story.machine.reboot()
  const healer = startStore(broken, story.machine)
  await (await healer.create(runIdAt(8))).close()
  await healer.close()

  for (let moment = 0; moment <= broken.moment; moment++) {
    for (const keep of EXTREMES) {
      const again = {
        ...story,
        disk: broken,
        promised: story.promised.filter((one) => one.moment <= middle).map((one) => ({ ...one, moment: 0 })),
      }
      await checkPowerCut(again, moment, keep)
    }
  }
})

test('a power cut after another process took over from a killed one loses nothing the killed one promised', async () => {
  const disk = createSimulatedDisk()
  const machine = createSimulatedMachine()
  const clock = createSimulatedClock()
  const killed = machine.start()
  const log = await createFileStore({ root: ROOT, clock, fs: disk.fs, processes: killed }).create(runIdAt(1))
  const records = allOf(0).slice(0, 6)
  for (const record of records) log.append(record)
  await log.durable()
  // Its files are complete, and only in the page cache.
  clock.advance(250)
  machine.kill(killed.pid)
  const from = disk.moment

  const heir = startStore(disk, machine)
  await (await heir.create(runIdAt(8))).close()
  await heir.close()

  expect(disk.fs.list(`${ROOT}/wal`)).toEqual([])
  for (let moment = from; moment <= disk.moment; moment++) {
    for (const keep of EXTREMES) {
      machine.reboot()
      const survivor = startStore(disk.afterPowerCut(moment, keep), machine)
      expect((await survivor.read(runIdAt(1))).records).toEqual(records)
    }
  }
})
