import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { RunResult, RunSpec, SelfTest } from '../../ports/sandbox.ts'
import type { Interpreters } from '../drivers/interpreters.ts'
import { tellingLine } from './explain-failure.ts'
import { PROBE_JAVASCRIPT, PROBE_MEMORY, PROBE_MEMORY_BYTES, PROBE_PYTHON } from './probe-programs.ts'

/** What the self-test found: the attacks that were not held off, by name with the reason. Empty means the driver holds. */
export interface ProbeResult {
  readonly failures: readonly string[]
  readonly held: readonly string[]
}

/** How many answers each program must give before it says that it finished. */
const EXPECTED_JAVASCRIPT = 15
const EXPECTED_PYTHON = 4

/** Returns the run of attacks in JavaScript. `targets`: TCP port, abstract socket name, canary file, canary text. */
const javascriptAttack = (targets: readonly string[]): RunSpec => ({
  language: 'javascript',
  argv: ['-e', PROBE_JAVASCRIPT, '--', ...targets],
  mounts: [{ kind: 'text', text: 'x', boxPath: '/box/mounted.txt' }],
  limits: { cpuMs: 3_000, wallMs: 10_000 },
})

const pythonAttack = (hasInodeCap: boolean): RunSpec => ({
  language: 'python',
  argv: ['-S', '-c', PROBE_PYTHON],
  limits: { cpuMs: 3_000, wallMs: 10_000 },
  env: { PROBE_INODES: hasInodeCap ? '1' : '0' },
})

const MEMORY_ATTACK: RunSpec = {
  language: 'python',
  argv: ['-S', '-c', PROBE_MEMORY],
  limits: { cpuMs: 3_000, wallMs: 10_000, memoryBytes: PROBE_MEMORY_BYTES },
}

/** The attacks as text: a result of others, such as an earlier version made, says nothing about these. */
export const ATTACKS: string = JSON.stringify([
  { spec: javascriptAttack([]), expected: EXPECTED_JAVASCRIPT },
  { spec: pythonAttack(true), expected: EXPECTED_PYTHON },
  { spec: MEMORY_ATTACK },
])

/**
 * Attacks a driver from inside and returns what it let through. Behaviour is what is asked, not presence: an installed bubblewrap
 * may still be stopped by AppArmor, a container or the caller being root. Takes about 0.4 s.
 */
export async function attackDriver(
  run: (spec: RunSpec) => Promise<RunResult>,
  host: { workDir: string; hasJavaScript: boolean; hasPython: boolean; hasInodeCap: boolean },
): Promise<ProbeResult> {
  const canary = `canary-${randomBytes(8).toString('hex')}`
  const canaryFile = join(host.workDir, canary)
  writeFileSync(canaryFile, canary, { mode: 0o644 })
  process.env['CODECONDUCTOR_PROBE'] = canary
  const abstract = `codeconductor-${randomBytes(8).toString('hex')}`
  const tcp = await listen({ host: '127.0.0.1', port: 0 })
  const local = await listen({ path: `\0${abstract}` })
  const address = tcp.address()
  const port = typeof address === 'object' && address ? address.port : 0
  try {
    const lines: string[] = []
    const failures: string[] = []
    const take = (language: string, result: RunResult, expected: number): void => {
      const said = result.stdout.text.split('\n').filter(Boolean)
      lines.push(...said)
      if (said.filter((line) => line !== 'ok finished').length < expected || said.at(-1) !== 'ok finished') {
        failures.push(`${language} self-test did not finish (${result.end}): ${tellingLine(result.stderr.text)}`)
      }
    }
    if (host.hasJavaScript) {
      take('javascript', await run(javascriptAttack([String(port), abstract, canaryFile, canary])), EXPECTED_JAVASCRIPT)
    }
    if (host.hasPython) {
      const result = await run(pythonAttack(host.hasInodeCap))
      take('python', result, EXPECTED_PYTHON)
      // What does not even start is told once.
      if (result.end !== 'sandbox-error') lines.push(readMemoryAttack(await run(MEMORY_ATTACK)))
    }
    if (!host.hasJavaScript && !host.hasPython) failures.push('no interpreter to test with')
    failures.push(...lines.filter((line) => line.startsWith('bad ')).map((line) => line.slice(4, 120)))
    return { failures, held: lines.filter((line) => line.startsWith('ok ')).map((line) => line.slice(3, 60)) }
  } finally {
    delete process.env['CODECONDUCTOR_PROBE']
    rmSync(canaryFile, { force: true })
    tcp.close()
    local.close()
  }
}

