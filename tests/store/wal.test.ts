import { describe, expect, test } from 'vitest'
import { checksum } from '../../src/store/record-codec.ts'
import { createWal, type RetiredWal, type WalClient } from '../../src/store/wal.ts'
import { encodeBatchMark, encodeWalLine, scanReserve, scanWal } from '../../src/store/wal-format.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { runIdAt } from './support/records.ts'
import { createSimulatedDisk } from './support/simulated-disk.ts'

const [A, B] = [runIdAt(1), runIdAt(2)]

const line = (runId: string, json: string) => encodeWalLine(runId, json, checksum(json))

function openWal(maxBytes = 1_000_000) {
  const disk = createSimulatedDisk()
  disk.fs.makeFolder('/wal')
  const clock = createSimulatedClock()
  const retired: RetiredWal[] = []
  const options = { fs: disk.fs, clock, folder: '/wal', tag: 'me', maxBytes, relaxedMs: 50, changedFolders: new Set<string>() }
  const wal = createWal({ ...options, onRetired: (one) => retired.push(one) })
  const client = (runId: string): WalClient & { counts: number[]; failures: unknown[] } => {
    const self = {
      runId,
      counts: [] as number[],
      failures: [] as unknown[],
      onDurable: (count: number) => void self.counts.push(count),
      onFailed: (cause: unknown) => void self.failures.push(cause),
      get hasFailed() {
        return self.failures.length > 0
      },
    }
    return self
  }
  return { disk, clock, retired, wal, client }
}

