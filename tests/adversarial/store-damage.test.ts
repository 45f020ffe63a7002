import { describe, expect, test } from 'vitest'
import type { LogRecord } from '../../src/domain/record.ts'
import { createFileStore } from '../../src/store/file-store.ts'
import { createOwnerTag } from '../../src/store/process-table.ts'
import { checksum } from '../../src/store/record-codec.ts'
import { encodeBatchMark, encodeWalLine } from '../../src/store/wal-format.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { appendAll, codeOf, recordAt, recordsBetween, runIdAt, storeRun } from '../store/support/records.ts'
import { createSimulatedDisk, KEEP_ALL, type SimulatedDisk } from '../store/support/simulated-disk.ts'
import { createSimulatedMachine, type SimulatedMachine } from '../store/support/simulated-processes.ts'

const RUN = runIdAt(1)
const OTHER = runIdAt(2)
const FOLDER = `/artifacts/runs/${RUN}`

/** Two segments, a large payload, and an end. */
const RECORDS: readonly LogRecord[] = [
  ...recordsBetween(0, 3),
  recordAt(3, 'ok', 'large '.repeat(690)),
  ...recordsBetween(4, 7),
  recordAt(7, 'end'),
]

function startStore(disk: SimulatedDisk, machine: SimulatedMachine) {
  return createFileStore({
    root: '/artifacts',
    clock: createSimulatedClock(),
    fs: disk.fs,
    processes: machine.start(),
    maxSegmentBytes: 700,
  })
}

async function closedRun(): Promise<{ readonly disk: SimulatedDisk; readonly machine: SimulatedMachine }> {
  const disk = createSimulatedDisk()
  const machine = createSimulatedMachine()
  const store = startStore(disk, machine)
  await storeRun(store, RUN, RECORDS)
  await store.close()
  return { disk, machine }
}

const SHORT = RECORDS.map((record) => (record.k === 'ok' ? recordAt(3, 'ok') : record))

/** A process that died with all its records in the WAL, in three batches, beside another run's. */
async function diedWriting(): Promise<{
  readonly disk: SimulatedDisk
  readonly machine: SimulatedMachine
  readonly wal: string
}> {
  const disk = createSimulatedDisk()
  const machine = createSimulatedMachine()
  const store = startStore(disk, machine)
  const [log, other] = [await store.create(RUN), await store.create(OTHER)]
  for (const [from, to] of [
    [0, 2],
    [2, 5],
    [5, 8],
  ] as const) {
    appendAll(log, SHORT.slice(from, to))
    appendAll(other, recordsBetween(from, to))
    await Promise.all([log.durable(), other.durable()])
  }
  machine.reboot()
  const name = disk.fs.list('/artifacts/wal').find((one) => one.endsWith('.wal')) ?? ''
  return { disk: disk.afterPowerCut(disk.moment, KEEP_ALL), machine, wal: `/artifacts/wal/${name}` }
}

function flip(disk: SimulatedDisk, path: string, byte: number): void {
  disk.damage(path, (bytes) => {
    const changed = Buffer.from(bytes)
    changed.writeUInt8((changed[byte] ?? 0) ^ (1 << (byte % 8)), byte)
    return changed
  })
}

