/**
 * `npm run bench:live -- [--tasks DIR] [--limit N] [--recordings FILE] [--backend URL] [--record FILE] [--minutes N]
 * [--workers N] [--personas team|all] [--once] [--prune]`: on tasks with hidden checks, one sample of a model beside majority
 * voting at the same tokens and beside our run. Without --backend everything comes from recorded answers, with no model; a
 * question without a recorded answer fails the bench. With it, what was not asked before is asked and appended, task by task.
 * `--prune` takes answers out of the file that nobody asks for any more. `--once` asks for the single samples alone: how hard
 * the tasks are, before anything chooses between programs.
 * Exits 0 only when every task asked for is scored, one sample passes between a third and two thirds of them, our run beats
 * both, and no drafting persona is more than 10 points below the plainest.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compose } from '../src/app/compose.ts'
import { passesHiddenChecks } from '../src/app/run-hidden-checks.ts'
import { TASK_TEAM } from '../src/app/solve-task.ts'
import { createOpenaiCompatible } from '../src/backends/openai-compatible.ts'
import { formatRecording, parseRecordings, type Recording } from '../src/backends/recording.ts'
import { requestKey } from '../src/backends/request-key.ts'
import { loadPersonas } from '../src/config/load-personas.ts'
import { loadTasks } from '../src/config/load-tasks.ts'
import { BackendError } from '../src/domain/backend-error.ts'
import { BUILT_IN_CONFIG } from '../src/domain/config.ts'
import { CodeConductorError } from '../src/domain/errors.ts'
import type { ScoredTask } from '../src/domain/task.ts'
import { createTreeSitterParser } from '../src/project/tree-sitter-parser.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import { createSystemClock } from '../src/system/system-clock.ts'
import { createRecordedBackend } from './live-backend.ts'
import { type Attempt, type Tried, tryMethods, tryOnce, type World } from './live-methods.ts'

/** Points a drafting persona may be below the plainest. */
const PERSONA_SLACK = 10
const PLAINEST = 'coder'

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: 'examples/tasks' },
    limit: { type: 'string', default: '1000' },
    recordings: { type: 'string', default: 'examples/recordings/live.jsonl' },
    backend: { type: 'string' },
    record: { type: 'string' },
    minutes: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '1' },
    personas: { type: 'string', default: 'all' },
    once: { type: 'boolean', default: false },
    prune: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})

/** Returns what a flag says, a whole number from 1 up; throws `USAGE` otherwise. */
function numberOf(flag: 'limit' | 'minutes' | 'workers'): number {
  const number = Number(values[flag])
  if (Number.isSafeInteger(number) && number >= 1) return number
  throw new CodeConductorError('USAGE', `--${flag} wants a whole number from 1 up, not "${values[flag].slice(0, 40)}"`)
}

const readRecordings = (path: string): Recording[] => (existsSync(path) ? parseRecordings(readFileSync(path, 'utf8'), path) : [])
const file = values.record ?? values.recordings
/** Answers of tasks that were broken off: asked once, but not part of what is scored. */
const partFile = `${values.record}.part`
const whole = readRecordings(file)
const parts = values.record === undefined ? [] : readRecordings(partFile)
const known: readonly Recording[] = [...whole, ...parts]
const clock = createSystemClock()
const live =
  values.backend === undefined ? null : createOpenaiCompatible({ kind: 'llamacpp', url: values.backend, clock, id: 'recorded' })
const scratch = mkdtempSync(join(tmpdir(), 'bench-live-'))
const personas = await loadPersonas('personas')
const parser = createTreeSitterParser()
const asked = (await loadTasks(values.tasks)).slice(0, numberOf('limit'))
const isAbout =
  (task: ScoredTask) =>
  ({ request }: Recording): boolean =>
    request.messages.some(({ content }) => content.includes(task.prompt.trim()))
const isRecorded = (task: ScoredTask): boolean => whole.some(isAbout(task))
const tasks = live === null ? asked.filter(isRecorded) : asked
console.log(`${tasks.length} of ${asked.length} tasks${live === null ? ' are recorded; those are scored' : ''}`)
if (tasks.length === 0) throw new CodeConductorError('USAGE', `${file} holds no answer to these tasks`)

