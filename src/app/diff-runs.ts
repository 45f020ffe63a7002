import { createTwoFilesPatch } from 'diff'
import type { RunEvent } from '../domain/event.ts'
import type { LogRecord } from '../domain/record.ts'
import type { Verdict } from '../domain/verdict.ts'
import { type RunEffect, storyOf } from './run-effects.ts'

/** One place of two runs: the same actor's n-th effect. */
export interface EffectDiff {
  readonly id: string
  /** `same`, `changed`, or in one run only. */
  readonly status: 'same' | 'changed' | 'only-a' | 'only-b'
  /** What differs, of prompt, output, model, error. */
  readonly differs: readonly string[]
  /** Unified diffs; null where there is no difference. */
  readonly promptDiff: string | null
  readonly outputDiff: string | null
  readonly tokens: readonly [number | null, number | null]
  readonly durationMs: readonly [number | null, number | null]
}

/** How one candidate fared when it was executed. */
export type Evidence = Pick<
  Extract<RunEvent, { type: 'evidence.gathered' }>,
  'loads' | 'examples' | 'assertions' | 'tests' | 'testsGrade'
>

export interface EvidenceDiff {
  readonly candidate: string
  readonly isSame: boolean
  readonly evidence: readonly [Evidence | null, Evidence | null]
}

export interface RunDiff {
  readonly effects: readonly EffectDiff[]
  /** The first place, in the order of run a, at which the runs differ; null when they do not. */
  readonly firstDifference: string | null
  /** What executing each candidate showed, in canonical order; null in a run that has no such candidate. */
  readonly evidence: readonly EvidenceDiff[]
  readonly verdicts: readonly [Verdict | null, Verdict | null]
  readonly isSameVerdict: boolean
  readonly digests: readonly [string, string]
}

/** Compares two runs, aligned by actor and ordinal: prompts, outputs, verdicts, tokens and times. */
export function diffRuns(a: readonly LogRecord[], b: readonly LogRecord[]): RunDiff {
  const storyA = storyOf(a)
  const storyB = storyOf(b)
  const inB = new Map(storyB.effects.map((effect) => [effect.id, effect]))
  const inA = new Set(storyA.effects.map((effect) => effect.id))
  const effects = [
    ...storyA.effects.map((effect) => compare(effect, inB.get(effect.id))),
    ...storyB.effects.filter((effect) => !inA.has(effect.id)).map((effect) => compare(undefined, effect)),
  ]
  const verdicts = [verdictOf(storyA.events), verdictOf(storyB.events)] as const
  return {
    effects,
    firstDifference: effects.find((effect) => effect.status !== 'same')?.id ?? null,
    evidence: compareEvidence(evidenceOf(storyA.events), evidenceOf(storyB.events)),
    verdicts,
    isSameVerdict: JSON.stringify(verdicts[0]) === JSON.stringify(verdicts[1]),
    digests: [storyA.digest, storyB.digest],
  }
}

function compare(a: RunEffect | undefined, b: RunEffect | undefined): EffectDiff {
  const differs = (['prompt', 'output', 'model', 'error'] as const).filter((part) => (a?.[part] ?? null) !== (b?.[part] ?? null))
  const status = a === undefined ? 'only-b' : b === undefined ? 'only-a' : differs.length === 0 ? 'same' : 'changed'
  return {
    id: a?.id ?? b?.id ?? '',
    status,
    differs: status === 'changed' ? differs : [],
    promptDiff: patch(a?.prompt, b?.prompt),
    outputDiff: patch(a?.output, b?.output),
    tokens: [tokensOf(a), tokensOf(b)],
    durationMs: [durationOf(a), durationOf(b)],
  }
}

/** Returns a unified diff of two texts; null when they are equal or one is missing. */
export function patch(
  a: string | null | undefined,
  b: string | null | undefined,
  names: readonly [string, string] = ['a', 'b'],
): string | null {
  if (a == null || b == null || a === b) return null
  return createTwoFilesPatch(names[0], names[1], a, b, undefined, undefined, { context: 2 })
}

function tokensOf(effect: RunEffect | undefined): number | null {
  if (effect === undefined || (effect.inputTokens === null && effect.outputTokens === null)) return null
  return (effect.inputTokens ?? 0) + (effect.outputTokens ?? 0)
}

function durationOf(effect: RunEffect | undefined): number | null {
  return effect?.endedMs == null ? null : effect.endedMs - effect.askedMs
}

/** What was last gathered of each candidate: a later judging knows more. */
function evidenceOf(events: readonly RunEvent[]): ReadonlyMap<string, Evidence> {
  const last = new Map<string, Evidence>()
  for (const event of events) {
    if (event.type !== 'evidence.gathered') continue
    const { candidate, loads, examples, assertions, tests, testsGrade } = event
    last.set(candidate, { loads, examples, assertions, ...(tests && testsGrade ? { tests, testsGrade } : {}) })
  }
  return last
}

function compareEvidence(a: ReadonlyMap<string, Evidence>, b: ReadonlyMap<string, Evidence>): EvidenceDiff[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort().map((candidate) => {
    const evidence = [a.get(candidate) ?? null, b.get(candidate) ?? null] as const
    return { candidate, isSame: JSON.stringify(evidence[0]) === JSON.stringify(evidence[1]), evidence }
  })
}

function verdictOf(events: readonly RunEvent[]): Verdict | null {
  const event = events.findLast((each) => each.type === 'verdict.reached')
  return event?.type === 'verdict.reached' ? event.verdict : null
}