/** Returns the line the attack on memory in total is worth. Who says nothing was ended by the bound, or has shown nothing. */
function readMemoryAttack({ end, signal, stdout, stderr }: RunResult): string {
  const said = stdout.text.trim()
  if (end === 'exit' && /^(ok|bad) memory-total/.test(said)) return said
  if (end === 'memory' || (end === 'signal' && signal === 9)) return 'ok memory-total'
  return `bad memory self-test did not finish (${end}): ${tellingLine(stderr.text)}`
}

/** Returns how many attacks the self-test made and how many were not held off. */
export function countAttacks({ failures, held }: ProbeResult): SelfTest {
  const attacks = held.filter((name) => name !== 'finished').length
  return { attacks: attacks + failures.length, escaped: failures.length }
}

/** Above this a binary is known by inode, size and times instead of by content: reading Node's would cost more than the test saves. */
const MAX_READ_BYTES = 8 * 1024 * 1024

/**
 * Returns the key a self-test result is kept under: boot, binaries, policy and attacks. Any of them changing asks for a new test.
 * `bootId` is the kernel's, new at each start of the machine.
 */
export function probeKey(
  binaries: readonly string[],
  policyHash: string,
  uid: number,
  { bootId = readText('/proc/sys/kernel/random/boot_id'), attacks = ATTACKS }: { bootId?: string; attacks?: string } = {},
): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([bootId, policyHash, uid, attacks]))
  for (const path of [...new Set(binaries)].sort()) hash.update(`\n${path} ${fingerprint(path)}`)
  return hash.digest('hex')
}

/** Returns where the interpreters are on this host: they run inside, so the result of the self-test depends on them. */
export function interpreterBinaries({ python, javascript }: Interpreters): readonly string[] {
  return [python, javascript].flatMap((found) => {
    if (found === null) return []
    const bind = found.binds.find(({ boxPath }) => found.command === boxPath || found.command.startsWith(`${boxPath}/`))
    return [bind === undefined ? found.command : bind.hostPath + found.command.slice(bind.boxPath.length)]
  })
}

function fingerprint(path: string): string {
  try {
    const real = realpathSync(path)
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(real, { bigint: true })
    if (size > BigInt(MAX_READ_BYTES)) return [real, dev, ino, size, mtimeNs, ctimeNs].join(' ')
    return createHash('sha256').update(readFileSync(real)).digest('hex')
  } catch {
    return 'missing'
  }
}

/**
 * Returns the remembered result for `key`; null when there is none or it cannot be read. A folder or file that another user than `uid`
 * owns or can write is not believed: without a home the cache lies in the temporary directory, where anybody can make one.
 */
export function recallProbe(cacheDir: string, key: string, uid = ownUid()): ProbeResult | null {
  try {
    const text = isOwn(lstatSync(cacheDir), uid) ? readOwn(join(cacheDir, 'sandbox-probe.json'), uid) : null
    if (text === null) return null
    const kept = JSON.parse(text) as { key?: unknown; held?: unknown }
    if (kept.key !== key || !Array.isArray(kept.held)) return null
    return { failures: [], held: kept.held.filter((line) => typeof line === 'string') }
  } catch {
    return null
  }
}

/** Remembers a result in which everything held. A failure is never remembered: it may be mended a minute later. */
export function rememberProbe(cacheDir: string, key: string, result: ProbeResult, uid = ownUid()): void {
  try {
    mkdirSync(cacheDir, { recursive: true, mode: 0o700 })
    const folder = lstatSync(cacheDir)
    if (!folder.isDirectory() || !isOwn(folder, uid)) return
    const temporary = join(cacheDir, `sandbox-probe.${randomBytes(6).toString('hex')}`)
    writeFileSync(temporary, JSON.stringify({ key, held: result.held }), { mode: 0o600, flag: 'wx' })
    renameSync(temporary, join(cacheDir, 'sandbox-probe.json'))
  } catch {
    // A cache that cannot be written only costs the next start half a second.
  }
}

function ownUid(): number {
  return process.getuid?.() ?? 0
}

/** True when `uid` and nobody else could have written it. */
function isOwn({ uid, mode }: Stats, owner: number): boolean {
  return uid === owner && (mode & 0o022) === 0
}

/** Returns the text of a regular file of `uid`, reached without a final link; null when it is anything else. */
function readOwn(path: string, uid: number): string | null {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const seen = fstatSync(fd)
    return seen.isFile() && isOwn(seen, uid) ? readFileSync(fd, 'utf8') : null
  } finally {
    closeSync(fd)
  }
}

function listen(where: { host: string; port: number } | { path: string }): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(where, () => resolve(server))
  })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
