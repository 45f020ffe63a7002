import { describe, expect, test } from 'vitest'
import { createFileStore, type FileStoreOptions } from '../../src/store/file-store.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { appendAll, codeOf, recordAt, recordsBetween, runIdAt, storeRun } from './support/records.ts'
import { createSimulatedDisk, KEEP_ALL } from './support/simulated-disk.ts'
import { createSimulatedMachine } from './support/simulated-processes.ts'

const RUN = runIdAt(1)
const FOLDER = `/artifacts/runs/${RUN}`

function world() {
  const machine = createSimulatedMachine()
  const disk = createSimulatedDisk()
  const clock = createSimulatedClock()
  const start = (over: Partial<FileStoreOptions> = {}) =>
    createFileStore({ root: '/artifacts', clock, fs: disk.fs, processes: machine.start(), ...over })
  return { machine, disk, clock, start }
}

describe('the files of a run', () => {
  test('hold only what is durable, a little later, without a sync of their own', async () => {
    const { disk, clock, start } = world()
    const log = await start().create(RUN)
    appendAll(log, recordsBetween(0, 3))
    await log.durable()
    log.append(recordAt(3))
    expect(disk.fs.list(FOLDER).filter((name) => name.startsWith('log'))).toEqual([])

    clock.advance(250)

    expect(disk.fs.read(`${FOLDER}/log.jsonl`).toString().trim().split('\n').length).toBe(3)
    expect(disk.fileSyncs).toBe(1)
  })

  test('are all that is left after a tidy end: no WAL, no reserve, no lease', async () => {
    const { disk, start } = world()
    const store = start()
    await storeRun(store, RUN, [...recordsBetween(0, 3), recordAt(3, 'end')])
    await store.close()

    expect(disk.fs.list('/artifacts/wal')).toEqual([])
    expect(disk.fs.list(FOLDER)).toEqual(['log.jsonl', 'segments.json'])
    expect(await codeOf(store.create(runIdAt(2)))).toBe('STORE_FAILED')
  })

  test('are closed in segments with a chain that vouches for every byte', async () => {
    const { disk, start } = world()
    const store = start({ maxSegmentBytes: 600 })
    await storeRun(store, RUN, [...recordsBetween(0, 9), recordAt(9, 'end')])

    const report = await store.verifyRun(RUN)

    expect(report).toEqual({
      runId: RUN,
      isSound: true,
      isSealed: true,
      records: 10,
      segments: ['log.jsonl', 'log.000002.jsonl', 'log.000003.jsonl'].map((file) => ({ file, state: 'sealed' })),
      chain: expect.stringMatching(/^[0-9a-f]{64}$/),
      problems: [],
    })
    expect((await store.read(RUN)).records).toEqual([...recordsBetween(0, 9), recordAt(9, 'end')])
    disk.damage(`${FOLDER}/segments.json`, () => Buffer.from('{'))
    expect((await store.verifyRun(RUN)).problems).toEqual([
      'segments.json cannot be read',
      'segments.json does not seal the end of a finished run',
    ])
  })

  test('the last chain value tells of a change in any segment before it', async () => {
    const chains: (string | null)[] = []
    for (const text of ['said 0', 'sand 0']) {
      const { start } = world()
      const store = start({ maxSegmentBytes: 600 })
      await storeRun(store, RUN, [recordAt(0, 'start', text), ...recordsBetween(1, 9), recordAt(9, 'end')])
      chains.push((await store.verifyRun(RUN)).chain)
    }

    expect(new Set(chains).size).toBe(2)
  })

  test('a run goes on in the segment it was in', async () => {
    const { disk, start } = world()
    const store = start({ maxSegmentBytes: 600 })
    await storeRun(store, RUN, recordsBetween(0, 5))
    const { log } = await store.open(RUN)
    appendAll(log, [...recordsBetween(5, 9), recordAt(9, 'end')])
    await log.close()

    expect(disk.fs.list(FOLDER)).toEqual(['log.000002.jsonl', 'log.000003.jsonl', 'log.jsonl', 'segments.json'])
    expect((await store.verifyRun(RUN)).problems).toEqual([])
  })

  test('a large payload lies beside the log, once', async () => {
    const { disk, start } = world()
    const store = start()
    const text = 'the same prompt '.repeat(1000)
    const records = [recordAt(0, 'start', text), recordAt(1, 'ok', text), recordAt(2, 'end')]
    await storeRun(store, RUN, records)

    expect(disk.fs.list(`${FOLDER}/blobs`).length).toBe(1)
    expect(disk.fs.size(`${FOLDER}/log.jsonl`)).toBeLessThan(1000)
    expect((await store.read(RUN)).records).toEqual(records)
    expect((await store.list())[0]?.sizeBytes).toBe(disk.fs.size(`${FOLDER}/log.jsonl`) + JSON.stringify(text).length)
  })
})

