import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'

/*
 * How long the command line takes to say something, beside bare Node and beside another tool's `--version`. Each round runs every
 * program once, in turn, so that a busy machine slows all of them alike; what is compared is the median of the differences
 * within rounds. Where other programs use the processors (bare Node takes half as long again as its own CPU time), waiting
 * for them says nothing of ours, and CPU time is held to the target instead; both are printed.
 *
 *     npm run bench:cli [-- ROUNDS]
 */

const TARGET_MS = 40
const root = resolve(import.meta.dirname, '../..')
const main = join(root, 'dist/cli/main.js')
const rounds = Number(process.argv[2] ?? 25)

const BASE = 'node -e 0'
const PEER = 'vitest --version'
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  [BASE]: ['-e', '0'],
  '--version': [main, '--version'],
  '--help': [main, '--help'],
  'run --help': [main, 'run', '--help'],
  'complete --': [main, 'complete', '--', 'ru'],
  [PEER]: [join(root, 'node_modules/vitest/vitest.mjs'), '--version'],
}

interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
}

function measure(args: readonly string[]): Cost {
  const [start, cpuStart] = [performance.now(), childrenCpuMs()]
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: root })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr.toString().slice(0, 500)}`)
  return { wallMs: performance.now() - start, cpuMs: childrenCpuMs() - cpuStart }
}

/** CPU time of the children that ended, from /proc (in ticks of 10 ms, so good for sums only); NaN on other systems. */
function childrenCpuMs(): number {
  if (process.platform !== 'linux') return Number.NaN
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

if (!existsSync(main)) throw new Error('dist/cli/main.js is missing: npm run build')
const names = Object.keys(PROGRAMS)
const costs = new Map<string, Cost[]>(names.map((name) => [name, []]))
for (const args of Object.values(PROGRAMS)) measure(args)
for (let round = 0; round < rounds; round++) {
  for (const [name, args] of Object.entries(PROGRAMS)) costs.get(name)?.push(measure(args))
}

const of = (name: string): readonly Cost[] => costs.get(name) ?? []
const wall = (name: string): number => median(of(name).map(({ wallMs }) => wallMs))
const cpu = (name: string): number => of(name).reduce((sum, { cpuMs }) => sum + cpuMs, 0) / rounds
const wallOver = (name: string): number => median(of(name).map(({ wallMs }, round) => wallMs - (of(BASE)[round]?.wallMs ?? 0)))
const cpuOver = (name: string): number => cpu(name) - cpu(BASE)
console.log(`Node ${process.versions.node}, ${cpus().length} cores, ${rounds} rounds: median wall time, mean CPU time`)
for (const name of names) {
  const over = `+${wallOver(name).toFixed(1)} wall, +${cpuOver(name).toFixed(1)} CPU over ${BASE}`
  console.log(
    `  ${name.padEnd(17)} ${wall(name).toFixed(1).padStart(7)} ms wall  ${cpu(name).toFixed(1).padStart(6)} ms CPU   ${over}`,
  )
}
const isBusy = wall(BASE) > 1.5 * cpu(BASE)
const over = isBusy ? cpuOver : wallOver
const worst = Math.max(over('--version'), over('--help'))
const isMet = worst <= TARGET_MS
const figures = ['--version', '--help'].map((name) => `${name} +${over(name).toFixed(1)} ms`).join(', ')
console.log(
  `bench:cli ${isMet ? 'ok' : 'MISSED'}: ${figures} ${isBusy ? 'CPU (busy machine) ' : ''}over ${BASE} (target <= ${TARGET_MS}); ` +
    `peer vitest --version +${over(PEER).toFixed(1)} ms, ${(over(PEER) / worst).toFixed(1)}x`,
)
process.exitCode = isMet ? 0 : 1
