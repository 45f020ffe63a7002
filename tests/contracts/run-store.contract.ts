import { describe, expect, test } from 'vitest'
import type { LogRecord } from '../../src/domain/record.ts'
import type { RunStore } from '../../src/ports/run-store.ts'
import { appendAll, codeOf, recordAt, recordsBetween, runIdAt, storeRun } from '../store/support/records.ts'

/** A place where stores of several processes keep runs, and what can happen to it. */
export interface StoreWorld {
  /** Returns a store of a new process. */
  start(): RunStore
  /** Kills every process without warning; `losesUnsynced` also takes what no sync covered. */
  crash(losesUnsynced: boolean): void
  /** Changes the stored log of a run that is closed. */
  damage(runId: string, change: (bytes: Buffer) => Buffer): void
  /** Leaves `bytes` on the disk; Infinity gives it back. */
  setFreeBytes(bytes: number): void
  /** Everything that lies in the store now, for comparing; null where there is nothing to compare. */
  picture(): unknown
  /** Syncs of file contents so far; null where nothing is synced. */
  syncs(): number | null
  end(): Promise<void>
}

const RUN = runIdAt(1)
const OTHER = runIdAt(2)

/** The contract of `RunStore`, number by number. */
export function runStoreContract(name: string, createWorld: () => StoreWorld): void {
  const inWorld = (title: string, body: (world: StoreWorld) => Promise<void>) =>
    test(title, async () => {
      const world = createWorld()
      try {
        await body(world)
      } finally {
        await world.end()
      }
    })

  describe(`the run store contract, ${name}`, () => {
    inWorld('1. what was appended is read back equal, in order, by this and a later process', async (world) => {
      const store = world.start()
      const records: readonly LogRecord[] = [
        recordAt(0, 'start', 'Ümläut, emoji 🦀, NUL \0, ESC \u001b[31m, lone \ud800, LF \n'),
        { v: 1, seq: 1, t: 1, k: 'cmd', a: 'run' },
        { v: 1, seq: 2, t: 2, k: 'ok', a: 'run', d: null },
        { v: 1, seq: 3, t: 3, k: 'ok', a: 'run', d: '@sha256:'.padEnd(72, '0') },
        { v: 1, seq: 4, t: 4, k: 'ok', a: 'run', d: { text: '@@sha256:x', __proto__x: 1, big: 'x'.repeat(50_000) }, att: 2 },
        { v: 1, seq: 5, t: 5, k: 'ok', a: 'run', d: ['y'.repeat(10_000), 2, { z: false }] },
        recordAt(6, 'end'),
      ]

      await storeRun(store, RUN, records)

      const expected = { runId: RUN, records, tornBytes: 0, isSealed: true }
      expect(await store.read(RUN)).toEqual(expected)
      await store.close()
      expect(await world.start().read(RUN)).toEqual(expected)
    })

    inWorld('1. a record changed by its owner after appending is stored as it was', async (world) => {
      const store = world.start()
      const log = await store.create(RUN)
      const payload = { text: 'before' }

      log.append({ ...recordAt(0), d: payload })
      payload.text = 'after'
      await log.durable()

      expect((await store.read(RUN)).records).toEqual([{ ...recordAt(0), d: { text: 'before' } }])
    })

    for (const losesUnsynced of [false, true]) {
      const how = losesUnsynced ? 'a power cut' : 'a kill'
      inWorld(`2. what was durable survives ${how}, and the run goes on from there`, async (world) => {
        const log = await world.start().create(RUN)
        appendAll(log, recordsBetween(0, 5))
        await log.durable()

        world.crash(losesUnsynced)

        const store = world.start()
        expect((await store.read(RUN)).records).toEqual(recordsBetween(0, 5))
        const reopened = await store.open(RUN)
        expect(reopened.run.records).toEqual(recordsBetween(0, 5))
        appendAll(reopened.log, recordsBetween(5, 8))
        await reopened.log.durable()
        world.crash(losesUnsynced)
        expect((await world.start().read(RUN)).records).toEqual(recordsBetween(0, 8))
      })
    }

    inWorld('2. durable of a log with nothing new resolves', async (world) => {
      const log = await world.start().create(RUN)

      await log.durable()

      expect(log.runId).toBe(RUN)
    })

    inWorld('3. a record with another number than its place is refused, and nothing after it is written', async (world) => {
      const store = world.start()
      const log = await store.create(RUN)
      log.append(recordAt(0))
      await log.durable()

      log.append(recordAt(2))
      log.append(recordAt(1))

      expect(await codeOf(log.durable())).toBe('STORE_FAILED')
      expect((await store.read(RUN)).records).toEqual([recordAt(0)])
    })

    inWorld('3. a bad line before the end refuses to load, naming the record', async (world) => {
      const store = world.start()
      await storeRun(store, RUN, [...recordsBetween(0, 4), recordAt(4, 'end')])
      await store.close()
      world.damage(RUN, (bytes) => flipBit(bytes, bytes.indexOf('said 2'), 0))

      const failure = await store.read(RUN).catch((error: unknown) => error)

      expect(failure).toMatchObject({ code: 'LOG_CORRUPT', details: { seq: 2, problem: 'checksum' } })
      expect(await codeOf(world.start().open(RUN))).toBe('LOG_CORRUPT')
    })

    inWorld('3. a missing line refuses to load', async (world) => {
      const store = world.start()
      await storeRun(store, RUN, [...recordsBetween(0, 4), recordAt(4, 'end')])
      await store.close()
      world.damage(RUN, (bytes) => withoutLine(bytes, 1))

      expect(await codeOf(store.read(RUN))).toBe('LOG_CORRUPT')
    })

    inWorld('3. an incomplete last line is cut and told, and the run goes on in its place', async (world) => {
      const store = world.start()
      await storeRun(store, RUN, [...recordsBetween(0, 4), recordAt(4, 'end')])
      await store.close()
      world.damage(RUN, (bytes) => bytes.subarray(0, bytes.length - 10))

      const later = world.start()
      const read = await later.read(RUN)
      expect({ ...read, tornBytes: read.tornBytes > 10 }).toEqual({
        runId: RUN,
        records: recordsBetween(0, 4),
        tornBytes: true,
        isSealed: false,
      })
      const { log, run } = await later.open(RUN)
      expect(run).toEqual(read)
      log.append(recordAt(4, 'end', 'again'))
      await log.durable()
      await log.close()
      expect(await later.read(RUN)).toEqual({
        runId: RUN,
        records: [...recordsBetween(0, 4), recordAt(4, 'end', 'again')],
        tornBytes: 0,
        isSealed: true,
      })
    })

    inWorld('4. any changed bit of a stored line is noticed', async (world) => {
      const store = world.start()
      await storeRun(store, RUN, [recordAt(0, 'start'), recordAt(1), recordAt(2, 'end')])
      await store.close()
      const sound = await world.start().read(RUN)
      let size = 0
      world.damage(RUN, (bytes) => {
        size = bytes.length
        return bytes
      })

      const accepted: number[] = []
      for (let byte = 0; byte < size; byte++) {
        world.damage(RUN, (bytes) => flipBit(bytes, byte, byte % 8))
        const read = await store.read(RUN).catch(() => null)
        if (read !== null && read.tornBytes === 0) accepted.push(byte)
        if (read !== null) expect(read.records).toEqual(sound.records.slice(0, read.records.length))
        world.damage(RUN, (bytes) => flipBit(bytes, byte, byte % 8))
      }

      expect({ accepted, size: size > 300 }).toEqual({ accepted: [], size: true })
    })

    inWorld('5. a run belongs to one process at a time, and the second is told whose it is', async (world) => {
      const first = world.start()
      const log = await first.create(RUN)
      log.append(recordAt(0))
      await log.durable()

      for (const store of [first, world.start()]) {
        const failures = await Promise.all(
          [store.create(RUN), store.open(RUN)].map((work) => work.catch((error: unknown) => error)),
        )
        expect(failures).toEqual([held(), held()])
        expect(await codeOf(store.remove(RUN))).toBe('RUN_HELD')
      }
      await log.close()
      const second = await world.start().open(RUN)
      expect(second.run.records).toEqual([recordAt(0)])
    })

    inWorld('5. the lease of a dead process lapses by itself', async (world) => {
      const log = await world.start().create(RUN)
      log.append(recordAt(0))
      await log.durable()
      world.crash(false)

      const store = world.start()

      expect((await store.list()).map((listing) => listing.holder)).toEqual([null])
      expect((await store.open(RUN)).run.records).toEqual([recordAt(0)])
    })

    inWorld('5. a run that exists cannot be created, and one that does not cannot be opened, read or removed', async (world) => {
      const store = world.start()
      await storeRun(store, RUN, [recordAt(0)])

      expect(await codeOf(store.create(RUN))).toBe('STORE_FAILED')
      const codes = await Promise.all([store.open(OTHER), store.read(OTHER), store.remove(OTHER)].map(codeOf))
      expect(codes).toEqual(['RUN_NOT_FOUND', 'RUN_NOT_FOUND', 'RUN_NOT_FOUND'])
    })

    inWorld('6. many runs append at once, each to its own log', async (world) => {
      const store = world.start()
      const ids = Array.from({ length: 20 }, (_, index) => runIdAt(index))
      const logs = await Promise.all(ids.map((id) => store.create(id)))
      const before = world.syncs()

      for (const [index, log] of logs.entries()) appendAll(log, [recordAt(0, 'start', `run ${index}`), recordAt(1)])
      await Promise.all(logs.map((log) => log.durable()))

      const after = world.syncs()
      if (before !== null && after !== null) expect(after - before).toBe(1)
      const runs = await Promise.all(ids.map((id) => store.read(id)))
      expect(runs.map((run) => run.records)).toEqual(ids.map((_, index) => [recordAt(0, 'start', `run ${index}`), recordAt(1)]))
    })

    inWorld('7. a full disk fails the run, keeps its durable part, and leaves room to close it', async (world) => {
      const store = world.start()
      const log = await store.create(RUN)
      appendAll(log, recordsBetween(0, 3))
      await log.durable()
      world.setFreeBytes(50)

      appendAll(log, recordsBetween(3, 6))
      const failure = await log.durable().catch((error: unknown) => error)
      log.append(recordAt(6))
      log.append(recordAt(7, 'end', 'disk full'))
      await log.durable()
      await log.close()

      expect(failure).toMatchObject({ code: 'STORE_FAILED', details: { nextSeq: 3, errno: 'ENOSPC' } })
      const expected = {
        runId: RUN,
        records: [...recordsBetween(0, 3), { ...recordAt(7, 'end', 'disk full'), seq: 3 }],
        tornBytes: 0,
        isSealed: true,
      }
      expect(await store.read(RUN)).toEqual(expected)
      expect((await store.list()).map((listing) => listing.isSealed)).toEqual([true])
      world.crash(true)
      world.setFreeBytes(Number.POSITIVE_INFINITY)
      const later = world.start()
      expect(await later.read(RUN)).toEqual(expected)
      await storeRun(later, OTHER, [recordAt(0)])
      expect(await later.read(RUN)).toEqual(expected)
    })

    inWorld('7. after a full disk the runs that wrote nothing meanwhile go on', async (world) => {
      const store = world.start()
      const [hit, spared] = [await store.create(RUN), await store.create(OTHER)]
      hit.append(recordAt(0))
      spared.append(recordAt(0))
      await Promise.all([hit.durable(), spared.durable()])
      world.setFreeBytes(10)
      hit.append(recordAt(1))
      expect(await codeOf(hit.durable())).toBe('STORE_FAILED')
      world.setFreeBytes(Number.POSITIVE_INFINITY)

      spared.append(recordAt(1))
      await spared.durable()

      expect((await store.read(OTHER)).records).toEqual(recordsBetween(0, 2))
      expect(await codeOf(hit.durable())).toBe('STORE_FAILED')
      expect((await store.read(RUN)).records).toEqual([recordAt(0)])
    })

    inWorld('8. reading and listing take no lease and write nothing', async (world) => {
      const log = await world.start().create(RUN)
      appendAll(log, recordsBetween(0, 3))
      await log.durable()
      world.crash(false)
      const before = world.picture()

      const reader = world.start()
      await reader.read(RUN)
      await reader.list()

      expect(world.picture()).toEqual(before)
    })

    inWorld('8. a run is read while it is written', async (world) => {
      const writer = world.start()
      const reader = world.start()
      const log = await writer.create(RUN)
      for (let seq = 0; seq < 3; seq++) {
        log.append(recordAt(seq))
        await log.durable()
        expect((await reader.read(RUN)).records).toEqual(recordsBetween(0, seq + 1))
      }
      const [listing] = await reader.list()
      expect(listing).toMatchObject({ runId: RUN, createdMs: 1_700_000_000_001, isSealed: false })
      expect(listing?.holder).not.toBeNull()
    })

    inWorld('an ended log takes no more records', async (world) => {
      const store = world.start()
      await storeRun(store, RUN, [recordAt(0), recordAt(1, 'end')])

      const { log } = await store.open(RUN)
      log.append(recordAt(2))
      log.append(recordAt(2, 'end'))

      expect(await codeOf(log.durable())).toBe('STORE_FAILED')
      await log.close()
      expect((await store.read(RUN)).records).toEqual([recordAt(0), recordAt(1, 'end')])
    })

    inWorld('closing writes what is queued, may be repeated, and tells of a failure nobody asked about', async (world) => {
      const store = world.start()
      const log = await store.create(RUN)
      log.append(recordAt(0))
      await log.close()
      await log.close()
      expect((await store.read(RUN)).records).toEqual([recordAt(0)])

      const second = (await store.open(RUN)).log
      second.append(recordAt(1))
      world.setFreeBytes(0)
      expect(await codeOf(second.close())).toBe('STORE_FAILED')
      world.setFreeBytes(Number.POSITIVE_INFINITY)
      expect((await store.read(RUN)).records).toEqual([recordAt(0)])
    })

    inWorld('a record JSON cannot hold fails its run and throws nothing', async (world) => {
      const log = await world.start().create(RUN)
      const loop: { self?: unknown } = {}
      loop.self = loop

      log.append({ ...recordAt(0), d: loop })

      expect(await codeOf(log.durable())).toBe('STORE_FAILED')
    })

    inWorld('a removed run is gone, also after a crash', async (world) => {
      const store = world.start()
      await storeRun(store, RUN, recordsBetween(0, 3))
      await storeRun(store, OTHER, recordsBetween(0, 3))

      await store.remove(RUN)
      world.crash(true)

      const later = world.start()
      await later.open(OTHER)
      expect((await later.list()).map((listing) => listing.runId)).toEqual([OTHER])
      expect(await codeOf(later.read(RUN))).toBe('RUN_NOT_FOUND')
    })
  })
}

function held(): unknown {
  return expect.objectContaining({
    code: 'RUN_HELD',
    details: expect.objectContaining({ pid: expect.any(Number), host: expect.any(String) }),
  })
}

function flipBit(bytes: Buffer, at: number, bit: number): Buffer {
  const changed = Buffer.from(bytes)
  changed.writeUInt8((changed[at] ?? 0) ^ (1 << bit), at)
  return changed
}

function withoutLine(bytes: Buffer, number: number): Buffer {
  const lines = bytes.toString().split('\n')
  return Buffer.from(lines.filter((_, index) => index !== number).join('\n'))
}
