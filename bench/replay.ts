import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRunRuntime } from '../src/actors/effect-actor.ts'
import { forkRun } from '../src/app/fork-run.ts'
import { replayRecords } from '../src/app/replay-run.ts'
import { resumeRun } from '../src/app/resume-run.ts'
import { startRun } from '../src/app/start-run.ts'
import { summarizeRun } from '../src/app/summarize-run.ts'
import type { LogRecord } from '../src/domain/record.ts'
import { createFileStore } from '../src/store/file-store.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import { decodeLog } from '../src/store/record-codec.ts'
import { createSystemClock } from '../src/system/system-clock.ts'
import { type BenchLog, cpuOf, holdDebate, median, specOf } from './replay-logs.ts'
import { createMemoryLogStore, debateServices, PHASES } from './runtime-debate.ts'

/*
 * What a log costs to use: replay (read, check and fold), resume, fork, list. Beside replay stand, measured in the same
 * rounds, the two things it competes with: holding the debate again on a model that answers at once, and JSON.parse alone
 * of the same lines. CPU of this process; medians over interleaved rounds, after a warm-up. Where the clock on the wall is
 * what counts (resume, `runs show`), the least disturbed round does: others at work on the machine can only add.
 */

const TARGETS = { small: 2.5, middle: 300, linear: 1.5, kib: 28, calls: 3, resumeMs: 400, showMs: 300 } as const
const ROUNDS = Number(process.argv[2] ?? 7)
const SHOWN_RECORDS = 100_000

async function measureReplay(small: BenchLog, middle: BenchLog) {
  const runtime = createRunRuntime()
  const clock = createSystemClock()
  const replay = (log: BenchLog) => () => {
    const { divergence, isDone } = replayRecords(decodeLog(log.bytes).records, runtime)
    if (divergence !== null || !isDone) throw new Error('the replay diverged')
  }
  const lines = small.bytes
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.slice(9))
  const again = debateServices(createMemoryLogStore(), clock)
  const parts = {
    small: () => cpuOf(40, replay(small)),
    again: () => cpuOf(10, async () => (await startRun(specOf(PHASES), again)).result),
    parse: () => cpuOf(40, () => lines.map((line) => JSON.parse(line))),
    middle: () => cpuOf(1, replay(middle)),
  }
  await cpuOf(300, replay(small))
  replay(middle)()
  const times: Record<keyof typeof parts, number[]> = { small: [], again: [], parse: [], middle: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(parts) as [keyof typeof parts, () => Promise<number>][])
      times[name].push(await measure())
  }
  // Last, since its log is in the way of the others; beside the middle one again, for the ratio.
  const large = await holdDebate(3_334)
  const growth: number[] = []
  let largeMs = Number.NaN
  for (let round = 0; round < 3; round += 1) {
    const middleMs = await cpuOf(3, replay(middle))
    largeMs = await cpuOf(1, replay(large))
    growth.push(largeMs / large.turns / (middleMs / middle.turns))
  }
  return { times, linear: median(growth), largeMs, largeTurns: large.turns }
}

/** Answers asked for by a fork at turn 15 of 18. */
async function countForkCalls(log: BenchLog): Promise<number> {
  const store = createMemoryStore()
  const services = debateServices(store, createSystemClock())
  const parent = await (await startRun(specOf(PHASES), { ...services, createRunId: () => 'parent' })).result
  const fork = await forkRun(parent.runId, 'turn:15', {}, { ...services, createRunId: () => 'fork' })
  const end = await fork.result
  const { records } = await store.read('fork')
  if (replayRecords(records).digest !== end.digest || log.turns !== 18) throw new Error('the fork does not replay')
  return records.filter(({ seq, k, id }) => seq > fork.plan.seq && k === 'ok' && id?.includes('/') === true).length
}

/** Wall ms from asking for a run to be resumed until its next turn is asked for, from a file store. */
async function measureResume(root: string, log: BenchLog): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const clock = createSystemClock()
  const cut = log.records.slice(0, -20)
  const runId = debateServices(createMemoryLogStore(), clock).createRunId()
  await fill(root, runId, cut)
  const store = createFileStore({ root, clock })
  const services = debateServices(store, clock)
  const before = process.cpuUsage()
  const startedMs = performance.now()
  let readyMs = Number.NaN
  let cpu = before
  const handle = await resumeRun(runId, {
    ...services,
    executors: {
      ...services.executors,
      model: () => {
        if (!Number.isNaN(readyMs)) return
        readyMs = performance.now()
        cpu = process.cpuUsage(before)
      },
    },
  })
  while (Number.isNaN(readyMs)) await new Promise((resolve) => setImmediate(resolve))
  handle.interrupt('measured')
  await handle.result
  await store.close()
  return { wallMs: readyMs - startedMs, cpuMs: (cpu.user + cpu.system) / 1000 }
}

async function fill(root: string, runId: string, records: readonly LogRecord[]): Promise<void> {
  const store = createFileStore({ root, clock: createSystemClock() })
  const log = await store.create(runId)
  for (const record of records) log.append(record)
  await log.durable()
  await log.close()
  await store.close()
}