const judge = await compose({
  config: { ...BUILT_IN_CONFIG, artifactsDir: scratch },
  env: process.env,
  cwd: scratch,
  backends: [],
})
const isolation = await judge.sandbox.probe()
if (isolation.isolation === 'none') {
  console.log(`refused: nothing was run, for nothing isolates here: ${isolation.why.at(-1) ?? ''}`)
  process.exit(1)
}
const model = live === null ? (known[0]?.request.model ?? '') : ((await live.models(AbortSignal.timeout(10_000)))[0]?.name ?? '')
const misses: string[] = []
const once: boolean[] = []
const used = new Set<string>()
const keys = new Set(known.map(({ key }) => key))
const results = new Map<string, { readonly tried: Tried; readonly passed: (program: string | null) => boolean }>()
const deadline = performance.now() + numberOf('minutes') * 60_000

async function tryTask(task: ScoredTask): Promise<void> {
  const fresh: Recording[] = parts.filter(isAbout(task))
  const backend = createRecordedBackend(known, live, (recording) => {
    fresh.push(recording)
    if (values.record !== undefined) appendFileSync(partFile, formatRecording(recording))
  })
  const world: World = {
    backend,
    model,
    conductor: judge,
    store: createMemoryStore(),
    parser,
    personas,
    mayAsk: (messages, sampling) =>
      keys.has(requestKey({ model, messages, sampling })) || (live !== null && values.personas === 'all'),
  }
  const { hidden: _, ...shown } = task
  if (values.once) {
    const { program } = await tryOnce(shown, world)
    const isRight = program !== null && (await passesHiddenChecks(task, program, judge.sandbox))
    once.push(isRight)
    console.log(`${task.id.padEnd(20)} one ${isRight ? '+' : '-'}`)
    return
  }
  const tried = await tryMethods(shown, world)
    .finally(() => {
      for (const key of backend.used) used.add(key)
    })
    .catch((error: unknown) => {
      if (!(error instanceof BackendError)) throw error
      if (backend.misses.length === 0) misses.push(`${task.id}: ${error.message}`)
      return null
    })
  misses.push(...backend.misses.map((miss) => `${task.id}: ${miss}`))
  if (tried === null) return
  // A task at a time: what is scored never holds half a task.
  if (values.record !== undefined && fresh.length > 0) appendFileSync(values.record, fresh.map(formatRecording).join(''))
  const programs = [tried.one, tried.majority, tried.team, ...Object.values(tried.personas)].flatMap(
    ({ program }) => program ?? [],
  )
  const passing = new Set<string>()
  for (const program of new Set([...programs, ...tried.drafts]))
    if (await passesHiddenChecks(task, program, judge.sandbox)) passing.add(program)
  const passed = (program: string | null): boolean => program !== null && passing.has(program)
  results.set(task.id, { tried, passed })
  const mark = (attempt: Attempt): string => (passed(attempt.program) ? '+' : '-')
  if (values.verbose || live !== null)
    console.log(
      `${task.id.padEnd(20)} one ${mark(tried.one)}  vote ${mark(tried.majority)} (${tried.majority.samples})  team ${mark(tried.team)} (${tried.team.answers} answers, ${tried.team.escalations} escalations)  ` +
        Object.entries(tried.personas)
          .map(([id, attempt]) => `${id} ${mark(attempt)}`)
          .join(' '),
    )
}

const queue = [...tasks]
async function work(): Promise<void> {
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
    if (performance.now() > deadline) return
    await tryTask(task)
  }
}
await Promise.all(Array.from({ length: numberOf('workers') }, work))
if (values.record !== undefined && existsSync(partFile)) {
  const unfinished = readRecordings(partFile).filter((part) => !tasks.some((task) => results.has(task.id) && isAbout(task)(part)))
  if (unfinished.length === 0) rmSync(partFile)
  else writeFileSync(partFile, unfinished.map(formatRecording).join(''))
}
if (values.prune && misses.length === 0 && results.size === asked.length) {
  const kept = readRecordings(file).filter(({ key }) => used.has(key))
  console.log(`${readRecordings(file).length - kept.length} recorded answers that nobody asks for are taken out`)
  writeFileSync(file, kept.map(formatRecording).join(''))
}
await judge.close()
await live?.close()
rmSync(scratch, { recursive: true, force: true })

