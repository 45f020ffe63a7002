import type { Call } from '../domain/value.ts'
import { parseAssertions } from './assertions.ts'
import { callKey, checkKey, type Expectation, type FoundCheck, type RejectedCheck } from './check.ts'
import { findExamples } from './examples.ts'
import { type ConsensusLanguage, consensusLanguage } from './language.ts'
import { mutateCalls, PROBE_COUNT } from './probes.ts'
import { readEntryPoint } from './signature.ts'
import { plainTests } from './suite-file.ts'

/** The task as evidence is read from it. */
export interface EvidenceTask {
  readonly prompt: string
  /** Name of the function under test; null when the task has none (SQL, HTML), and then nothing is planned. */
  readonly entryPoint: string | null
  readonly language: string
  /** The user's own tests; plain statements in them are examples too. They are run as they are besides. */
  readonly tests?: string
  /** Seed of the mutations; by default the task's own text, so that equal tasks give equal plans. */
  readonly seed?: string
}

/** What one test writer answered, as text. `writer` is who wrote it: a model, or an agent when models are shared. */
export interface WriterAssertions {
  readonly writer: string
  readonly text: string
  /** Whether an assertion about this call is taken; all are when absent. An arbiter is asked about one call and rules on no other. */
  readonly isAsked?: (call: Call) => boolean
}

const RULING = '/arbitrate'

/** Returns the writer of what an agent rules when it is asked which of two results is right: not the one it is as a test writer. */
export function arbiterOf(agent: string): string {
  return `${agent}${RULING}`
}

/** True for a writer that `arbiterOf` gave. */
export function isRuling(writer: string): boolean {
  return writer.endsWith(RULING)
}

/** A check whose call is `calls[call]` of its plan. `writer` is null for an example of the task. */
export interface PlannedCheck {
  readonly call: number
  readonly expected: Expectation
  readonly source: string
  readonly writer: string | null
}

/** All that will be executed: a list of distinct calls, and the examples, assertions and probes as indices into it. */
export interface EvidencePlan {
  readonly entryPoint: string | null
  /** Null when values of the task's language cannot be compared: nothing is planned then. */
  readonly language: ConsensusLanguage | null
  readonly seed: string
  readonly calls: readonly Call[]
  readonly examples: readonly PlannedCheck[]
  readonly assertions: readonly PlannedCheck[]
  /** Indices of calls whose results are compared between candidates, ascending, each once. */
  readonly probes: readonly number[]
  readonly rejected: readonly (RejectedCheck & { readonly writer: string | null })[]
}

/** What a plan uses. The defaults are what the product runs; a bench leaves parts out. */
export interface EvidenceSources {
  /** Default true. */
  readonly examples?: boolean
  /** How many inputs to mutate; default 24. */
  readonly mutations?: number
}

/** Most assertions taken of one writer: more cost executions and add nothing. */
const MAX_ASSERTIONS = 24

/**
 * Returns what to execute for a task: the examples in its text and in the user's tests, the assertions of its test writers, and
 * as probes the inputs of both and mutations of the examples' inputs (of the assertions' when there is no example).
 * Deterministic, and the same for every kind of line end. A call that occurs twice is executed once; what one writer
 * states twice, be it in two answers, counts once.
 */
export function planEvidence(
  task: EvidenceTask,
  written: readonly WriterAssertions[],
  sources: EvidenceSources = {},
): EvidencePlan {
  const language = consensusLanguage(task.language)
  const prompt = task.prompt.replace(/\r\n?/g, '\n')
  const seed = task.seed ?? `${task.entryPoint ?? ''}\n${prompt}`
  if (language === null || task.entryPoint === null) {
    return { entryPoint: task.entryPoint, language, seed, calls: [], examples: [], assertions: [], probes: [], rejected: [] }
  }
  const entry = readEntryPoint(task.entryPoint, prompt, language)
  const found = sources.examples === false ? { checks: [], rejected: [] } : findExamples(prompt, entry)
  const calls = createCallList(language)
  const own =
    task.tests === undefined
      ? []
      : parseAssertions(plainTests(task.tests, language), entry, 'suite').checks.slice(0, MAX_ASSERTIONS)
  const given = new Map([...found.checks, ...own].map((check) => [checkKey(check, language), check]))
  const examples = [...given.values()].map((check) => plan(check, null, calls))
  const rejected = found.rejected.map((each) => ({ ...each, writer: null as string | null }))
  const assertions: PlannedCheck[] = []
  const statedBy = new Map<string, Set<string>>()
  for (const { writer, text, isAsked = () => true } of written) {
    const stated = parseAssertions(text, entry)
    const known = statedBy.get(writer) ?? new Set()
    statedBy.set(writer, known)
    for (const check of stated.checks) {
      const key = checkKey(check, language)
      if (known.has(key) || known.size === MAX_ASSERTIONS) continue
      if (!isAsked(check.call)) {
        rejected.push({ source: check.source, reason: 'nobody asked about this call', writer })
        continue
      }
      known.add(key)
      assertions.push(plan(check, writer, calls))
    }
    rejected.push(...stated.rejected.map((each) => ({ ...each, writer })))
  }
  const seeds = examples.length > 0 ? examples : assertions
  const inputs = [...new Set(seeds.map((check) => check.call))]
    .map((index) => calls.all[index])
    .filter((call) => call !== undefined)
  for (const call of mutateCalls(inputs, language, seed, sources.mutations ?? PROBE_COUNT)) calls.add(call)
  return {
    entryPoint: task.entryPoint,
    language,
    seed,
    calls: calls.all,
    examples,
    assertions,
    probes: calls.all.map((_, index) => index),
    rejected,
  }
}

interface CallList {
  readonly all: readonly Call[]
  add(call: Call): number
}

function createCallList(language: ConsensusLanguage): CallList {
  const all: Call[] = []
  const byKey = new Map<string, number>()
  return {
    all,
    add: (call) => {
      const key = callKey(call, language)
      const known = byKey.get(key)
      if (known !== undefined) return known
      byKey.set(key, all.length)
      return all.push(call) - 1
    },
  }
}

function plan(check: FoundCheck, writer: string | null, calls: CallList): PlannedCheck {
  return { call: calls.add(check.call), expected: check.expected, source: check.source, writer }
}
