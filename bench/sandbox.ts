/**
 * What isolation costs: milliseconds a sandbox adds to starting `python3 -c pass` and `node -e 0`, and calls a second inside one
 * warm candidate, with docker and firejail beside it where they are installed. Within a round runs are interleaved, so that a busy
 * machine slows both rows alike. Exit 0 only when the median of all rounds reaches every target; the best round is printed
 * beside it and decides nothing.
 *
 *   npm run bench:sandbox -- [--runs 40] [--calls 600] [--rounds 5]
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Call } from '../src/domain/value.ts'
import type { Sandbox } from '../src/ports/sandbox.ts'
import { createSandbox } from '../src/sandbox/create-sandbox.ts'

const TARGET_ADDED_MS = 10
const TARGET_CALLS_PER_SECOND = 450

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '40' },
    calls: { type: 'string', default: '600' },
    rounds: { type: 'string', default: '5' },
  },
})
const runs = Number(values.runs)
const callCount = Number(values.calls)

type Timed = () => Promise<void>
interface Program {
  readonly name: string
  readonly command: string
  readonly argv: readonly string[]
  readonly language: 'python' | 'javascript'
}

const cacheDir = mkdtempSync(join(tmpdir(), 'bench-'))
const sandbox = createSandbox({ cacheDir, tmpDir: tmpdir() })
const found = await sandbox.probe()
console.log(`driver ${found.driver}, isolation ${found.isolation}, policy ${found.policyHash}, load ${loadavg()[0]?.toFixed(1)}`)
if (found.driver === 'none') {
  console.log(`refused: ${found.why.join('; ')}. ${found.fix ?? ''}`)
  process.exit(1)
}
const programs: readonly Program[] = [
  { name: 'python3 -c pass', command: found.languages.python.note, argv: ['-c', 'pass'], language: 'python' },
  { name: 'node -e 0', command: process.execPath, argv: ['-e', '0'], language: 'javascript' },
]
const peers = findPeers()
const rounds: Round[] = []
for (let round = 1; round <= Number(values.rounds); round++) rounds.push(await measureRound(round))
for (const program of programs) await comparePeers(program)
await sandbox.dispose()
rmSync(cacheDir, { recursive: true, force: true })
process.exitCode = judgeRounds() ? 0 : 1

/** Milliseconds added to Python and to Node, calls a second inside one candidate of each. */
interface Round {
  readonly addedPython: number
  readonly addedNode: number
  readonly pythonCalls: number
  readonly nodeCalls: number
}

function judgeRounds(): boolean {
  const of = (name: keyof Round): number[] => rounds.map((round) => round[name])
  const [python, node, calls] = [median(of('addedPython')), median(of('addedNode')), median(of('pythonCalls'))]
  const holds = python <= TARGET_ADDED_MS && node <= TARGET_ADDED_MS && calls >= TARGET_CALLS_PER_SECOND
  const best = (name: keyof Round): string => Math.min(...of(name)).toFixed(1)
  console.log(
    `median of ${rounds.length} rounds: added ${python.toFixed(1)} and ${node.toFixed(1)} ms (target <= ${TARGET_ADDED_MS}; ` +
      `best ${best('addedPython')} and ${best('addedNode')}), python ${calls.toFixed(0)} calls/s (target >= ${TARGET_CALLS_PER_SECOND}), ` +
      `javascript ${median(of('nodeCalls')).toFixed(0)} calls/s: ${holds ? 'held' : 'MISSED'}`,
  )
  return holds
}

async function measureRound(round: number): Promise<Round> {
  const added: number[] = []
  for (const program of programs) added.push(await measureStart(program))
  const python = await callsPerSecond(sandbox, 'python', 'def f(x):\n    return x + 1\n')
  const javascript = await callsPerSecond(sandbox, 'javascript', 'function f(x) { return x + 1 }')
  const fresh = await freshPerSecond(sandbox)
  console.log(`fresh sandbox per call: ${fresh.toFixed(0)}/s, so one fork server is ${(python / fresh).toFixed(1)} times as fast`)
  console.log(
    `round ${round}: added ${added.map((ms) => ms.toFixed(1)).join(' and ')} ms, python ${python.toFixed(0)} calls/s, ` +
      `javascript ${javascript.toFixed(0)} calls/s, load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`,
  )
  return { addedPython: added[0] ?? 0, addedNode: added[1] ?? 0, pythonCalls: python, nodeCalls: javascript }
}

