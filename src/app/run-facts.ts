import type { Candidate } from '../domain/candidate.ts'
import type { Config } from '../domain/config.ts'
import type { KpiCodeBleuParts, KpiHardware } from '../domain/kpi.ts'
import type { ModelInfo, ModelKey } from '../domain/model.ts'
import { modelKey } from '../domain/model.ts'
import type { Answer, RunContext } from '../machines/run-context.ts'
import type { RunHistory } from './run-history.ts'
import type { RunResult } from './start-run.ts'

/** How like the winner is to the other answers by CodeBLEU; scores in [0, 1], weights summing to 1. */
export interface WinnerLikeness {
  readonly score: number
  readonly parts: KpiCodeBleuParts
  readonly weights: readonly number[]
  readonly language: string | null
  /** `no_grammar`, `truncated`, `budget`, `degenerate`: what befell the comparisons. */
  readonly flags: readonly string[]
}

/** All that the files of a run are made of: the renderers read nothing else. */
export interface RunFacts extends Pick<RunResult, 'runId' | 'outcome' | 'stopReason' | 'detail' | 'digest' | 'context'> {
  readonly history: RunHistory
  readonly config: Config
  readonly productVersion: string
  /** The run's folder, relative to where the product runs. */
  readonly folder: string
  readonly writtenMs: number
  readonly hardware: KpiHardware | null
  /** Of the backend the KPI names; null where it does not say. */
  readonly engineVersion: string | null
  readonly likeness: WinnerLikeness | null
  readonly backends: readonly { readonly id: string; readonly kind: string }[]
}

export type Judgement = NonNullable<RunContext['judgement']>

/** Returns the winning candidate; null where there is none. */
export function winnerOf({ judgement }: Pick<RunContext, 'judgement'>): Candidate | null {
  const id = judgement?.verdict.winner ?? null
  return judgement?.gate.candidates.find((candidate) => candidate.id === id) ?? null
}

/** Returns all answers: by round, then by agent. */
export function answersOf(context: RunContext): readonly Answer[] {
  return context.order
    .flatMap((id) => context.agents[id]?.answers ?? [])
    .toSorted((a, b) => a.round - b.round || compare(a.agent, b.agent))
}

/** Returns the winner's answer, else the first one. */
export function tellingAnswer(context: RunContext): Answer | null {
  const answers = answersOf(context)
  const turn = winnerOf(context)?.turn
  return answers.find((answer) => answer.turn === turn) ?? answers[0] ?? null
}

/** Returns the models that were given a turn, in order of first use. */
export function usedModels({ events }: RunHistory): readonly ModelKey[] {
  return [...new Set(events.flatMap((event) => (event.type === 'turn.granted' ? [event.model] : [])))]
}

/** Returns what is known of a model of the run. */
export function modelInfo(context: RunContext, key: ModelKey): ModelInfo | null {
  return context.models.find((model) => modelKey(model) === key) ?? null
}

/** Returns logical ms from the start of the run to its last event. */
export function durationMs({ events }: RunHistory): number {
  return Math.round(events.at(-1)?.t ?? 0)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
