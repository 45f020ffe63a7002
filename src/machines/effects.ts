import type { CodeBleuSettings } from '../consensus/code-bleu-settings.ts'
import type { ExecutionMatrix } from '../consensus/execution-matrix.ts'
import type { Candidate, RejectedAnswer } from '../domain/candidate.ts'
import type { Phase } from '../domain/event.ts'
import type { AgentId, EffectId } from '../domain/ids.ts'
import type { FinishReason, PromptMessage, Sampling, TurnTimings, Usage } from '../domain/message.ts'
import type { ModelInfo, ModelKey } from '../domain/model.ts'
import type { SuiteReport, TestSuite } from '../domain/suite.ts'
import type { Call } from '../domain/value.ts'
import { declareEffect } from './effect.ts'

/** What a persona asks of the model pool. */
export interface ModelRequest {
  readonly agent: AgentId
  readonly phase: Phase
  readonly round: number
  /** From 1; above 1 after a transport failure. */
  readonly attempt: number
  readonly prompt: readonly PromptMessage[]
  /** Models that may answer, the preferred first. */
  readonly models: readonly ModelKey[]
  readonly sampling: Sampling
  readonly contextTokens: number | null
  /** The pool gives up waiting for a slot after this long. */
  readonly queueTimeoutMs: number
  /** Longest silence allowed before the first text and between texts. */
  readonly firstTokenTimeoutMs: number
  readonly idleTimeoutMs: number
}

/** What is known of an answer besides its text, which its chunks carry. */
export interface AnswerFacts {
  readonly model: ModelKey
  readonly finish: FinishReason
  readonly usage: Usage
  readonly timings: TurnTimings
  /** As truly sent. */
  readonly sampling: Sampling
}

/** What came back, whole. */
export interface ModelAnswer extends AnswerFacts {
  readonly text: string
}

export interface GatherRequest {
  /** Name patterns the agents prefer, so that the pool describes those first. */
  readonly wanted: readonly string[]
}

/** The models this machine can answer with now, and material for the prompts. */
export interface GatherResult {
  readonly models: readonly ModelInfo[]
}

export interface AnswerToGate {
  /** `<agent>.<round>`. */
  readonly id: string
  readonly agent: AgentId
  readonly round: number
  readonly turn: EffectId
  readonly model: ModelKey
  readonly text: string
  readonly finish: FinishReason
}

/** Asks for candidates to be taken from answers, parsed, merged where equal, and compared. */
export interface GateRequest {
  readonly prompt: string
  readonly language: string | null
  /** Names the user's tests take from the program; absent where there are none. */
  readonly names?: readonly string[]
  /** What they import it as: a program that imports itself under that name would not load. */
  readonly module?: string
  readonly answers: readonly AnswerToGate[]
  /** How likeness is measured; null or absent = as `CODE_BLEU_DEFAULTS` says. Logs from before it was measured have none. */
  readonly codeBleu?: CodeBleuSettings | null
}

export interface GateResult {
  readonly language: string
  readonly entryPoint: string | null
  readonly candidates: readonly Candidate[]
  readonly rejected: readonly RejectedAnswer[]
  /** Jaccard similarity of syntax subtrees (of token n-grams without a grammar), in candidate order, in [0, 1]. */
  readonly similarity: readonly (readonly number[])[]
  readonly similarityBy: 'subtrees' | 'tokens'
  /**
   * Mean CodeBLEU of each candidate to all other answers, in candidate order, in [0, 1]. Absent where there is one answer only,
   * and in logs from before it was measured.
   */
  readonly likeness?: readonly number[]
}

/** Asks for the planned calls to be run on each candidate, in a sandbox. */
export interface ExecuteRequest {
  readonly language: string
  readonly entryPoint: string
  readonly calls: readonly Call[]
  readonly candidates: readonly { readonly id: string; readonly program: string }[]
}

/** How every candidate answered, and in what isolation. No rows when nothing could be run; `why` says so. */
export interface ExecuteResult {
  readonly rows: ExecutionMatrix
  readonly driver: string
  readonly isolation: 'full' | 'partial' | 'none'
  readonly policyHash: string
  readonly why: string
  /** The one command that would let it run; null when nothing is missing, absent in logs from before it was told. */
  readonly fix?: string | null
  /** What the sandbox's self-test measured: attacks made on it, and how many were not held off. Absent where nothing was tested. */
  readonly selfTest?: { readonly attacks: number; readonly escaped: number }
}

/** Asks for the user's own tests to be run on each candidate, in a sandbox. */
export interface SuiteRequest {
  readonly suite: TestSuite
  readonly candidates: readonly { readonly id: string; readonly program: string }[]
}

/** How every candidate did in the user's tests. No rows when nothing could be run; `why` says so. */
export interface SuiteResult {
  readonly rows: readonly { readonly candidate: string; readonly report: SuiteReport }[]
  readonly driver: string
  readonly isolation: 'full' | 'partial' | 'none'
  readonly policyHash: string
  readonly why: string
  /** The one command that would let it run; null when nothing is missing, absent in logs from before it was told. */
  readonly fix?: string | null
}

/** Effects by the name machines use and records carry. */
export const gatherEffect = declareEffect<GatherRequest, GatherResult>('gather')
export const modelEffect = declareEffect<ModelRequest, ModelAnswer>('model')
export const executeEffect = declareEffect<ExecuteRequest, ExecuteResult>('execute')
export const suiteEffect = declareEffect<SuiteRequest, SuiteResult>('suite')
export const gateEffect = declareEffect<GateRequest, GateResult>('gate')
