import type { AgentId, EffectId } from './ids.ts'

/** One program taken from one answer. Several answers with the same normalised text share a candidate. */
export interface Candidate {
  /** `<agent>.<round>`, e.g. `coder.1`; the order candidates are listed in is by this id. */
  readonly id: string
  readonly agent: AgentId
  readonly round: number
  /** The turn it was taken from. */
  readonly turn: EffectId
  readonly model: string
  /** Ids of further answers with the same normalised text. */
  readonly duplicates: readonly string[]
  /** Models of all answers with this text. */
  readonly models: readonly string[]
  readonly language: string
  readonly files: readonly CandidateFile[]
  /** Index in `files` of the one that is judged. */
  readonly main: number
  /** The judged file without demonstrations, with what the task declares: this is parsed, compared and executed. */
  readonly program: string
  /** Short hash of `program`. */
  readonly codeHash: string
  /** Null when it parses. */
  readonly parseError: string | null
  /** Named nodes of the syntax tree; 0 without a grammar. */
  readonly nodes: number
  /** True when the answer was cut at the token limit. */
  readonly isCut: boolean
  readonly warnings: readonly string[]
}

export interface CandidateFile {
  /** POSIX, relative, inside the project; null when the answer names none. */
  readonly path: string | null
  readonly language: string
  readonly code: string
}

/** An answer from which no candidate could be taken, and why. */
export interface RejectedAnswer {
  readonly id: string
  readonly agent: AgentId
  readonly reason: 'no-code' | 'does-not-parse' | 'cut-and-unfinished' | 'refused'
  readonly detail: string
}
