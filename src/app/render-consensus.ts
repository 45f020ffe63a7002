import { hash } from 'node:crypto'
import { printCall, printExpectation, printOutcome } from '../consensus/describe-evidence.ts'
import { loadProblem } from '../consensus/execution-matrix.ts'
import type { ConsensusLanguage } from '../consensus/language.ts'
import type { EvidencePlan, PlannedCheck } from '../consensus/plan-evidence.ts'
import {
  CONSENSUS_SCHEMA_VERSION,
  type ConsensusArtifact,
  type ConsensusCandidate,
  type ConsensusCheck,
  type ConsensusExecution,
  type ConsensusPlan,
} from '../domain/artifacts.ts'
import { FORMULA } from './consensus-formula.ts'
import { answersOf, type Judgement, modelInfo, type RunFacts, winnerOf } from './run-facts.ts'

/** Returns how the winner was chosen, with every number the decision was made of. Pure. */
export function renderConsensus(facts: RunFacts): ConsensusArtifact {
  const { context } = facts
  const { judgement } = context
  const verdict = judgement?.verdict ?? null
  const winner = winnerOf(context)
  return {
    consensus_schema_version: CONSENSUS_SCHEMA_VERSION,
    run_id: facts.runId,
    method: winner === null ? null : (verdict?.method ?? null),
    reason: verdict?.reason ?? 'nothing was judged',
    winner: {
      candidate: winner?.id ?? null,
      agent: winner?.agent ?? null,
      model: winner?.model ?? null,
      score: verdict?.ranking.find(({ candidate }) => candidate === winner?.id)?.score ?? null,
    },
    cached: winner !== null && modelInfo(context, winner.model)?.kind === 'replay',
    candidates: judgement === null ? [] : candidatesOf(facts, judgement),
    rejected: judgement?.gate.rejected.map(({ id, agent, reason, detail }) => ({ id, agent, reason, detail })) ?? [],
    dissent: verdict?.dissent.map(({ agent, candidate, why }) => ({ agent, candidate, why })) ?? [],
    evidence_grade: verdict?.grade ?? 'unverified',
    confidence: verdict?.confidence ?? null,
    code_quality: null,
    // Without a grammar nobody could tell: such a candidate has no node.
    syntax_valid: winner === null || winner.nodes === 0 ? null : winner.parseError === null,
    consensus: winner?.program ?? null,
    formula: FORMULA,
    plan: judgement === null ? null : toPlan(judgement.plan),
    execution: judgement === null ? null : toExecution(judgement),
    decision: judgement?.decision ?? null,
  }
}

function candidatesOf({ context }: RunFacts, { gate, verdict, decision, execution }: Judgement): ConsensusCandidate[] {
  const answers = new Map(answersOf(context).map(({ turn, answer }) => [turn, answer.text]))
  const listed = verdict.ranking.flatMap((ranked): ConsensusCandidate[] => {
    const candidate = gate.candidates.find(({ id }) => id === ranked.candidate)
    if (candidate === undefined) return []
    const text = answers.get(candidate.turn)
    const isTried = (execution?.rows.length ?? 0) > 0
    const contender = decision.ranking.find(({ id }) => id === candidate.id)
    return [
      {
        id: candidate.id,
        agent: candidate.agent,
        round: candidate.round,
        model: candidate.model,
        models: candidate.models,
        count: 1 + candidate.duplicates.length,
        score: ranked.score,
        is_live: isTried ? contender !== undefined && contender.problem === null : ranked.isLive,
        output_sha: text === undefined ? null : hash('sha256', text, 'hex'),
        language: candidate.language,
        nodes: candidate.nodes,
        code_hash: candidate.codeHash,
        parts: ranked.parts,
      },
    ]
  })
  // In the order of the ranking: scores alone do not make it, examples come first.
  return listed
}

function toPlan(plan: EvidencePlan): ConsensusPlan {
  const { language } = plan
  const toCheck = ({ call, expected, source, writer }: PlannedCheck): ConsensusCheck => ({
    call,
    expected: language === null ? '' : printExpectation(expected, language),
    source,
    writer,
  })
  return {
    entry_point: plan.entryPoint,
    language,
    calls: language === null ? [] : plan.calls.map((call) => printCall(call, language)),
    examples: plan.examples.map(toCheck),
    assertions: plan.assertions.map(toCheck),
    probes: plan.probes,
    rejected: plan.rejected.map(({ source, reason, writer }) => ({ source, reason, writer })),
  }
}

function toExecution({ plan, execution }: Judgement): ConsensusExecution | null {
  if (execution === null) return null
  const { driver, isolation, policyHash, why, rows } = execution
  const language: ConsensusLanguage = plan.language ?? 'python'
  return {
    driver,
    isolation,
    policy_hash: policyHash,
    why,
    rows: rows.map(({ candidate, load, outcomes }) => ({
      candidate,
      load: loadProblem(load) ?? 'loaded',
      outcomes: outcomes.map((outcome) => printOutcome(outcome, language)),
    })),
  }
}
