import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import type { SuiteFramework } from '../../src/domain/suite.ts'
import type { Call, TypedValue } from '../../src/domain/value.ts'
import type { Mount, Sandbox } from '../../src/ports/sandbox.ts'
import { CAP_BYTES, judgeMemory, judgeRun, readHostMemory } from './attack-oracle.ts'
import { runSuiteForgery } from './attack-suite.ts'
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
  /** For a forgery: judged by a test file of this framework, not by single calls. */
  readonly suite?: SuiteFramework
  /** For a forgery of a suite: what its report must say, so that it is known to have been tried. */
  readonly says?: string
  /** For a forgery of a suite: its tests read constants of the program too. */
  readonly constants?: boolean
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

/** Reads a suite's manifest; null when there is none at `dir`. */
export function readManifest(dir: string): readonly AttackProgram[] | null {
  const path = join(dir, 'manifest.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as AttackProgram[]) : null
}

/**
 * Runs one containment program and returns what the outside noticed. What a busy machine can do by itself (memory that went, a stall) is
 * a problem only when it comes a second time. `companionDir` holds what the programs import.
 */
export async function runContainment(
  sandbox: Sandbox,
  world: AttackWorld,
  dir: string,
  program: AttackProgram,
  companionDir = dir,
): Promise<AttackResult> {
  const first = await runOnce(sandbox, world, dir, program, companionDir)
  if (first.onHost.length === 0 || first.problems.length > 0) return toResult(program, first)
  return toResult(program, await runOnce(sandbox, world, dir, program, companionDir))
}

interface Seen {
  readonly problems: readonly string[]
  readonly onHost: readonly string[]
  readonly end: string
  readonly ms: number
}

function toResult({ id }: AttackProgram, { problems, onHost, end, ms }: Seen): AttackResult {
  return { id, isForgery: false, problems: [...problems, ...onHost], end, ms: Math.round(ms) }
}

async function runOnce(
  sandbox: Sandbox,
  world: AttackWorld,
  dir: string,
  program: AttackProgram,
  companionDir: string,
): Promise<Seen> {
  const tag = `atk-${randomBytes(6).toString('hex')}`
  const mark = `STARTED ${randomBytes(6).toString('hex')}`
  const folder = program.lang
  const name = basename(program.file)
  const before = readHostMemory()
  let worst = before
  let lag = 0
  let lastTick = performance.now()
  const problems: string[] = []
  const timer = setInterval(() => {
    lag = Math.max(lag, performance.now() - lastTick - 50)
    lastTick = performance.now()
    const now = readHostMemory()
    worst = {
      availableKb: Math.min(worst.availableKb, now.availableKb),
      sharedKb: Math.max(worst.sharedKb, now.sharedKb),
    }
    if (program.ingress) knock(world.ingressPort, () => problems.push('the host could connect in'))
  }, 50)
  const startedAt = performance.now()
  const result = await sandbox.run({
    language: program.lang === 'py' ? 'python' : 'javascript',
    argv: [`/box/${folder}/${name}`, tag],
    mounts: [
      { kind: 'directory', hostPath: world.stagedProject, boxPath: '/box/project' },
      { kind: 'file', hostPath: join(dir, program.file), boxPath: `/box/${folder}/${name}` },
      companion(companionDir, program.lang, mark),
    ],
    env: { ATK_RUN: '1', ATK_HINTS: JSON.stringify({ ...world.hints, ingress: world.ingressPort }) },
    limits: { cpuMs: CPU_MS, wallMs: WALL_MS, outputBytes: CAP_BYTES },
    ...(program.artifacts ? { collect: { maxFiles: 100, maxBytes: 1024 * 1024 } } : {}),
  })
  const ms = performance.now() - startedAt
  clearInterval(timer)
  problems.push(...world.harm(), ...judgeRun(program, result, { canary: world.canary, mark }))
  const left = survivors(tag)
  if (left.length > 0) problems.push(`${left.length} processes survived`)
  if (ms > Math.min(WALL_MS + 3_000, program.max_ms ?? Number.POSITIVE_INFINITY)) problems.push(`it took ${Math.round(ms)} ms`)
  const onHost = judgeMemory(before, worst, readHostMemory())
  if (lag > 3_000) onHost.push(`the host was stalled for ${Math.round(lag)} ms`)
  return { problems, onHost, end: result.end, ms }
}

/** What every program of a suite imports, with a line that tells that it ran: a program that never came so far was not held. */
function companion(dir: string, lang: AttackProgram['lang'], mark: string): Mount {
  const name = lang === 'py' ? 'atk.py' : 'atk.mjs'
  const path = join(dir, lang, name)
  const own = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const say =
    lang === 'py'
      ? `import os as _os\n_os.write(1, b'${mark}\\n')\n`
      : `import { writeSync as sayMark } from 'node:fs'\nsayMark(1, '${mark}\\n')\n`
  return { kind: 'text', text: `${own}\n${say}`, boxPath: `/box/${lang}/${name}` }
}

const int = (n: number): TypedValue => ({ t: 'int', v: String(n) })
const list = (...v: TypedValue[]): TypedValue => ({ t: 'list', v })
const text = (v: string): TypedValue => ({ t: 'str', v })

/** Judges one forgery, by a test file or over the call channel: there expected values stay here, the candidate sees only calls. */
export async function runForgery(sandbox: Sandbox, dir: string, program: AttackProgram): Promise<AttackResult> {
  if (program.suite !== undefined) return runSuiteForgery(sandbox, dir, program, program.suite)
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
  const problems: string[] = []
  if (passed !== shouldPass) problems.push(passed ? 'judged right although it is wrong' : 'the right solution was judged wrong')
  // Refused, but not for what it tries: nothing was seen of it.
  if (load.kind === 'not-run') problems.push(`the program did not run: ${load.reason}`)
  if (load.kind === 'failed' && /^(ModuleNotFound|Import|Name|Reference)Error$|MODULE_NOT_FOUND/.test(load.error))
    problems.push(`the program did not run: ${load.error}: ${load.message.slice(0, 120)}`)
  const end = load.kind === 'failed' ? `failed: ${load.error}` : load.kind
  return { id: program.id, isForgery: !shouldPass, problems, end, ms: Math.round(performance.now() - startedAt) }
}

/** Names in `dir/lang` that a suite lists, for tests that run a choice. */
export function pickPrograms(programs: readonly AttackProgram[], ids: readonly string[]): readonly AttackProgram[] {
  return ids.map((id) => {
    const found = programs.find((program) => program.id === id)
    if (!found) throw new Error(`no attack ${id} among ${programs.length}: ${readdirSync('.').length} files here`)
    return found
  })
}

function knock(port: number, onConnect: () => void): void {
  const socket = connect({ host: '127.0.0.1', port }, () => {
    onConnect()
    socket.destroy()
  })
  socket.on('error', () => undefined)
}
