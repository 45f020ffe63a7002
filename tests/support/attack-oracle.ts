import { readFileSync } from 'node:fs'
import type { RunResult } from '../../src/ports/sandbox.ts'
import { DEFAULT_LIMITS } from '../../src/sandbox/policy.ts'
import type { AttackProgram } from './attack-runner.ts'

/** Ends by which a sandbox says that it stopped the program itself. */
const STOPPED: ReadonlySet<RunResult['end']> = new Set(['cpu', 'wall', 'memory', 'output', 'inodes', 'signal'])
/** What Python and Node say of a program that cannot have done what it was written for. */
const BROKEN =
  /^(ModuleNotFoundError|ImportError|SyntaxError|IndentationError|NameError|ReferenceError|Error \[ERR_\w*MODULE\w*\])/m
const UNCAUGHT = /^Traceback \(most recent call last\)|^\s+at .*\n[\s\S]*^Node\.js v/m

export const CAP_BYTES = 256 * 1024
/** Watched in steps: what is allocated between two looks, and what neighbours on the machine take meanwhile. */
const MEMORY_SLACK_KB = 768 * 1024
const MEMORY_LIMIT_KB = DEFAULT_LIMITS.memoryBytes / 1024

/** What the oracles look at. */
type Seen = Pick<RunResult, 'end' | 'code' | 'stdout' | 'stderr' | 'files' | 'refusedFiles'>

/** Everything a run brought out, as one text: streams, names and contents of files, and what was said of refused ones. */
export function everythingOut({
  stdout,
  stderr,
  files,
  refusedFiles,
}: Pick<Seen, 'stdout' | 'stderr' | 'files' | 'refusedFiles'>): string {
  const contents = files.map(({ path, content }) => `${path}\n${Buffer.from(content).toString('latin1')}`)
  return [stdout.text, stderr.text, ...contents, ...refusedFiles].join('\n')
}

/** True when `text` holds the planted secret, as it is or as a program might dress it. */
export function holdsSecret(text: string, canary: string): boolean {
  const bytes = Buffer.from(canary)
  const forms = [canary, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), [...canary].reverse().join('')]
  return forms.some((form) => text.includes(form))
}

/**
 * Returns what is wrong with how a hostile program fared. Silence is no proof: the program must have started (`mark` is printed by what
 * it imports), and have been refused in its own words, stopped by a bound, or come to its end as the manifest allows.
 */
export function judgeRun(
  program: Pick<AttackProgram, 'expect_kill' | 'crash'>,
  result: Seen,
  facts: { readonly canary: string; readonly mark: string },
): string[] {
  const problems: string[] = []
  const said = `${result.stdout.text}\n${result.stderr.text}`
  for (const line of said.split('\n')) if (line.startsWith('ESCAPED')) problems.push(line.slice(0, 200))
  if (holdsSecret(everythingOut(result), facts.canary)) problems.push('a planted secret came out')
  if (result.end === 'sandbox-error') problems.push(`the sandbox failed: ${result.stderr.text.slice(0, 200)}`)
  if (result.stdout.totalBytes + result.stderr.totalBytes > 2 * CAP_BYTES + 1024 * 1024)
    problems.push('more output was read than the cap allows')
  if (result.files.some((file) => !/^[\x21-\x7e]+$/.test(file.path) || file.path.includes('..')))
    problems.push('a strange name was collected')

  const isStopped = STOPPED.has(result.end)
  const wasRefused = /^BLOCKED/m.test(said)
  const isBroken = BROKEN.test(result.stderr.text) || said.includes('refusing:')
  if (isBroken || !result.stdout.text.includes(facts.mark)) problems.push(`the program did not run: ${lastLine(said)}`)
  else if (program.expect_kill && !isStopped && !wasRefused) problems.push('it was not stopped')
  else if (!isStopped && !wasRefused && !program.crash) {
    if (result.code !== 0 || UNCAUGHT.test(result.stderr.text)) problems.push(`it broke before it was refused: ${lastLine(said)}`)
    else if (said.replace(facts.mark, '').trim() === '') problems.push('it said nothing of what it tried')
  }
  return problems
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 160)
}

/** The machine's memory in KiB: what is left, and what is in shared pages, which no process' own size shows. */
export interface HostMemory {
  readonly availableKb: number
  readonly sharedKb: number
}

/** Reads the machine's memory now. */
export function readHostMemory(): HostMemory {
  const text = readFileSync('/proc/meminfo', 'latin1')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  return { availableKb: field('MemAvailable'), sharedKb: field('Shmem') }
}

/** Returns what a run took beyond its limit, given the machine before it, at the worst and after it; empty when nothing. */
export function judgeMemory(before: HostMemory, worst: HostMemory, after: HostMemory): string[] {
  const mib = (kb: number): number => Math.round(kb / 1024)
  const taken = before.availableKb - worst.availableKb
  const shared = worst.sharedKb - before.sharedKb
  const kept = after.sharedKb - before.sharedKb
  const allowed = MEMORY_LIMIT_KB + MEMORY_SLACK_KB
  return [
    ...(taken > allowed ? [`memory fell by ${mib(taken)} MiB, of ${mib(allowed)} allowed`] : []),
    ...(shared > allowed ? [`shared memory grew by ${mib(shared)} MiB, of ${mib(allowed)} allowed`] : []),
    ...(kept > MEMORY_SLACK_KB / 4 ? [`${mib(kept)} MiB of shared memory were left behind`] : []),
  ]
}