if (values.once) {
  const share = (100 * once.filter(Boolean).length) / Math.max(1, once.length)
  console.log(`one sample passes ${share.toFixed(1)} % of ${once.length} tasks (meant: between 33.3 and 66.7)`)
  process.exit(share >= 100 / 3 && share <= 200 / 3 ? 0 : 1)
}
const scored = [...results.values()]
const percent = (count: number, of = scored.length): number => (100 * count) / Math.max(1, of)
const one = percent(scored.filter(({ tried, passed }) => passed(tried.one.program)).length)
const majority = percent(scored.filter(({ tried, passed }) => passed(tried.majority.program)).length)
const team = percent(scored.filter(({ tried, passed }) => passed(tried.team.program)).length)
const oracle = percent(scored.filter(({ tried, passed }) => tried.drafts.some(passed)).length)

const row = (name: string, share: number, attempts: readonly Attempt[]): void => {
  const mean = (of: (attempt: Attempt) => number): string =>
    (attempts.reduce((total, attempt) => total + of(attempt), 0) / Math.max(1, attempts.length)).toFixed(of === tokens ? 0 : 1)
  const cost = attempts.length === 0 ? '' : `${mean(tokens).padStart(9)} ${mean(seconds).padStart(9)}`
  console.log(`${name.padEnd(34)}${share.toFixed(1).padStart(7)}${cost}`)
}
const tokens = ({ tokens: count }: Attempt): number => count
const seconds = ({ seconds: count }: Attempt): number => count

console.log(`\n${'a task'.padEnd(34)}${'passed'.padStart(7)}${'tokens'.padStart(9)} ${'seconds'.padStart(9)}   (${model})`)
row(
  'one sample, direct, T 0',
  one,
  scored.map(({ tried }) => tried.one),
)
row(
  'majority of behaviour',
  majority,
  scored.map(({ tried }) => tried.majority),
)
row(
  'our run',
  team,
  scored.map(({ tried }) => tried.team),
)
row('  best of its programs', oracle, [])

const faults: string[] = misses.map((miss) => `a question without an answer: ${miss.slice(0, 300)}`)
for (const { id } of personas.filter(({ roles }) => roles.includes('draft'))) {
  const own = scored.filter(({ tried }) => tried.personas[id] !== undefined)
  const passes = (who: string): number =>
    percent(own.filter(({ tried, passed }) => passed(tried.personas[who]?.program ?? null)).length, own.length)
  if (own.length === 0) {
    console.log(`  ${id.padEnd(32)}   none recorded`)
    faults.push(`${id} was never asked alone`)
    continue
  }
  const [share, plainest] = [passes(id), passes(PLAINEST)]
  const isPart = own.length < scored.length ? ` on ${own.length} tasks, ${PLAINEST} there ${plainest.toFixed(1)}` : ''
  row(
    `  ${id} alone${TASK_TEAM.includes(id) ? '' : ' (not in the run)'}`,
    share,
    own.flatMap(({ tried }) => tried.personas[id] ?? []),
  )
  if (isPart !== '') console.log(`   ${isPart}`)
  if (share < plainest - PERSONA_SLACK - 1e-9) faults.push(`${id} alone ${share.toFixed(1)}, ${PLAINEST} ${plainest.toFixed(1)}`)
}
if (scored.length < asked.length) faults.push(`${asked.length - scored.length} of ${asked.length} tasks are not recorded`)
if (one < 100 / 3 || one > 200 / 3) faults.push('one sample should pass between a third and two thirds of the tasks')
if (team <= one) faults.push('our run does not beat one sample')
if (team <= majority) faults.push('our run does not beat majority voting')
for (const fault of faults) console.log(`MISSED ${fault}`)
console.log(
  `${faults.length === 0 ? 'our run beats both' : `${faults.length} missed`} · ${scored.length} of ${asked.length} tasks · one sample ${one.toFixed(1)} · majority ${majority.toFixed(1)} · our run ${team.toFixed(1)}`,
)
process.exitCode = faults.length === 0 ? 0 : 1
