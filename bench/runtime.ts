import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CellResult } from './runtime-cell.ts'

/**
 * What the runtime costs: an 18-turn debate (3 personas × 6 phases), 200 chunks a turn, log on, at 10, 100 and 1,000 at
 * once; beside it `Promise.all` without any runtime, and LangGraph.js, on the same model that answers at once. Each cell
 * is a process of its own; the three are interleaved, and medians are taken.
 */
const CELL = fileURLToPath(new URL('./runtime-cell.js', import.meta.url))
const ROUNDS = 3

function cell(implementation: string, concurrent: number, waves: number): CellResult {
  const output = execFileSync(process.execPath, [CELL, implementation, String(concurrent), String(waves)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(output) as CellResult
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Runs the cells in turn, `ROUNDS` times, and returns the median of each figure. */
function interleave(cells: readonly (readonly [string, number, number])[], rounds = ROUNDS): CellResult[] {
  const results = cells.map(() => [] as CellResult[])
  for (let round = 0; round < rounds; round += 1)
    cells.forEach(([name, concurrent, waves], i) => void results[i]?.push(cell(name, concurrent, waves)))
  return results.map((runs) => {
    const pick = (key: keyof CellResult): number => median(runs.map((run) => run[key]))
    return {
      debates: pick('debates'),
      wallMs: pick('wallMs'),
      cpuUsPerTurn: pick('cpuUsPerTurn'),
      debatesPerSecond: pick('debatesPerSecond'),
      rssMb: pick('rssMb'),
      logKib: pick('logKib'),
    }
  })
}

function show(label: string, result: CellResult | undefined): void {
  if (result === undefined) return
  const { cpuUsPerTurn, debatesPerSecond, rssMb, logKib } = result
  const log = logKib > 0 ? ` · log ${logKib.toFixed(1)} KiB a debate` : ''
  console.log(
    `${label.padEnd(34)} ${cpuUsPerTurn.toFixed(0).padStart(6)} µs CPU a turn · ${debatesPerSecond.toFixed(0).padStart(5)} debates/s · ${rssMb.toFixed(0)} MB${log}`,
  )
}

const [ten, hundred, raw, langGraph] = interleave([
  ['ours', 10, 20],
  ['ours', 100, 4],
  ['raw', 100, 4],
  ['langgraph', 100, 1],
])
const [strict, unlogged] = interleave([
  ['ours', 50, 8],
  ['ours-nolog', 50, 8],
])
const [thousand] = interleave([['ours', 1_000, 1]], 1)

show('ours, log on, 10 at once', ten)
show('ours, log on, 100 at once', hundred)
show('ours, log on, 1,000 at once', thousand)
show('Promise.all, no runtime, 100', raw)
show('LangGraph.js, no checkpoints, 100', langGraph)
show('ours, strict output commit, 50', strict)
show('ours, no log, 50', unlogged)

const cpu = hundred?.cpuUsPerTurn ?? Number.NaN
const ratio = (langGraph?.cpuUsPerTurn ?? Number.NaN) / cpu
const overRaw = cpu / (raw?.cpuUsPerTurn ?? Number.NaN)
const growth = (thousand?.cpuUsPerTurn ?? Number.NaN) / (ten?.cpuUsPerTurn ?? Number.NaN)
const ofUnlogged = (strict?.debatesPerSecond ?? 0) / (unlogged?.debatesPerSecond ?? Number.NaN)
const perSecond = strict?.debatesPerSecond ?? 0
const checks = [
  [`${cpu.toFixed(0)} µs CPU a turn at 100 (≤ 400)`, cpu <= 400],
  [`LangGraph.js ${ratio.toFixed(1)}× (≥ 12), Promise.all 1/${overRaw.toFixed(1)}`, ratio >= 12],
  [`${thousand?.rssMb.toFixed(0)} MB at 1,000 (≤ 400)`, (thousand?.rssMb ?? Number.POSITIVE_INFINITY) <= 400],
  [`${hundred?.logKib.toFixed(1)} KiB of log a debate (≤ 28)`, (hundred?.logKib ?? Number.POSITIVE_INFINITY) <= 28],
  [
    `${perSecond.toFixed(0)} debates/s strict at 50 (≥ 140) or ${ofUnlogged.toFixed(2)} of no log (≥ 0.9)`,
    perSecond >= 140 || ofUnlogged >= 0.9,
  ],
  [`cost a turn from 10 to 1,000 ×${growth.toFixed(2)} (≤ 1.5)`, growth <= 1.5],
] as const
const missed = checks.filter(([, holds]) => !holds).length
console.log(
  `${missed === 0 ? 'held' : `${missed} missed`}: ${checks.map(([text, holds]) => (holds ? text : `MISSED ${text}`)).join(' · ')}`,
)
process.exitCode = missed === 0 ? 0 : 1
