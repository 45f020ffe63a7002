import type { AgentId, EffectId, RunId } from './ids.ts'
import type { FinishReason, TurnTimings, Usage } from './message.ts'
import type { Protocol } from './run-spec.ts'
import type { EvidenceGrade, Outcome, StopReason, Verdict } from './verdict.ts'

/** What an agent is doing in a turn. */
export type Phase = 'draft' | 'write_tests' | 'propose' | 'rebut' | 'finalize' | 'revise' | 'repair' | 'arbitrate'

/**
 * What the machines say of a run, derived by folding its log and never stored as truth. `--json`, the terminal view,
 * server-sent events, metrics and the inspector all read this one stream.
 */
export type RunEventBody =
  | {
      readonly type: 'run.started'
      readonly protocol: Protocol
      readonly rounds: number
      readonly agents: readonly { readonly id: AgentId; readonly title: string; readonly method: string }[]
    }
  | { readonly type: 'agents.assigned'; readonly agents: readonly { readonly id: AgentId; readonly models: readonly string[] }[] }
  | { readonly type: 'round.started'; readonly round: number; readonly phase: Phase; readonly agents: readonly AgentId[] }
  | {
      readonly type: 'turn.started'
      readonly agent: AgentId
      readonly turn: EffectId
      readonly phase: Phase
      readonly round: number
      readonly attempt: number
    }
  | {
      readonly type: 'turn.granted'
      readonly agent: AgentId
      readonly turn: EffectId
      readonly model: string
      readonly queuedMs: number
    }
  | { readonly type: 'turn.first_token'; readonly agent: AgentId; readonly turn: EffectId; readonly ttftMs: number }
  | {
      readonly type: 'turn.completed'
      readonly agent: AgentId
      readonly turn: EffectId
      readonly phase: Phase
      readonly round: number
      readonly model: string
      readonly finish: FinishReason
      readonly usage: Usage
      readonly timings: TurnTimings
      readonly chars: number
    }
  | {
      readonly type: 'turn.failed'
      readonly agent: AgentId
      readonly turn: EffectId
      readonly code: string
      readonly message: string
      /** Ms until the next attempt; null when there is none. */
      readonly retryInMs: number | null
    }
  | { readonly type: 'agent.abstained'; readonly agent: AgentId; readonly code: string; readonly reason: string }
  | { readonly type: 'round.completed'; readonly round: number; readonly phase: Phase; readonly standing: readonly AgentId[] }
  | {
      readonly type: 'candidates.gated'
      readonly candidates: readonly {
        readonly id: string
        readonly agent: AgentId
        readonly language: string
        readonly lines: number
        readonly parses: boolean
      }[]
      readonly rejected: readonly { readonly id: string; readonly agent: AgentId; readonly reason: string }[]
    }
  | {
      /** One candidate's executions as soon as they have ended, again when the user's tests have run on it. k of n; n is 0 where there is nothing of the kind. */
      readonly type: 'evidence.gathered'
      readonly candidate: string
      readonly agent: AgentId
      readonly loads: boolean
      readonly examples: readonly [number, number]
      readonly assertions: readonly [number, number]
      /** Of the user's own tests; absent where none were run on it. Under the grade `unverified` none counts as passed. */
      readonly tests?: readonly [number, number]
      /** How far `tests` can be trusted; there wherever they are. */
      readonly testsGrade?: EvidenceGrade
    }
  | {
      readonly type: 'candidates.ranked'
      readonly ranking: readonly { readonly id: string; readonly agent: AgentId; readonly score: number | null }[]
      /** Answers that behave like the first, and answers in all; absent where no call was executed. */
      readonly agreement?: readonly [number, number]
      readonly isOpen: boolean
      readonly why: string
    }
  | {
      readonly type: 'debate.opened'
      readonly round: number
      readonly kind: 'asked' | 'repair' | 'distinguish' | 'another-model'
      readonly why: string
    }
  | { readonly type: 'verdict.reached'; readonly verdict: Verdict }
  /** The run goes on after a crash, an interruption or a fork. `asked` are the effects issued again. */
  | { readonly type: 'run.resumed'; readonly asked: readonly EffectId[] }
  | {
      readonly type: 'run.completed'
      readonly runId: RunId
      readonly outcome: Outcome
      readonly stopReason: StopReason
      readonly detail: string
      readonly winner: string | null
      readonly grade: EvidenceGrade
      readonly inputTokens: number
      readonly outputTokens: number
      /** Rolling digest of the whole log; equal in every replay. */
      readonly digest: string
    }

/** An event as it is read: its place in the run and the logical ms since the start. `seq` is gapless per run. */
export type RunEvent = RunEventBody & { readonly v: 1; readonly seq: number; readonly t: number }
export type RunEventType = RunEventBody['type']

/** Text as it arrives, on the side channel: never a machine's event, never in `--json` unless asked for. */
export interface TokenDelta {
  readonly turn: EffectId
  readonly agent: AgentId
  /** UTF-16 offset of `text` in the answer. */
  readonly offset: number
  readonly text: string
}
