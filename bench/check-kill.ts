import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { replayRecords } from '../src/app/replay-run.ts'
import { startRun } from '../src/app/start-run.ts'
import { createFileStore } from '../src/store/file-store.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import { createRunId } from '../src/store/run-id.ts'
import { createSystemClock } from '../src/system/system-clock.ts'
import { killServices, killSpec, transcriptOf } from './kill-run.ts'

/*
 * `check:kill -- --runs N --kills K --seed S`: runs in processes of their own are killed (SIGKILL) at random times and gone
 * on with until they end. Each must end with the transcript of the same run undisturbed, and no answer may stand twice. The
 * seed fixes the delays, not what the machine does meanwhile.
 */

const CHILD = fileURLToPath(new URL('./kill-child.js', import.meta.url))
const PARALLEL = 3
/** Lives that end before anything is asked, or while the log is being recovered: one in so many. */
const EARLY_EVERY = 5
/**
 * A run that never gets the time for one turn ends as `attempts-exhausted`, by design. So one life in three is killed only
 * after so many results: one more than are awaited at once, so that what was awaited when it began is answered and safe.
 */
const ENOUGH_RESULTS = 4
const LONGEST_MS = 450

interface Outcome {
  readonly kills: number
  readonly retried: number
  readonly problems: readonly string[]
}

/** Mulberry32, public domain. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** When the delay of a kill begins: with the process, with its work, or with its fourth result. */
type From = 'spawn' | 'ready' | 'results'

/** One process, killed `delayMs` after `from`; null = never. */
function live(args: readonly string[], from: From | null, delayMs: number): Promise<'killed' | 'done' | string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let timer: NodeJS.Timeout | null = null
    let said = ''
    let complaint = ''
    const kill = (): void => {
      timer ??= setTimeout(() => child.kill('SIGKILL'), delayMs)
    }
    if (from === 'spawn') kill()
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (from === 'ready' && said.startsWith('ready')) kill()
      if (from === 'results' && said.split('.').length > ENOUGH_RESULTS) kill()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text
    })
    child.on('close', (code, signal) => {
      if (timer !== null) clearTimeout(timer)
      if (signal === 'SIGKILL') resolve('killed')
      else resolve(code === 0 && said.endsWith('done\n') ? 'done' : `a process ended with ${code}: ${complaint.slice(0, 2_000)}`)
    })
  })
}

async function killUntilDone(root: string, index: number, most: number, random: () => number): Promise<Outcome> {
  const runId = createRunId(1_700_000_000_000 + index, new Uint8Array(10).fill(index % 256))
  const args = [root, runId, String(index)]
  let kills = 0
  for (let life = 0; ; life += 1) {
    const from: From = life % 3 === 2 ? 'results' : life % EARLY_EVERY === EARLY_EVERY - 1 ? 'spawn' : 'ready'
    const end = await live(args, kills >= most ? null : from, random() * (from === 'spawn' ? 250 : LONGEST_MS))
    if (end === 'done') break
    if (end !== 'killed') return { kills, retried: 0, problems: [`run ${index}: ${end}`] }
    kills += 1
  }
  return { kills, ...(await judge(root, runId, index)) }
}

/** Holds a killed run against the same run undisturbed. */
async function judge(root: string, runId: string, index: number): Promise<Omit<Outcome, 'kills'>> {
  const clock = createSystemClock()
  const store = createFileStore({ root, clock })
  const problems: string[] = []
  const { records } = await store.read(runId)
  const replay = replayRecords(records)
  const undisturbed = await (await startRun(killSpec(index), killServices(createMemoryStore(), clock, runId, false))).result
  const answered = records.filter(({ k }) => k === 'ok').map(({ id }) => id)
  if (transcriptOf(replay) !== transcriptOf(undisturbed)) problems.push('its transcript is not that of the undisturbed run')
  if (new Set(answered).size !== answered.length) problems.push('an answer stands twice')
  if (replay.divergence !== null) problems.push(`it does not replay: record ${replay.divergence.seq}`)
  if (records.filter(({ k }) => k === 'end').length !== 1) problems.push('it has not exactly one end')
  problems.push(...(await store.verifyRun(runId)).problems)
  await store.close()
  return {
    retried: records.filter(({ k }) => k === 'retry').length,
    problems: problems.map((problem) => `run ${index} (${runId}): ${problem}`),
  }
}

async function main(): Promise<void> {
  const option = (name: string, otherwise: number): number => {
    const at = process.argv.indexOf(`--${name}`)
    return at < 0 ? otherwise : Number(process.argv[at + 1])
  }
  const runs = option('runs', 40)
  const wanted = option('kills', Math.ceil(runs * 7.5))
  const seed = option('seed', Date.now() % 1_000_000)
  const root = mkdtempSync(join(tmpdir(), 'codeconductor-kill-'))
  const startedMs = performance.now()
  const outcomes: Outcome[] = []
  let next = 0
  const kills = (): number => outcomes.reduce((sum, outcome) => sum + outcome.kills, 0)
  const worker = async (): Promise<void> => {
    while (next < runs || kills() < wanted) {
      const index = next
      next += 1
      outcomes.push(await killUntilDone(root, index, Math.ceil(wanted / runs) + 1, createRandom(seed * 1_000 + index)))
      if (next > runs * 3) return
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  const problems = outcomes.flatMap((outcome) => outcome.problems)
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  const retried = outcomes.reduce((sum, outcome) => sum + outcome.retried, 0)
  const seconds = (performance.now() - startedMs) / 1000
  const isOk = problems.length === 0 && outcomes.length >= runs && kills() >= wanted
  if (isOk) rmSync(root, { recursive: true, force: true })
  else process.stdout.write(`the runs are kept in ${root}\n`)
  process.stdout.write(
    `${isOk ? 'ok' : 'FAILED'}: seed ${seed}, ${outcomes.length} runs (>= ${runs}), ${kills()} kills (>= ${wanted}), ${retried} effects asked again, ${problems.length} problems (0), ${seconds.toFixed(0)} s\n`,
  )
  process.exitCode = isOk ? 0 : 1
}

await main()