async function measureStart(program: Program): Promise<number> {
  const medians = await interleave(
    {
      plain: () => runPlain(program.command, program.argv),
      sandbox: async () => {
        const result = await sandbox.run({ language: program.language, argv: program.argv })
        if (result.end !== 'exit' || result.code !== 0)
          throw new Error(`${program.name} ended with ${result.end}: ${result.stderr.text}`)
      },
    },
    runs,
  )
  const plain = medians['plain'] ?? 0
  const ours = (medians['sandbox'] ?? 0) - plain
  console.log(`${program.name}: plain ${plain.toFixed(1)} ms, sandbox +${ours.toFixed(1)} ms (x${(1 + ours / plain).toFixed(2)})`)
  return ours
}

/** Never among our own runs: a network namespace a peer takes down slows the next one being made, ours or not. */
async function comparePeers(program: Program): Promise<void> {
  const ours = median(rounds.map((round) => (program.language === 'python' ? round.addedPython : round.addedNode)))
  for (const peer of peers) {
    if (!peer.wrap) {
      console.log(`  ${peer.name} skipped: ${peer.why}`)
      continue
    }
    const [command, argv] = peer.wrap(program)
    const beside = await interleave(
      { plain: () => runPlain(program.command, program.argv), peer: () => runPlain(command, argv) },
      runs >> 1,
    )
    const theirs = (beside['peer'] ?? 0) - (beside['plain'] ?? 0)
    console.log(`  ${program.name}: ${peer.name} +${theirs.toFixed(1)} ms, ${(theirs / ours).toFixed(1)} times ours`)
  }
}

async function interleave(rows: Readonly<Record<string, Timed>>, times: number): Promise<Record<string, number>> {
  const taken: Record<string, number[]> = {}
  for (let i = -2; i < times; i++) {
    for (const [name, run] of Object.entries(rows)) {
      const startedAt = performance.now()
      await run()
      if (i >= 0) taken[name] = [...(taken[name] ?? []), performance.now() - startedAt]
    }
  }
  return Object.fromEntries(Object.entries(taken).map(([name, all]) => [name, median(all)]))
}

function runPlain(command: string, argv: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/bin:/bin' } })
    child.stdout.resume()
    child.stderr.resume()
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command} exited with ${code}`))))
  })
}

async function callsPerSecond(box: Sandbox, language: 'python' | 'javascript', code: string): Promise<number> {
  const session = await box.open({ language, code, entryPoint: 'f', seed: 1 })
  await session.load()
  const rates: number[] = []
  for (let round = 0; round < 5; round++) {
    const calls: Call[] = Array.from({ length: callCount }, (_, i) => ({ fn: 'f', args: [{ t: 'int', v: String(i) }] }))
    const startedAt = performance.now()
    const outcomes = await session.calls(calls)
    rates.push(callCount / ((performance.now() - startedAt) / 1000))
    const isRight = outcomes.every((got, i) => got.kind === 'value' && got.value.t === 'int' && got.value.v === String(i + 1))
    if (!isRight)
      throw new Error(`a ${language} call went wrong: ${JSON.stringify(outcomes.find((got) => got.kind !== 'value'))}`)
  }
  await session.close()
  return median(rates)
}

async function freshPerSecond(box: Sandbox): Promise<number> {
  const startedAt = performance.now()
  for (let i = 0; i < 15; i++) await box.run({ language: 'python', argv: ['-c', 'print(1 + 1)'] })
  return 15 / ((performance.now() - startedAt) / 1000)
}

interface Peer {
  readonly name: string
  readonly why?: string
  readonly wrap?: (program: Program) => readonly [string, readonly string[]]
}

function findPeers(): readonly Peer[] {
  return [
    peer('docker', ['docker', 'image', 'inspect', 'python:3-slim', 'node:22-slim'], (program) => [
      'docker',
      [
        ...['run', '--rm', '--pull', 'never', '--network', 'none'],
        ...(program.language === 'python' ? ['python:3-slim', 'python3'] : ['node:22-slim', 'node']),
        ...program.argv,
      ],
    ]),
    peer('firejail', ['firejail', '--version'], (program) => [
      'firejail',
      ['--quiet', '--noprofile', '--net=none', '--private', '--seccomp', program.command, ...program.argv],
    ]),
  ]
}

function peer(name: string, check: readonly [string, ...string[]], wrap: NonNullable<Peer['wrap']>): Peer {
  try {
    execFileSync(check[0], check.slice(1), { stdio: 'pipe', timeout: 20_000 })
    return { name, wrap }
  } catch (error) {
    const isMissing = (error as { code?: string }).code === 'ENOENT'
    return { name, why: isMissing ? 'not installed' : 'installed, but it cannot run anything here (no engine or no image)' }
  }
}

function median(all: readonly number[]): number {
  const sorted = [...all].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