/** Ms to know a long run from its log, and ms of the whole command in a process of its own. */
async function measureShow(
  root: string,
  small: BenchLog,
): Promise<{ readonly inProcessMs: number; readonly commandMs: number; readonly bareMs: number }> {
  const runId = '0123456789abcdefghjkmnpqrs'
  const chunk = small.records.find(({ k }) => k === 'chunk') ?? small.records[0]
  const middle = Array.from({ length: SHOWN_RECORDS - 2 }, (_, i) => ({ ...chunk, seq: i + 1 }) as LogRecord)
  const ends = [small.records[0], small.records.at(-1)].filter((record) => record !== undefined)
  await fill(root, runId, [ends[0] as LogRecord, ...middle, { ...ends[1], seq: SHOWN_RECORDS - 1 } as LogRecord])
  const inProcess: number[] = []
  const command: number[] = []
  const bare: number[] = []
  const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now()
    const store = createFileStore({ root, clock: createSystemClock() })
    const { outcome } = await summarizeRun({ store }, runId)
    inProcess.push(performance.now() - startedMs)
    if (outcome === null) throw new Error('the run was not known')
    const spawnedMs = performance.now()
    const { status, stderr } = spawnSync(process.execPath, [cli, 'runs', 'show', runId, '--out', root], { encoding: 'utf8' })
    command.push(performance.now() - spawnedMs)
    if (status !== 0) throw new Error(stderr)
    const bareMs = performance.now()
    spawnSync(process.execPath, ['-e', '0'])
    bare.push(performance.now() - bareMs)
  }
  return { inProcessMs: median(inProcess), commandMs: Math.min(...command), bareMs: Math.min(...bare) }
}

async function main(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'codeconductor-bench-'))
  try {
    const [small, middle] = [await holdDebate(PHASES), await holdDebate(300)]
    const { times, linear, largeMs, largeTurns } = await measureReplay(small, middle)
    const [replayMs, againMs, parseMs] = [median(times.small), median(times.again), median(times.parse)]
    const middleMs = median(times.middle)
    const kib = small.bytes.length / 1024
    const calls = await countForkCalls(small)
    const resumes: { readonly wallMs: number; readonly cpuMs: number }[] = []
    for (let round = 0; round < 5; round += 1) resumes.push(await measureResume(join(root, `resume${round}`), middle))
    const resumeMs = Math.min(...resumes.map(({ wallMs }) => wallMs))
    const resumeCpuMs = median(resumes.map(({ cpuMs }) => cpuMs))
    const show = await measureShow(join(root, 'show'), small)

    const out = (text: string): void => void process.stdout.write(`${text}\n`)
    out(
      `18 turns, 3,600 chunks, ${small.records.length} records: read and folded in ${replayMs.toFixed(2)} ms of CPU (all rounds: ${times.small.map((ms) => ms.toFixed(2)).join(' ')})`,
    )
    out(
      `  holding the debate again: ${againMs.toFixed(2)} ms, ${(againMs / replayMs).toFixed(1)} times replay; JSON.parse alone: ${parseMs.toFixed(2)} ms, replay is ${(replayMs / parseMs).toFixed(0)} times that`,
    )
    out(
      `${middle.turns} turns: ${middleMs.toFixed(0)} ms, ${((middleMs / middle.turns) * 1000).toFixed(0)} us a turn; ${largeTurns} turns: ${largeMs.toFixed(0)} ms, ${((largeMs / largeTurns) * 1000).toFixed(0)} us a turn`,
    )
    out(
      `resume of ${middle.turns} turns until the next turn is asked: ${resumeMs.toFixed(0)} ms (${resumeCpuMs.toFixed(0)} ms of CPU)`,
    )
    out(
      `a run of ${SHOWN_RECORDS} records known in ${show.inProcessMs.toFixed(1)} ms; \`runs show\` as a process: ${show.commandMs.toFixed(0)} ms, of which Node.js alone ${show.bareMs.toFixed(0)}`,
    )
    const checks: readonly (readonly [string, number, number, string])[] = [
      ['replay 18', replayMs, TARGETS.small, 'ms CPU'],
      ['replay 900', middleMs, TARGETS.middle, 'ms CPU'],
      ['10,000 against 900, a turn', linear, TARGETS.linear, 'x'],
      ['log', kib, TARGETS.kib, 'KiB'],
      ['fork at 15 of 18', calls, TARGETS.calls, 'calls'],
      ['resume 900', resumeMs, TARGETS.resumeMs, 'ms'],
      ['runs show', show.commandMs, TARGETS.showMs, 'ms'],
    ]
    const holds = checks.every(([, value, target]) => value <= target)
    out(
      `${holds ? 'ok' : 'MISSED'}: ${checks.map(([name, value, target, unit]) => `${name} ${value.toFixed(2)} (<= ${target} ${unit})`).join(', ')}`,
    )
    process.exitCode = holds ? 0 : 1
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

await main()
