import type { AgentId } from './ids.ts'
import type { EvidenceGrade } from './verdict.ts'

/** Version of `consensus.json` written today. */
export const CONSENSUS_SCHEMA_VERSION = '2.0.0'
/** Version of `selector_decision.json` written today. */
export const SELECTOR_SCHEMA_VERSION = '2.0.0'
/** Version of `run_config.json` written today. */
export const RUN_CONFIG_SCHEMA_VERSION = '2.0.0'

export interface ConsensusCandidate {
  /** Candidate id, `<agent>.<round>`. */
  readonly id: string
  readonly agent: AgentId
  readonly round: number
  readonly model: string
  /** Models of all answers with this program. */
  readonly models: readonly string[]
  /** Answers with this program, itself included. */
  readonly count: number
  /** Comparable within this file, among candidates that pass as many examples; null for one that could not be run. */
  readonly score: number | null
  /** False for one that was out of the choice: it could not be run. */
  readonly is_live: boolean
  /** SHA-256, in hex, of the answer as it came; null where it is not known. */
  readonly output_sha: string | null
  readonly language: string
  /** Named nodes of the syntax tree, and a short hash of the program: what ties are broken by. */
  readonly nodes: number
  readonly code_hash: string
  /** The parts the score was made of, by name. */
  readonly parts: Readonly<Record<string, number>>
}

/** A check of the plan: `call` is an index in `calls`; `writer` is null for an example of the task. */
export interface ConsensusCheck {
  readonly call: number
  readonly expected: string
  readonly source: string
  readonly writer: string | null
}

/** What was to be executed, calls as source text. Long values are clipped; the log's records hold them whole. */
export interface ConsensusPlan {
  readonly entry_point: string | null
  readonly language: string | null
  readonly calls: readonly string[]
  readonly examples: readonly ConsensusCheck[]
  readonly assertions: readonly ConsensusCheck[]
  /** Indices of the calls whose results are compared between candidates. */
  readonly probes: readonly number[]
  readonly rejected: readonly { readonly source: string; readonly reason: string; readonly writer: string | null }[]
}

/** What was executed, where, and how every call ended, as text. */
export interface ConsensusExecution {
  readonly driver: string
  readonly isolation: 'full' | 'partial' | 'none'
  readonly policy_hash: string
  /** Why nothing was executed; empty when something was. */
  readonly why: string
  readonly rows: readonly { readonly candidate: string; readonly load: string; readonly outcomes: readonly string[] }[]
}

/**
 * `consensus.json`: how the winner was chosen, with every number needed to choose again by hand and no candidate's text but
 * the winner's. Every field is present.
 */
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
  /** The rules the numbers of `decision` follow, in words and formulas. */
  readonly formula: Readonly<Record<'score' | 'order' | 'confidence' | 'stop', string>>
  /** Null where the run ended before anything was judged. */
  readonly plan: ConsensusPlan | null
  /** Null where there was nothing to execute. */
  readonly execution: ConsensusExecution | null
  /** `Decision` of `src/consensus/decision.ts` as it stands, in its own spelling; null where nothing was judged. */
  readonly decision: object | null
}

/**
 * Why a model was chosen. `forced_by_env`: a variable named it; `forced_by_user`: a flag, a file or a variable did;
 * `discovery_order`: loaded models first, then as the servers list them.
 */
export type SelectionReason =
  | 'policy_scoring'
  | 'forced_by_env'
  | 'forced_by_user'
  | 'persona_preference'
  | 'only_model'
  | 'discovery_order'
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

/** `run_config.json`: what decided the run besides its prompt, personas' texts and the world. No path, no secret. */
export interface RunConfigArtifact {
  readonly run_config_schema_version: typeof RUN_CONFIG_SCHEMA_VERSION
  readonly run_id: string
  readonly product_version: string
  readonly policy: string
  /** The value in force under the name of the variable that would set it, whatever did set it; empty = not set. */
  readonly env: Readonly<Record<string, string>>
  /** Characters (UTF-16 units) and SHA-256 of the prompt. */
  readonly prompt_len: number
  readonly prompt_sha: string
  readonly protocol: string
  readonly rounds: number
  readonly seed: number
  /** Language asked for; null = told from the prompt and the answers. */
  readonly language: string | null
  readonly limits: {
    readonly turn_timeout_s: number
    readonly queue_timeout_s: number
    readonly budget_s: number | null
    readonly budget_tokens: number | null
    readonly quorum: number | null
  }
  /** `persona_sha` is the SHA-256 of the persona as the log's start record holds it; `model` is null where none was named. */
  readonly agents: readonly {
    readonly id: AgentId
    readonly persona: string
    readonly persona_sha: string
    readonly model: string | null
  }[]
  readonly backends: readonly { readonly id: string; readonly kind: string }[]
}
