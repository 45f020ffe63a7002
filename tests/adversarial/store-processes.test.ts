import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogRecord } from '../../src/domain/record.ts'
import { createFileStore } from '../../src/store/file-store.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { codeOf, runIdAt } from '../store/support/records.ts'

const REPO = join(import.meta.dirname, '../..')
const CHILD = join(REPO, 'tests/store/support/child-writer.mjs')
const MANY = 1_000_000

let work = ''
let build = ''
const children = new Set<ChildProcess>()

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'store-processes-'))
  build = join(work, 'build')
  mkdirSync(build)
  writeFileSync(join(build, 'package.json'), '{"type":"module"}')
  // The child runs what users run, compiled JavaScript, of exactly this source.
  const entries = ['src/store/file-store.ts', 'src/system/system-clock.ts']
  const options = '--module nodenext --target es2023 --rewriteRelativeImportExtensions --skipLibCheck --types node --noCheck'
  const tsc = join(REPO, 'node_modules/typescript/bin/tsc')
  execFileSync(
    process.execPath,
    [tsc, '--ignoreConfig', ...options.split(' '), '--rootDir', 'src', '--outDir', build, ...entries],
    { cwd: REPO },
  )
}, 60_000)

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(work, { recursive: true, force: true })
})

interface Writer {
  readonly child: ChildProcess
  /** Records the child was told are safe. */
  durable(): number
  /** Resolves when the child has printed a line that starts so. */
  said(start: string): Promise<void>
  ended(): Promise<void>
}

function startWriter(root: string, runId: string, records: number): Writer {
  const child = spawn(process.execPath, [CHILD, build, root, runId, String(records)], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const exit = once(child, 'close').then(() => void children.delete(child))
  const lines = () => text.split('\n').slice(0, -1)
  return {
    child,
    durable: () =>
      Number(
        lines()
          .findLast((line) => line.startsWith('durable '))
          ?.slice(8) ?? 0,
      ),
    said: async (start) => {
      while (!lines().some((line) => line.startsWith(start))) {
        const more = child.stdout === null ? exit : Promise.race([once(child.stdout, 'data'), exit])
        await more
        if (child.exitCode !== null && !lines().some((line) => line.startsWith(start)))
          throw new Error(`the child ended with: ${text}`)
      }
    },
    ended: () => exit,
  }
}

function written(seq: number): LogRecord {
  return { v: 1, seq, t: seq, k: 'chunk', a: 'run', d: { text: `said ${seq} `.repeat(1 + ((seq * 7) % 40)) } }
}

function openStore(root: string) {
  return createFileStore({ root, clock: createSystemClock() })
}

test('a run whose process is killed again and again keeps every durable record once, and ends whole', async () => {
  const root = join(work, 'killed')
  const runId = runIdAt(1)
  const reader = openStore(root)
  let promised = 0
  for (let kill = 0; kill < 6; kill++) {
    const writer = startWriter(root, runId, MANY)
    await writer.said('durable')
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 40))
    writer.child.kill('SIGKILL')
    await writer.ended()
    promised = Math.max(promised, writer.durable())
    const { records } = await reader.read(runId)
    expect(records.length).toBeGreaterThanOrEqual(promised)
    expect(records).toEqual(Array.from({ length: records.length }, (_, seq) => written(seq)))
  }

  const last = startWriter(root, runId, promised + 500)
  await last.said('done')
  await last.ended()

  const run = await reader.read(runId)
  expect(run.records.slice(0, -1)).toEqual(Array.from({ length: promised + 500 }, (_, seq) => written(seq)))
  expect({ tornBytes: run.tornBytes, isSealed: run.isSealed }).toEqual({ tornBytes: 0, isSealed: true })
  expect((await reader.verifyRun(runId)).problems).toEqual([])
  expect(readdirSync(join(root, 'wal'))).toEqual([])
}, 30_000)

test('several processes share one folder, each with its own runs, and none may take the run of another', async () => {
  const root = join(work, 'shared')
  const [first, second] = [startWriter(root, runIdAt(1), MANY), startWriter(root, runIdAt(2), MANY)]
  await Promise.all([first.said('durable'), second.said('durable')])
  const store = openStore(root)

  const refusal = await store.open(runIdAt(1)).catch((error: unknown) => error)
  const intruder = startWriter(root, runIdAt(2), MANY)
  await intruder.said('error RUN_HELD')
  const own = await store.create(runIdAt(3))
  const holders = (await store.list()).map((listing) => listing.holder?.pid)

  expect(refusal).toMatchObject({ code: 'RUN_HELD', details: { pid: first.child.pid } })
  expect(holders).toEqual([first.child.pid, second.child.pid, process.pid])
  expect((await store.read(runIdAt(2))).records.length).toBeGreaterThanOrEqual(5)
  await own.close()
  for (const writer of [first, second]) writer.child.kill('SIGKILL')
  await Promise.all([first.ended(), second.ended()])
  const reopened = await store.open(runIdAt(1))
  expect(reopened.run.records.length).toBeGreaterThanOrEqual(first.durable())
  await store.close()
}, 30_000)

test('a process that is stopped keeps its run, and one that is killed but not collected does not', async () => {
  const root = join(work, 'stopped')
  const writer = startWriter(root, runIdAt(1), MANY)
  await writer.said('durable')
  const store = openStore(root)

  writer.child.kill('SIGSTOP')
  const whileStopped = await codeOf(store.open(runIdAt(1)))
  writer.child.kill('SIGKILL')
  await once(writer.child, 'exit')

  expect(whileStopped).toBe('RUN_HELD')
  const { log } = await store.open(runIdAt(1))
  await log.close()
  await store.close()
}, 30_000)
