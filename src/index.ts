export {
  type CodeComparison,
  type CompareCode,
  type ConsensusComparison,
  compareCode,
  createCodeComparer,
  type ReferenceComparison,
} from './app/compare-code.ts'
export { diffRuns, type EffectDiff, type RunDiff } from './app/diff-runs.ts'
export { expectReplay, type ReplayOptions, replayRun } from './app/expect-replay.ts'
export { type RecordedRun, recordRun } from './app/record-run.ts'
export type { Divergence, Replay, ReplayMode } from './app/replay-run.ts'
export { type Debate, type DebateOptions, runDebate } from './app/run-debate.ts'
export type { RunHandle, RunResult } from './app/start-run.ts'
export { createMockBackend, createReplayBackend } from './app/test-backends.ts'
export { loadPersonas } from './config/load-personas.ts'
export { loadSuite } from './config/load-suite.ts'
export { BackendError, type BackendFailure } from './domain/backend-error.ts'
export { CodeConductorError, type ErrorCode, EXIT } from './domain/errors.ts'
export type { RunEvent, RunEventType, TokenDelta } from './domain/event.ts'
export { Persona } from './domain/persona.ts'
export type { LogRecord } from './domain/record.ts'
export { RunSpec, type RunSpecInput } from './domain/run-spec.ts'
export type { TestSuite } from './domain/suite.ts'
export type { EvidenceGrade, Outcome, StopReason, Verdict } from './domain/verdict.ts'
export type { Backend, ChatEvent, ChatRequest } from './ports/backend.ts'