describe('what dead processes left', () => {
  test('is read without writing, and moved into the files by the next that writes, for all their runs', async () => {
    const { machine, disk, start } = world()
    const dead = start()
    for (const number of [1, 2, 3]) {
      const log = await dead.create(runIdAt(number))
      appendAll(log, recordsBetween(0, number))
      await log.durable()
    }
    machine.reboot()
    const store = start()
    const before = disk.moment
    expect((await store.read(runIdAt(3))).records).toEqual(recordsBetween(0, 3))
    expect(disk.moment).toBe(before)

    await storeRun(store, runIdAt(9), [recordAt(0)])
    await store.close()

    expect(disk.fs.list('/artifacts/wal')).toEqual([])
    const later = start()
    const lengths = await Promise.all([1, 2, 3].map(async (number) => (await later.read(runIdAt(number))).records.length))
    expect(lengths).toEqual([1, 2, 3])
    expect((await later.list()).map((listing) => listing.holder)).toEqual([null, null, null, null])
  })

  test('stays where it is as long as one of its runs cannot be read, and others go on', async () => {
    const { machine, disk, start } = world()
    const dead = start()
    const logs = [await dead.create(RUN), await dead.create(runIdAt(2))]
    for (let seq = 0; seq < 2; seq++) {
      for (const log of logs) log.append(recordAt(seq))
      await Promise.all(logs.map((log) => log.durable()))
    }
    machine.reboot()
    const wal = `/artifacts/wal/${disk.fs.list('/artifacts/wal').find((name) => name.endsWith('.wal'))}`
    disk.damage(wal, (bytes) => Buffer.from(bytes.toString().replace('said 0', 'sand 0')))
    const store = start()

    await storeRun(store, runIdAt(3), [recordAt(0)])

    expect(await codeOf(store.open(RUN))).toBe('LOG_CORRUPT')
    expect(disk.fs.exists(wal)).toBe(true)
    expect((await store.read(runIdAt(3))).records).toEqual([recordAt(0)])
  })

  test('is not resurrected for a run that was removed', async () => {
    const { machine, disk, start } = world()
    const first = start()
    await storeRun(first, RUN, recordsBetween(0, 3))
    await first.remove(RUN)
    machine.reboot()
    const store = start()

    await storeRun(store, runIdAt(2), [recordAt(0)])

    expect(disk.fs.list('/artifacts/runs')).toEqual([runIdAt(2)])
  })
})

test('a run all of whose records were in the damaged part of a WAL is refused, not read as empty', async () => {
  const { machine, disk, start } = world()
  const dead = start()
  const [log, other] = [await dead.create(RUN), await dead.create(runIdAt(2))]
  log.append(recordAt(0, 'start', 'mine'))
  other.append(recordAt(0))
  await Promise.all([log.durable(), other.durable()])
  other.append(recordAt(1))
  await other.durable()
  machine.reboot()
  const wal = `/artifacts/wal/${disk.fs.list('/artifacts/wal').find((name) => name.endsWith('.wal'))}`
  disk.damage(wal, (bytes) => Buffer.from(bytes.toString().replace('mine', 'mind')))

  expect(await codeOf(start().read(RUN))).toBe('LOG_CORRUPT')
})

