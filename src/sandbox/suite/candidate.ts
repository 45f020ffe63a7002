import { randomBytes } from 'node:crypto'
import type { CallOutcome, TypedValue } from '../../domain/value.ts'
import type { LoadOutcome, Sandbox } from '../../ports/sandbox.ts'
import { javascriptSuiteCaller, pythonSuiteCaller } from '../harness/suite-candidate-harness.ts'
import { type Answer, CALL_CPU_MS, CALLS_CPU_MS, readAnswers, readNames, type SuiteCall } from './answer.ts'
import type { SuiteSpec } from './spec.ts'

/** A candidate in a sandbox of its own, that answers the calls of a suite. */
export interface SuiteCandidate {
  /** What it has at its top level: `(name, kind, bases)` each. */
  readonly names: TypedValue
  /** Whether all calls of a session share one process; else each `ask` begins with a fresh one. */
  readonly keepsState: boolean
  /** Runs `calls` in order, in one process; one answer each, fewer when one of them is the end of it. */
  ask(calls: readonly SuiteCall[]): Promise<readonly Answer[]>
  close(): Promise<void>
}

/** Calls that hang are slow; after this many, the others are not asked. */
const MAX_DEAD = 4

const text = (v: string): TypedValue => ({ t: 'str', v })

/** Loads a candidate with the suite's caller behind it. Returns how loading ended where it did not go well. */
export async function openSuiteCandidate(
  sandbox: Sandbox,
  { candidate, names, signal, toModule }: SuiteSpec,
): Promise<SuiteCandidate | Exclude<LoadOutcome, { kind: 'loaded' }>> {
  const caller = `_suite_${randomBytes(8).toString('hex')}`
  const isPython = candidate.language === 'python'
  const code = isPython
    ? `${candidate.code}\n${pythonSuiteCaller(caller)}`
    : javascriptSuiteCaller(caller, toModule?.(candidate.code) ?? candidate.code)
  const session = await sandbox.open({ ...candidate, code, entryPoint: caller }, signal === undefined ? {} : { signal })
  const ask = (op: string, calls: readonly SuiteCall[]): Promise<CallOutcome> => {
    const cpuMs = Math.min(CALLS_CPU_MS, CALL_CPU_MS * Math.max(1, calls.length))
    return session.call({ fn: caller, args: [text(op), { t: 'list', v: calls }] }, { cpuMs, wallMs: 10 * cpuMs })
  }
  let dead = 0
  try {
    const load = await session.load()
    if (load.kind !== 'loaded') {
      await session.close()
      return load
    }
    const told = await ask('names', names.map(text))
    if (told.kind === 'not-run' || told.kind === 'timeout') {
      await session.close()
      return told
    }
    return {
      names: readNames(told, isPython ? null : names),
      keepsState: !isPython,
      ask: async (calls) => {
        if (dead >= MAX_DEAD) return [{ kind: 'dead', why: 'not asked: too many calls before did not end' }]
        const outcome = await ask('calls', calls)
        const answers = readAnswers(outcome, calls)
        if (answers.some(({ kind }) => kind === 'dead')) dead++
        return answers
      },
      close: () => session.close(),
    }
  } catch (error) {
    await session.close()
    throw error
  }
}

/**
 * Returns why nothing is known of a program that does not load as a module of the tests: it loads as it is, so what was added to it is at
 * fault, or it cannot be run here at all. Null where it fails by itself too.
 */
export async function excuseLoad(sandbox: Sandbox, { candidate, signal }: SuiteSpec): Promise<string | null> {
  if (candidate.language === 'python') return null
  const session = await sandbox.open(candidate, signal === undefined ? {} : { signal })
  try {
    const load = await session.load()
    if (load.kind === 'not-run') return load.reason.startsWith('the candidate ') ? null : load.reason
    const isLoaded = load.kind === 'loaded' || load.kind === 'no-entry-point'
    return isLoaded ? 'what the tests import could not be exported from the program' : null
  } finally {
    await session.close()
  }
}
