import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import type { Call, TypedValue } from '../../src/domain/value.ts'
import type { RunResult, Sandbox } from '../../src/ports/sandbox.ts'
import { type AttackWorld, survivors } from './attack-world.ts'

/** One program of an attack suite, as its manifest lists it. */
export interface AttackProgram {
  readonly id: string
  readonly file: string
  readonly lang: 'py' | 'js'
  readonly category: string
  readonly expect: string
  readonly expect_kill?: boolean
  readonly crash?: boolean
  readonly artifacts?: boolean
  readonly max_ms?: number
  readonly ingress?: boolean
}

/** How one program fared. `problems` is empty when it was contained (or, for a forgery, refused). */
export interface AttackResult {
  readonly id: string
  readonly isForgery: boolean
  readonly problems: readonly string[]
  readonly end: string
  readonly ms: number
}

const CPU_MS = 2_000
const WALL_MS = 8_000
const CAP_BYTES = 256 * 1024

/** Reads a suite's manifest; null when there is none at `dir`. */
export function readManifest(dir: string): readonly AttackProgram[] | null {
  const path = join(dir, 'manifest.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as AttackProgram[]) : null
}

/** Runs one containment program and returns what the outside noticed. */
export async function runContainment(
  sandbox: Sandbox,
  world: AttackWorld,
  dir: string,
  program: AttackProgram,
): Promise<AttackResult> {
  const tag = `atk-${randomBytes(6).toString('hex')}`
  const folder = program.lang
  const name = basename(program.file)
  const companion = program.lang === 'py' ? 'atk.py' : 'atk.mjs'
  const mounts = [
    { kind: 'directory', hostPath: world.stagedProject, boxPath: '/box/project' },
    { kind: 'file', hostPath: join(dir, program.file), boxPath: `/box/${folder}/${name}` },
    ...(existsSync(join(dir, folder, companion))
      ? [{ kind: 'file', hostPath: join(dir, folder, companion), boxPath: `/box/${folder}/${companion}` } as const]
      : []),
  ] as const
  const memoryBefore = availableMemory()
  let memoryLowest = memoryBefore
  let lag = 0
  let lastTick = performance.now()
  const problems: string[] = []
  const timer = setInterval(() => {
    lag = Math.max(lag, performance.now() - lastTick - 100)
    lastTick = performance.now()
    memoryLowest = Math.min(memoryLowest, availableMemory())
    if (program.ingress) knock(world.ingressPort, () => problems.push('the host could connect in'))
  }, 100)
  const startedAt = performance.now()
  const result = await sandbox.run({
    language: program.lang === 'py' ? 'python' : 'javascript',
    argv: [`/box/${folder}/${name}`, tag],
    mounts,
    env: { ATK_RUN: '1', ATK_HINTS: JSON.stringify({ ...world.hints, ingress: world.ingressPort }) },
    limits: { cpuMs: CPU_MS, wallMs: WALL_MS, outputBytes: CAP_BYTES },
    ...(program.artifacts ? { collect: { maxFiles: 100, maxBytes: 1024 * 1024 } } : {}),
  })
  const ms = performance.now() - startedAt
  clearInterval(timer)
  problems.push(...world.harm(), ...judge(program, result, world, ms))
  const left = survivors(tag)
  if (left.length > 0) problems.push(`${left.length} processes survived`)
  if (memoryBefore - memoryLowest > 3 * 1024 * 1024)
    problems.push(`memory fell by ${Math.round((memoryBefore - memoryLowest) / 1024)} MiB`)
  if (lag > 3_000) problems.push(`the host was stalled for ${Math.round(lag)} ms`)
  return { id: program.id, isForgery: false, problems, end: result.end, ms: Math.round(ms) }
}

function judge(program: AttackProgram, result: RunResult, world: AttackWorld, ms: number): string[] {
  const problems: string[] = []
  const said = `${result.stdout.text}\n${result.stderr.text}`
  const files = result.files.map((file) => `${file.path}\n${Buffer.from(file.content).toString('latin1')}`).join('\n')
  for (const line of said.split('\n')) if (line.startsWith('ESCAPED')) problems.push(line.slice(0, 200))
  if (said.includes(world.canary) || files.includes(world.canary)) problems.push('a planted secret came out')
  if (said.includes('refusing:')) problems.push('the program did not run')
  if (result.end === 'sandbox-error') problems.push(`the sandbox failed: ${result.stderr.text.slice(0, 200)}`)
  if (result.stdout.totalBytes + result.stderr.totalBytes > 2 * CAP_BYTES + 1024 * 1024)
    problems.push('more output was read than the cap allows')
  if (ms > Math.min(WALL_MS + 3_000, program.max_ms ?? Number.POSITIVE_INFINITY)) problems.push(`it took ${Math.round(ms)} ms`)
  const wasStopped = result.end !== 'exit' || result.code !== 0 || said.includes('BLOCKED')
  if (program.expect_kill && !wasStopped) problems.push('it was not stopped')
  if (result.files.some((file) => !/^[\x21-\x7e]+$/.test(file.path) || file.path.includes('..')))
    problems.push('a strange name was collected')
  return problems
}

const int = (n: number): TypedValue => ({ t: 'int', v: String(n) })
const list = (...v: TypedValue[]): TypedValue => ({ t: 'list', v })
const text = (v: string): TypedValue => ({ t: 'str', v })

/** Judges one forgery over the call channel: expected values stay here, the candidate sees only calls. */
export async function runForgery(sandbox: Sandbox, dir: string, program: AttackProgram): Promise<AttackResult> {
  const a = 100 + Math.floor(Math.random() * 900)
  const cases: readonly (readonly [Call, TypedValue])[] = [
    [{ fn: 'add', args: [int(2), int(3)] }, int(5)],
    [{ fn: 'add', args: [int(a), int(-7)] }, int(a - 7)],
    [{ fn: 'uniq', args: [list(int(1), int(1), int(2), int(3), int(3))] }, list(int(1), int(2), int(3))],
    [{ fn: 'uniq', args: [list(text('a'), text('b'), text('a'))] }, list(text('a'), text('b'))],
  ]
  const startedAt = performance.now()
  const session = await sandbox.open(
    {
      language: program.lang === 'py' ? 'python' : 'javascript',
      code: readFileSync(join(dir, program.file), 'utf8'),
      entryPoint: 'add',
      seed: 1,
    },
    { env: { ATK_RUN: '1' } },
  )
  const load = await session.load()
  const outcomes = await session.calls(cases.map(([call]) => call))
  await session.close()
  const passed = outcomes.every(
    (outcome, i) => outcome.kind === 'value' && JSON.stringify(outcome.value) === JSON.stringify(cases[i]?.[1]),
  )
  const shouldPass = program.expect === 'control: verdict pass'
  const problems =
    passed === shouldPass ? [] : [passed ? 'judged right although it is wrong' : 'the right solution was judged wrong']
  return { id: program.id, isForgery: !shouldPass, problems, end: load.kind, ms: Math.round(performance.now() - startedAt) }
}

/** Names in `dir/lang` that a suite lists, for tests that run a choice. */
export function pickPrograms(programs: readonly AttackProgram[], ids: readonly string[]): readonly AttackProgram[] {
  return ids.map((id) => {
    const found = programs.find((program) => program.id === id)
    if (!found) throw new Error(`no attack ${id} among ${programs.length}: ${readdirSync('.').length} files here`)
    return found
  })
}

function availableMemory(): number {
  return Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1] ?? 0)
}

function knock(port: number, onConnect: () => void): void {
  const socket = connect({ host: '127.0.0.1', port }, () => {
    onConnect()
    socket.destroy()
  })
  socket.on('error', () => undefined)
}
