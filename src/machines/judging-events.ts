import { tabulateEvidence } from '../consensus/evidence-table.ts'
import type { ExecutionRow } from '../consensus/execution-matrix.ts'
import { suiteFacts } from '../consensus/suite-facts.ts'
import type { RunEventBody } from '../domain/event.ts'
import type { GateResult, SuiteResult } from './effects.ts'
import type { Judgement } from './judgement.ts'
import type { RunContext } from './run-context.ts'

/** A candidate's row of a result, told by the effect that works on it. */
export type CandidateMeasured =
  | { readonly type: 'candidate.measured'; readonly by: 'execute'; readonly row: ExecutionRow }
  | { readonly type: 'candidate.measured'; readonly by: 'suite'; readonly row: SuiteRow }

type SuiteRow = SuiteResult['rows'][number]

/** Returns what the gate found, for all to see. */
export function describeGate(gate: GateResult): RunEventBody {
  return {
    type: 'candidates.gated',
    candidates: gate.candidates.map((candidate) => ({
      id: candidate.id,
      agent: candidate.agent,
      language: candidate.language,
      lines: candidate.program.split('\n').length - 1,
      parses: candidate.parseError === null,
    })),
    rejected: gate.rejected.map(({ id, agent, reason }) => ({ id, agent, reason })),
  }
}

/** Returns what is known of a candidate as soon as its executions, or the user's tests on it, have ended; null where nothing is. */
export function describeMeasured(context: RunContext, measured: CandidateMeasured): RunEventBody | null {
  return measured.by === 'execute' ? describeExecution(context, measured.row) : describeTests(context.judgement, measured.row)
}

function describeExecution({ gate, plan, spec }: RunContext, row: ExecutionRow): RunEventBody | null {
  const candidate = gate?.candidates.find(({ id }) => id === row.candidate)
  if (candidate === undefined || plan === null) return null
  const table = tabulateEvidence([row.candidate], plan, [row])
  const share = ([passed]: readonly (readonly boolean[])[]) => [passed?.filter(Boolean).length ?? 0, passed?.length ?? 0] as const
  return {
    type: 'evidence.gathered',
    candidate: row.candidate,
    agent: candidate.agent,
    // What the user's tests import need not be a function.
    loads: table.isLive[0] === true || (spec.suite !== null && row.load.kind === 'no-entry-point'),
    examples: share(table.examples),
    assertions: share(table.assertions),
  }
}

function describeTests(judgement: Judgement | null, row: SuiteRow): RunEventBody | null {
  const contender = judgement?.decision.ranking.find(({ id }) => id === row.candidate)
  const [own] = suiteFacts([row])
  if (judgement === null || contender === undefined || own === undefined) return null
  const { examples, assertions } = judgement.decision
  const load = judgement.execution?.rows.find(({ candidate }) => candidate === row.candidate)?.load
  return {
    type: 'evidence.gathered',
    candidate: contender.id,
    agent: contender.agent,
    // Where nothing was called nobody looked whether it loads; a test of it that passed has.
    loads: contender.isLive || own.passed > 0 || load?.kind === 'no-entry-point',
    examples: [contender.examplesPassed, examples.total],
    assertions: [contender.assertionsPassed, assertions.total],
    tests: [own.passed, own.total],
    testsGrade: own.grade,
  }
}
