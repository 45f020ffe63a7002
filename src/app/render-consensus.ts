import { hash } from 'node:crypto'
import {
  ASSERTION_EXPONENT,
  CONSTANT_PENALTY,
  EXAMPLE_FLOOR,
  LIKENESS_WEIGHT,
  MEDOID_WEIGHT,
  STRUCTURE_VOTE,
} from '../consensus/agreement.ts'
import { printCall, printExpectation, printOutcome } from '../consensus/describe-evidence.ts'
import { loadProblem } from '../consensus/execution-matrix.ts'
import type { ConsensusLanguage } from '../consensus/language.ts'
import type { EvidencePlan, PlannedCheck } from '../consensus/plan-evidence.ts'
import { SCORE_EPSILON } from '../consensus/tie-order.ts'
import {
  CONSENSUS_SCHEMA_VERSION,
  type ConsensusArtifact,
  type ConsensusCandidate,
  type ConsensusCheck,
  type ConsensusExecution,
  type ConsensusPlan,
} from '../domain/artifacts.ts'
import { answersOf, type Judgement, modelInfo, type RunFacts, winnerOf } from './run-facts.ts'

/** How `decision` follows from its own numbers; `i` and `j` are candidates of `evidence.candidates`, sums are over all. */
const FORMULA = {
  order:
    'candidates that load, by examples passed, then suite (green, tests passed, grade), then score, then tiesBrokenBy; then the others, by suite, then medoid',
  score:
    `score = ln(agreement + 1e-9) + ${ASSERTION_EXPONENT} ln(tests + 1e-3) + ${MEDOID_WEIGHT} ln(medoid + 1e-6) + ${LIKENESS_WEIGHT} likeness - penalty, compared in steps of ${SCORE_EPSILON}; ` +
    `G = evidence.agreement + ${STRUCTURE_VOTE} evidence.similarity; agreement[i] = sum_j G[i][j] counts[j] tests[j] v[j], scaled to a maximum of 1, ` +
    `v[j] = ${EXAMPLE_FLOOR} + examples[j], or 1 where the task gives no example; ` +
    'tests[i] = sum of weight x reliability of the assertions it passes, scaled to a maximum of 1; ' +
    'reliability = sum of trust of the candidates that pass it; ' +
    'trust[i] ~ counts[i] sum_j G[i][j] counts[j] (assertions with isBelieved that j passes, scaled to a maximum of 1); ' +
    'weight of an assertion = isBelieved x (mean reliability of the believed assertions of its writer / the best such mean)^2; ' +
    'floats are equal within 1e-6 of an example, and to 9 digits between candidates; ' +
    'medoid[i] = sum_j counts[j] similarity[i][j] / sum_j counts[j]; ' +
    `penalty = ${CONSTANT_PENALTY} for a program that answers everything alike where most do not. Sums are over candidates that load. ` +
    'structure-medoid: score = medoid over candidates that parse',
  confidence:
    '1 / (1 + exp(-(4.37 d - 1.3 [no example] + 1.1 t + 1.87 s + 0.62 min(v, 5) / 5 - 5.01))), then its caps; d, t: shares of examples and of believed assertions passed ' +
    '(1 and 0.5 where there are none), s: mean agreement of all answers with the winner, v: its votes (s and v count 0 for a lone answer); ' +
    'structure-medoid: half the medoid, at most 0.5',
  stop: 'settled: every example passes, at least 2 answers agree with the winner on every compared call, and they are half of all',
} as const

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
    const loads = decision.ranking.find(({ id }) => id === candidate.id)?.isLive ?? false
    return [
      {
        id: candidate.id,
        agent: candidate.agent,
        round: candidate.round,
        model: candidate.model,
        models: candidate.models,
        count: 1 + candidate.duplicates.length,
        score: ranked.score,
        is_live: isTried ? loads : ranked.isLive,
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