describe('a run at rest', () => {
  for (const file of ['log.jsonl', 'log.000002.jsonl']) {
    test(`a log cut off at any byte of ${file} is read up to there or refused, never with other records`, async () => {
      const { disk, machine } = await closedRun()
      const store = startStore(disk, machine)
      const path = `${FOLDER}/${file}`
      const whole = disk.fs.read(path)
      const isLast = file !== 'log.jsonl'

      for (let bytes = 0; bytes < whole.length; bytes++) {
        disk.damage(path, () => whole.subarray(0, bytes))
        const run = await store.read(RUN).catch(() => null)
        if (!isLast) {
          expect(run).toBeNull()
          continue
        }
        const lineStart = whole.subarray(0, bytes).lastIndexOf(0x0a) + 1
        expect(run?.tornBytes).toBe(bytes - lineStart)
        expect(run?.records).toEqual(RECORDS.slice(0, run?.records.length))
        expect(run?.isSealed).toBe(false)
        expect((await store.verifyRun(RUN)).isSound).toBe(false)
      }
    })

    test(`a changed bit in any byte of ${file} is noticed by reading and by verifying`, async () => {
      const { disk, machine } = await closedRun()
      const store = startStore(disk, machine)
      const path = `${FOLDER}/${file}`
      const unnoticed: number[] = []

      for (let byte = 0; byte < disk.fs.size(path); byte++) {
        flip(disk, path, byte)
        const run = await store.read(RUN).catch(() => null)
        if (run !== null && run.tornBytes === 0) unnoticed.push(byte)
        if ((await store.verifyRun(RUN)).isSound) unnoticed.push(byte)
        flip(disk, path, byte)
      }

      expect(unnoticed).toEqual([])
    })
  }

  test('a changed or missing payload is noticed', async () => {
    const { disk, machine } = await closedRun()
    const store = startStore(disk, machine)
    const [blob = ''] = disk.fs.list(`${FOLDER}/blobs`)

    flip(disk, `${FOLDER}/blobs/${blob}`, 100)
    const changed = await store.read(RUN).catch((error: unknown) => error)
    disk.fs.unlink(`${FOLDER}/blobs/${blob}`)

    expect(changed).toMatchObject({ code: 'LOG_CORRUPT', details: { seq: 3, problem: 'blob' } })
    expect(await codeOf(store.read(RUN))).toBe('LOG_CORRUPT')
  })

  test('records behind the damage are not cut because a left WAL holds some of those before them', async () => {
    const { disk, machine } = await closedRun()
    const dead = machine.start()
    const path = `/artifacts/wal/${createOwnerTag(dead.self())}.000001.wal`
    const json = JSON.stringify(RECORDS[5])
    const fd = disk.fs.open(path, 'wx')
    disk.fs.write(fd, Buffer.from(encodeBatchMark(1, 0) + encodeWalLine(RUN, json, checksum(json))), 0)
    disk.fs.close(fd)
    machine.kill(dead.pid)
    disk.damage(`${FOLDER}/log.000002.jsonl`, (bytes) => Buffer.from(bytes.toString().replace('said 5', 'sold 5')))

    expect(await codeOf(startStore(disk, machine).open(RUN))).toBe('LOG_CORRUPT')
    expect(disk.fs.read(`${FOLDER}/log.000002.jsonl`).toString()).toContain('"k":"end"')
  })

  test('a missing segment is noticed', async () => {
    const { disk, machine } = await closedRun()
    disk.fs.unlink(`${FOLDER}/log.jsonl`)

    expect(await codeOf(startStore(disk, machine).read(RUN))).toBe('LOG_CORRUPT')
  })

  test('a record exchanged for a sound one of the same number is noticed by verifying', async () => {
    const { disk, machine } = await closedRun()
    const forged = createSimulatedDisk()
    const forger = startStore(forged, machine)
    await storeRun(forger, RUN, [...RECORDS.slice(0, 5), recordAt(5, 'chunk', 'forged'), ...RECORDS.slice(6)])
    await forger.close()
    for (const file of ['log.jsonl', 'log.000002.jsonl'])
      disk.damage(`${FOLDER}/${file}`, () => forged.fs.read(`${FOLDER}/${file}`))

    const report = await startStore(disk, machine).verifyRun(RUN)

    expect(report.problems).toEqual(['log.000002.jsonl is not what was sealed'])
  })
})

describe('a run whose process died', () => {
  test('a changed bit in any byte of the WAL never changes a record, and only the last batch can be cut', async () => {
    const { disk, machine, wal } = await diedWriting()
    const store = startStore(disk, machine)
    const lastBatch = disk.fs.read(wal).lastIndexOf('"batch":3') - 36 - 10
    const wrong: number[] = []
    let refused = 0
    let cut = 0

    for (let byte = 0; byte < disk.fs.size(wal); byte++) {
      flip(disk, wal, byte)
      const run = await store.read(RUN).catch(() => null)
      if (run === null) refused += 1
      else {
        expect(run.records).toEqual(SHORT.slice(0, run.records.length))
        if (run.records.length < SHORT.length) cut += 1
        if (run.records.length < 5 || byte < lastBatch) wrong.push(byte)
      }
      flip(disk, wal, byte)
    }

    expect(wrong).toEqual([])
    expect({ refused: refused > 1000, cut: cut > 100 }).toEqual({ refused: true, cut: true })
  })

  test('a WAL cut off at any byte gives every record before the cut', async () => {
    const { disk, machine, wal } = await diedWriting()
    const store = startStore(disk, machine)
    const whole = disk.fs.read(wal)
    let longest = 0

    for (let bytes = 0; bytes <= whole.length; bytes++) {
      disk.damage(wal, () => whole.subarray(0, bytes))
      const { records } = await store.read(RUN)
      expect(records).toEqual(SHORT.slice(0, records.length))
      expect(records.length).toBeGreaterThanOrEqual(longest)
      longest = records.length
    }

    expect(longest).toBe(SHORT.length)
  })

  test('damage in the log file is healed from the WAL while the WAL has those records', async () => {
    const { disk, machine } = await diedWriting()
    const healer = startStore(disk, machine)
    const { log } = await healer.open(RUN)
    const healed = `${FOLDER}/log.jsonl`
    flip(disk, healed, 20)
    await log.close()

    expect(await codeOf(startStore(disk, machine).read(RUN))).toBe('LOG_CORRUPT')
  })
})
