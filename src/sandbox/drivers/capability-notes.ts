import type { CandidateLanguage, SandboxCapabilities } from '../../ports/sandbox.ts'
import type { RunCgroups } from '../limits/cgroup.ts'
import { tellingLine } from '../self-test/explain-failure.ts'
import type { Interpreters } from './interpreters.ts'

/** What was found of the languages. `interpreters` is null where nobody looked. */
export interface FoundLanguages {
  readonly interpreters: Interpreters | null
  readonly hasParser: boolean
}

/** Returns what a machine can hold on which nothing does: nothing, and why. */
export function noSandbox(why: readonly string[], found: FoundLanguages, fix: string | null): SandboxCapabilities {
  return { driver: 'none', isolation: 'none', policyHash: '', why, fix, languages: languagesOf(found, false) }
}

/** Returns which languages run, and with what. Where nothing isolates, none does, whatever there is. */
export function languagesOf({ interpreters, hasParser }: FoundLanguages, isIsolated: boolean): SandboxCapabilities['languages'] {
  const tell = (found: { command: string } | null): { available: boolean; note: string } => {
    if (found === null) return { available: false, note: 'no interpreter found' }
    if (isIsolated) return { available: true, note: found.command }
    return { available: false, note: `${found.command} is there, but without isolation nothing is run` }
  }
  const unknown = { available: false, note: 'nothing is run, so no interpreter was looked for' }
  const javascript = interpreters === null ? unknown : tell(interpreters.javascript)
  const python = interpreters === null ? unknown : tell(interpreters.python)
  const typescript =
    javascript === unknown || hasParser ? javascript : { available: false, note: 'no parser to erase types with' }
  return { python, javascript, typescript } satisfies Record<CandidateLanguage, unknown>
}

/** Returns how the total of a run's memory is held. A cgroup counts only when runs were seen to be in theirs. */
export function memoryNote(groups: Pick<RunCgroups, 'held'> | null): string {
  const watchdog = 'a watchdog every 50 ms'
  const without =
    groups === null ? 'no cgroup v2 to use' : 'there is a cgroup v2, but runs could not be put into groups of their own'
  const total = groups?.held() === true ? `cgroup and ${watchdog}` : `${watchdog} (${without})`
  return `memory: per process 512 MiB (rlimit), in total by ${total}`
}

/** Returns what this kernel does not hold; nothing for one from 5.14 on, which counts the processes of each user namespace by itself. */
export function kernelNotes(kernel: string): readonly string[] {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number)
  if (major > 5 || (major === 5 && minor >= 14)) return []
  return [
    `kernel ${major}.${minor} is older than 5.14: the process limit counts all processes of the user, not those of one sandbox`,
  ]
}

/** Errors by which a place shows that nothing can be written there. */
const BAD_PLACE = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOENT'])

/** Returns why the set-up of `driver` broke off, without any path, and the command that helps; null where none is known. */
export function explainMishap(
  driver: string,
  error: unknown,
  tmpDir: string,
): { readonly why: string; readonly fix: string | null } {
  const code = codeOf(error)
  const elsewhere = tmpDir.startsWith('/var/tmp') ? 'export TMPDIR=/tmp' : 'export TMPDIR=/var/tmp'
  const fix = BAD_PLACE.has(code) ? elsewhere : code === 'EMFILE' || code === 'ENFILE' ? 'ulimit -n 4096' : null
  return { why: `${driver}: could not be set up: ${sayWithoutPath(error)}`, fix }
}

/** Returns what `error` says, short, and without the path that an error of the operating system ends with. */
export function sayWithoutPath(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return /^E[A-Z]+$/.test(codeOf(error)) ? (message.split(',')[0] ?? '') : tellingLine(message)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