/** Enough turns of the event loop for what is asked to be written and synced. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('group commit', () => {
  test('what many runs append while a sync is in flight shares the next one', async () => {
    const { disk, wal, client } = openWal()
    const [a, b] = [client(A), client(B)]
    wal.append(a, line(A, '{"seq":0}'))
    wal.commit()
    await new Promise((resolve) => setImmediate(resolve))

    for (let seq = 0; seq < 10; seq++) {
      wal.append(seq % 2 === 0 ? a : b, line(seq % 2 === 0 ? A : B, `{"seq":${seq}}`))
      wal.commit()
    }
    await settle()

    expect({ a: a.counts, b: b.counts, syncs: disk.fileSyncs }).toEqual({ a: [1, 5], b: [5], syncs: 2 })
  })

  test('what nobody waits for is written after the relaxed time, and at once when it grows', async () => {
    const { disk, clock, wal, client } = openWal()
    const a = client(A)
    wal.append(a, line(A, '{}'))
    await settle()
    expect(a.counts).toEqual([])

    clock.advance(50)
    await settle()
    expect(a.counts).toEqual([1])

    wal.append(a, line(A, JSON.stringify('x'.repeat(1 << 20))))
    await settle()
    expect({ counts: a.counts, syncs: disk.fileSyncs, timers: clock.pendingTimers() }).toEqual({
      counts: [1, 1],
      syncs: 2,
      timers: 0,
    })
  })

  test('a file that is long enough is handed on with the runs in it, and the next begins', async () => {
    const { retired, wal, client } = openWal(100)
    const [a, b] = [client(A), client(B)]
    wal.append(a, line(A, '{"text":"long enough to fill it"}'))
    wal.commit()
    await settle()
    wal.append(b, line(B, '{}'))
    await wal.close()

    expect(retired.map(({ path, runs }) => ({ path, runs: [...runs] }))).toEqual([
      { path: '/wal/me.000001.wal', runs: [A] },
      { path: '/wal/me.000002.wal', runs: [B] },
    ])
  })

  test('after a failed write the batch is gone from the file and the next takes its place', async () => {
    const { disk, wal, client } = openWal()
    const [a, b] = [client(A), client(B)]
    wal.append(a, line(A, '{"n":1}'))
    wal.commit()
    await settle()
    disk.freeBytes = 30
    wal.append(a, line(A, '{"n":2}'))
    wal.commit()
    await settle()
    disk.freeBytes = Number.POSITIVE_INFINITY
    wal.append(a, line(A, '{"n":3}'))
    wal.append(b, line(B, '{"n":4}'))
    await wal.close()

    const scan = scanWal(disk.fs.read('/wal/me.000001.wal'), true)
    expect([...scan.lines].map(([runId, lines]) => [runId, lines.map(String)])).toEqual([
      [A, ['{"n":1}']],
      [B, ['{"n":4}']],
    ])
    expect({ failures: a.failures.length, corruptAt: scan.corruptAt, torn: scan.tornBytes }).toEqual({
      failures: 1,
      corruptAt: null,
      torn: 0,
    })
  })
})

describe('a failed batch of whole lines', () => {
  for (const [how, canCut] of [
    ['is cut off', true],
    ['that cannot be cut off keeps its file, and the next batch goes to another', false],
  ] as const) {
    test(how, async () => {
      const { disk, wal, client } = openWal()
      const [a, b] = [client(A), client(B)]
      const cut = disk.fs.truncate
      if (!canCut) {
        disk.fs.truncate = () => {
          throw new Error('cannot cut')
        }
      }
      disk.freeBytes = 300
      for (let n = 0; n < 6; n++) wal.append(a, line(A, `{"n":${n}}`))
      wal.commit()
      await settle()
      disk.fs.truncate = cut
      disk.freeBytes = Number.POSITIVE_INFINITY
      wal.append(b, line(B, '{"n":9}'))
      await wal.close()

      const files = disk.fs.list('/wal').map((name) => scanWal(disk.fs.read(`/wal/${name}`), true))
      expect(files.map(({ corruptAt }) => corruptAt)).toEqual(files.map(() => null))
      expect(files.map(({ lines }) => [...lines.keys()])).toEqual(canCut ? [[B]] : [[A], [B]])
      expect(a.failures.length).toBe(1)
    })
  }
})

describe('reading a WAL', () => {
  const first = `${encodeBatchMark(1, 0)}${line(A, '{"n":1}')}${line(B, '{"n":2}')}`
  const second = `${encodeBatchMark(2, first.length)}${line(A, '{"n":3}')}${line(B, '{"n":4}')}`
  const damaged = (text: string, at: string) => Buffer.from(text.replace(at, at.replace('n', 'm')))
  const found = (bytes: Buffer, isSameBoot: boolean) => {
    const { lines, corruptAt, runsBehind } = scanWal(bytes, isSameBoot)
    return { lines: [...lines.values()].flat().map(String), isCorrupt: corruptAt !== null, behind: [...runsBehind] }
  }

  test('a bad line with a later batch behind it is corruption', () => {
    expect(found(damaged(first + second, '{"n":2}'), false)).toEqual({ lines: ['{"n":1}'], isCorrupt: true, behind: [A, B] })
  })

  test('a bad line in the last batch is a cut after a power cut, and corruption without one', () => {
    const bytes = damaged(first + second, '{"n":3}')

    expect(found(bytes, false)).toEqual({ lines: ['{"n":1}', '{"n":2}'], isCorrupt: false, behind: [B] })
    expect(found(bytes, true)).toEqual({ lines: ['{"n":1}', '{"n":2}'], isCorrupt: true, behind: [B] })
  })

  test('a mark counts only at its own offset, so that text which looks like one proves nothing', () => {
    const bytes = Buffer.from(`${damaged(first, '{"n":2}').toString()}${encodeBatchMark(2, 7)}`)

    expect(found(bytes, false).isCorrupt).toBe(false)
  })

  test('a changed run id is noticed', () => {
    const bytes = Buffer.from(first.replace(B, A))

    expect(found(bytes, false).lines).toEqual(['{"n":1}'])
  })

  test('a reserve gives the closing records of its slots, and takes an unfinished one for none', () => {
    const slots = [line(A, '{"k":"end"}'), '', line(B, '{"k":"end"}').slice(0, -3)].map((text) => text.padEnd(128, '\0'))

    expect([...scanReserve(Buffer.from(slots.join('')), 128)].map(([runId, json]) => [runId, String(json)])).toEqual([
      [A, '{"k":"end"}'],
    ])
  })
})