test('a run file that could not be written ends with a whole line, and is written on when there is room', async () => {
  const { disk, clock, start } = world()
  const store = start()
  const log = await store.create(RUN)
  log.append(recordAt(0))
  await log.durable()
  disk.freeBytes = 50
  clock.advance(250)
  expect(disk.fs.size(`${FOLDER}/log.jsonl`)).toBe(0)

  disk.freeBytes = Number.POSITIVE_INFINITY
  log.append(recordAt(1))
  await log.close()

  expect(disk.fs.read(`${FOLDER}/log.jsonl`).toString().trim().split('\n').length).toBe(2)
})

describe('a run whose lease was taken away', () => {
  test('is written no further', async () => {
    const { disk, clock, start } = world()
    const store = start()
    const log = await store.create(RUN)
    log.append(recordAt(0))
    await log.durable()
    for (const name of disk.fs.list(FOLDER)) if (name.startsWith('lease.')) disk.fs.unlink(`${FOLDER}/${name}`)
    clock.advance(250)

    log.append(recordAt(1))

    expect(await codeOf(log.durable())).toBe('STORE_FAILED')
    log.append(recordAt(1, 'end'))
    expect(await codeOf(log.durable())).toBe('STORE_FAILED')
  })
})

describe('pins', () => {
  test('a pinned run is not removed until it is unpinned', async () => {
    const { start } = world()
    const store = start()
    await storeRun(store, RUN, [recordAt(0)])

    await store.pin(RUN)
    await store.pin(RUN)
    expect(await store.isPinned(RUN)).toBe(true)
    expect(await codeOf(store.remove(RUN))).toBe('RUN_PINNED')
    await store.unpin(RUN)
    await store.unpin(RUN)
    expect(await store.isPinned(RUN)).toBe(false)
    await store.remove(RUN)

    expect(await codeOf(store.pin(RUN))).toBe('RUN_NOT_FOUND')
  })
})

test('an id that is none is refused before it can name a path', async () => {
  const { disk, start } = world()
  const store = start()
  const bad = '../../escape'

  const codes = await Promise.all(
    [store.create(bad), store.open(bad), store.read(bad), store.remove(bad), store.verifyRun(bad)].map(codeOf),
  )

  expect(new Set(codes)).toEqual(new Set(['RUN_NOT_FOUND']))
  expect(disk.moment).toBe(0)
})

test('a reader that finds a WAL gone between two looks reads the files it went into', async () => {
  const { disk, start } = world()
  const writer = start()
  await storeRun(writer, RUN, recordsBetween(0, 3))
  const read = disk.fs.read
  let isFirst = true
  disk.fs.read = (path, ...range) => {
    if (path.endsWith('.wal') && isFirst) {
      isFirst = false
      throw Object.assign(new Error('gone'), { code: 'ENOENT' })
    }
    return read(path, ...range)
  }

  expect((await start().read(RUN)).records).toEqual(recordsBetween(0, 3))
})

test('a store with hundreds of runs recovers all of them from one WAL', async () => {
  const { machine, disk, start } = world()
  const dead = start()
  const ids = Array.from({ length: 200 }, (_, index) => runIdAt(index))
  const logs = await Promise.all(ids.map((id) => dead.create(id)))
  for (const log of logs) appendAll(log, recordsBetween(0, 2))
  await Promise.all(logs.map((log) => log.durable()))
  machine.reboot()
  const after = disk.afterPowerCut(disk.moment, KEEP_ALL)

  const store = createFileStore({ root: '/artifacts', clock: createSimulatedClock(), fs: after.fs, processes: machine.start() })
  await storeRun(store, runIdAt(900), [recordAt(0)])
  await store.close()

  const read = await Promise.all(ids.map((id) => store.read(id)))
  expect(new Set(read.map((run) => run.records.length))).toEqual(new Set([2]))
  expect(after.fs.list('/artifacts/wal')).toEqual([])
})
