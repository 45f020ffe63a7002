import type { AgentId } from './ids.ts'
import type { EvidenceGrade } from './verdict.ts'

/** Version of `consensus.json` written today. */
export const CONSENSUS_SCHEMA_VERSION = '2.0.0'
/** Version of `selector_decision.json` written today. */
export const SELECTOR_SCHEMA_VERSION = '2.0.0'

export interface ConsensusCandidate {
  /** Candidate id, `<agent>.<round>`. */
  readonly id: string
  readonly agent: AgentId
  readonly round: number
  readonly model: string
  /** Higher is better; comparable within this file only. */
  readonly score: number
  /** False for one that was out of the choice: it does not load, or fails an example. */
  readonly is_live: boolean
  /** SHA-256, in hex, of the answer as it came; null where it is not known. */
  readonly output_sha: string | null
  readonly language: string
  /** The parts the score was made of, by name. */
  readonly parts: Readonly<Record<string, number>>
}

/** `consensus.json`: how the winner was chosen, with no candidate's text but the winner's. Every field is present. */
export interface ConsensusArtifact {
  readonly consensus_schema_version: typeof CONSENSUS_SCHEMA_VERSION
  readonly run_id: string
  /** The rule that picked the winner; null where nothing was picked. */
  readonly method: string | null
  readonly reason: string
  readonly winner: {
    readonly candidate: string | null
    readonly agent: AgentId | null
    readonly model: string | null
    readonly score: number | null
  }
  /** True if the answer came from a cache and not from a model. */
  readonly cached: boolean
  /** By score, highest first, ties by id. */
  readonly candidates: readonly ConsensusCandidate[]
  /** Answers that gave no candidate. */
  readonly rejected: readonly { readonly id: string; readonly agent: AgentId; readonly reason: string; readonly detail: string }[]
  readonly dissent: readonly { readonly agent: AgentId; readonly candidate: string; readonly why: string }[]
  readonly evidence_grade: EvidenceGrade
  /** In [0, 1]; null without a verdict. */
  readonly confidence: number | null
  /** In [0, 1]; null where it was not measured. */
  readonly code_quality: number | null
  /** Whether the winner parses; null without a winner or a grammar for its language. */
  readonly syntax_valid: boolean | null
  /** The winning program; null without a winner. */
  readonly consensus: string | null
}

/** Why a model was chosen. `forced_by_env`: a variable named it; `forced_by_user`: a flag or file did. */
export type SelectionReason =
  | 'policy_scoring'
  | 'forced_by_env'
  | 'forced_by_user'
  | 'persona_preference'
  | 'only_model'
  | 'no_model'

/** `selector_decision.json`: which models a run was given and why. Every field is present. */
export interface SelectorDecision {
  readonly selector_schema_version: typeof SELECTOR_SCHEMA_VERSION
  readonly run_id: string
  readonly policy: string
  /** By model name; higher is better. Empty where nothing was scored. */
  readonly scores: Readonly<Record<string, number>>
  /** The model of the first agent; null when there was none. */
  readonly chosen: string | null
  /** Models tried next, in order. */
  readonly fallbacks: readonly string[]
  /** What the user's configuration asks of every model; null = left to persona and server. */
  readonly sampling: { readonly temperature: number | null; readonly top_p: number | null }
  readonly why: {
    readonly reason: SelectionReason
    readonly policy: string | null
    readonly forced_value: string | null
    /** `[model, score]`, best first. */
    readonly top_candidates: readonly (readonly [string, number])[]
  }
  /** Per agent its models in the order they are tried. */
  readonly agents: readonly { readonly id: AgentId; readonly models: readonly string[] }[]
}
