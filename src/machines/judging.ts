import { toCodeBleuSettings } from '../consensus/code-bleu-settings.ts'
import { givenTests, share } from '../consensus/count-words.ts'
import { decide } from '../consensus/decide.ts'
import type { Decision, DissentingView } from '../consensus/decision.ts'
import { agreementWords, printCall } from '../consensus/describe-evidence.ts'
import { whyWithoutCalls } from '../consensus/explain-winner.ts'
import { consensusLanguage } from '../consensus/language.ts'
import { arbiterOf, type EvidencePlan, planEvidence } from '../consensus/plan-evidence.ts'
import { resultWords } from '../consensus/result-words.ts'
import { suiteFacts } from '../consensus/suite-facts.ts'
import type { EffectId } from '../domain/ids.ts'
import type { ModelKey } from '../domain/model.ts'
import type { RunSpec } from '../domain/run-spec.ts'
import type { Call } from '../domain/value.ts'
import type { Dissent, EvidenceGrade, Verdict } from '../domain/verdict.ts'
import { suiteText } from '../prompts/suite-text.ts'
import type {
  AnswerToGate,
  ExecuteRequest,
  ExecuteResult,
  GateRequest,
  GateResult,
  SuiteRequest,
  SuiteResult,
} from './effects.ts'
import type { Judgement } from './judgement.ts'
import { agentIds, agentState, programAnswers, type RunContext } from './run-context.ts'

/** The verdict while there is none. */
export const NO_VERDICT: Verdict = {
  winner: null,
  agent: null,
  model: null,
  grade: 'unverified',
  confidence: 0,
  method: 'none',
  reason: 'nothing was judged',
  ranking: [],
  dissent: [],
  tests: null,
}

/** Returns the task as everybody is told it: the user's words, and the user's tests where there are some. */
export function taskText(spec: Pick<RunSpec, 'prompt' | 'suite'>): string {
  return spec.suite === null ? spec.prompt : `${spec.prompt}\n\n${suiteText(spec.suite)}`
}

/** Returns the candidate id of every program written so far, by turn: `<agent>.<round>`, and the count besides from an agent's second in a round. */
export function programIds(context: RunContext): ReadonlyMap<EffectId, string> {
  const counts = new Map<string, number>()
  const ids = new Map<EffectId, string>()
  for (const { turn, agent, round } of programAnswers(context)) {
    const id = `${agent}.${round}`
    const nth = (counts.get(id) ?? 0) + 1
    counts.set(id, nth)
    ids.set(turn, nth === 1 ? id : `${id}-${nth}`)
  }
  return ids
}

/** Returns what the gate is asked: every program written so far, in canonical order. */
export function toGateRequest(context: RunContext): GateRequest {
  const { codeBleu } = context.spec
  const ids = programIds(context)
  return {
    prompt: context.spec.prompt,
    ...(context.spec.suite === null ? {} : { names: context.spec.suite.names, module: context.spec.suite.moduleName }),
    language: context.spec.language,
    answers: programAnswers(context).map(
      ({ turn, agent, round, answer }): AnswerToGate => ({
        id: ids.get(turn) ?? turn,
        agent,
        round,
        turn,
        model: answer.model,
        text: answer.text,
        finish: answer.finish,
      }),
    ),
    // Absent and not null: a run that was asked for before this existed still asks for the same.
    ...((codeBleu ?? null) === null ? {} : { codeBleu: toCodeBleuSettings(codeBleu) }),
  }
}

/** Under what a question put to an arbiter is remembered: the call it is about, as it is shown. */
export function questionKey(call: string): string {
  return `ask/${call}`
}

/** Returns the evidence to gather for the gated pool: the task's examples, the blind assertions, and probes. */
export function planFor(context: RunContext, gate: GateResult): EvidencePlan {
  const language = consensusLanguage(gate.language)
  const isAsked = (call: Call): boolean => language !== null && context.repairs.includes(questionKey(printCall(call, language)))
  const written = agentIds(context).flatMap((id) =>
    agentState(context, id).answers.flatMap(({ agent, phase, answer: { text } }) => {
      if (phase === 'write_tests') return [{ writer: agent, text }]
      return phase === 'arbitrate' ? [{ writer: arbiterOf(agent), text, isAsked }] : []
    }),
  )
  const { prompt, suite } = context.spec
  const tests = suite === null ? {} : { tests: suite.text }
  return planEvidence({ prompt, entryPoint: gate.entryPoint, language: gate.language, ...tests }, written)
}

/** Returns what to execute; null when there is no function to call or no candidate. */
export function toExecuteRequest(gate: GateResult, plan: EvidencePlan): ExecuteRequest | null {
  // What a grammar of ours cannot read the interpreter may: it is the judge of that.
  const candidates = gate.candidates.map(({ id, program }) => ({ id, program }))
  // Without a call they are still loaded: a program that does not load must not win.
  if (plan.entryPoint === null || plan.language === null || candidates.length === 0) return null
  return { language: gate.language, entryPoint: plan.entryPoint, calls: plan.calls, candidates }
}

/** Returns which programs to run the user's tests on; null when there are no tests, or no program that could pass them. */
export function toSuiteRequest({ spec, judgement }: Pick<RunContext, 'spec' | 'judgement'>): SuiteRequest | null {
  if (spec.suite === null || judgement === null) return null
  const broken = new Set(judgement.execution?.rows.filter(({ load }) => load.kind === 'failed').map(({ candidate }) => candidate))
  const candidates = judgement.gate.candidates
    .filter(({ id, parseError }) => parseError === null && !broken.has(id))
    .map(({ id, program }) => ({ id, program }))
  return candidates.length === 0 ? null : { suite: spec.suite, candidates }
}

/** Decides from what was gathered. Pure: equal records give an equal verdict, with no sandbox. */
export function judge(
  gate: GateResult,
  plan: EvidencePlan,
  execution: ExecuteResult | null,
  suite: SuiteResult | null,
  strengthOf: (model: ModelKey) => number = () => 0,
): Judgement {
  const decision = decide({
    candidates: gate.candidates.map((candidate) => ({
      id: candidate.id,
      agent: candidate.agent,
      model: candidate.model,
      models: candidate.models,
      count: 1 + candidate.duplicates.length,
      codeHash: candidate.codeHash,
      nodes: candidate.nodes,
      strength: Math.max(0, ...candidate.models.map(strengthOf)),
      parses: candidate.parseError === null,
    })),
    plan,
    matrix: execution === null || execution.isolation === 'none' ? null : execution.rows,
    similarity: gate.similarity,
    ...(gate.likeness === undefined ? {} : { likeness: gate.likeness }),
    suite: suite === null || suite.isolation === 'none' ? null : suiteFacts(suite.rows),
  })
  return { gate, plan, execution, suite, decision, verdict: toVerdict(gate, execution, suite, decision) }
}

function toVerdict(gate: GateResult, execution: ExecuteResult | null, suite: SuiteResult | null, decision: Decision): Verdict {
  const winner = decision.abstain === null ? decision.ranking.find((contender) => contender.id === decision.winner) : undefined
  const tests = testsOf(winner?.id ?? null, suite, decision)
  const grade: EvidenceGrade =
    winner === undefined ? 'unverified' : decision.method === 'execution-agreement' ? 'verified' : (tests?.grade ?? 'unverified')
  return {
    winner: winner?.id ?? null,
    agent: winner?.agent ?? null,
    model: winner?.model ?? null,
    grade,
    confidence: winner === undefined ? 0 : decision.confidence.value,
    method: decision.method,
    reason: reasonOf(gate, execution, decision, tests),
    ranking: decision.ranking.map((contender) => ({
      candidate: contender.id,
      agent: contender.agent,
      score: contender.score,
      isLive: decision.method === 'execution-agreement' ? contender.isLive : contender.parses,
      parts: {
        examplesPassed: contender.examplesPassed,
        assertionsPassed: contender.assertionsPassed,
        votes: contender.votes,
        tests: contender.tests,
        agreement: contender.agreement,
        medoid: contender.medoid,
      },
    })),
    dissent: decision.dissent.map(toDissent),
    tests,
  }
}

function testsOf(winner: string | null, suite: SuiteResult | null, decision: Decision): Verdict['tests'] {
  if (suite === null || winner === null) return null
  const own = decision.suite?.find(({ candidate }) => candidate === winner)
  if (own === undefined)
    return { grade: 'unverified', passed: false, count: 0, total: 0, why: suite.why || 'they were not run on it' }
  const { grade, isGreen, passed, total, failure, why } = own
  const reason = isGreen ? '' : failure === null ? why : `${failure.test}${failure.message === '' ? '' : `: ${failure.message}`}`
  return { grade, passed: isGreen, count: passed, total, why: reason }
}

function reasonOf(gate: GateResult, execution: ExecuteResult | null, decision: Decision, tests: Verdict['tests']): string {
  if (gate.candidates.length === 0) return 'no answer holds a program'
  if (decision.winner === null) return `no program parses: ${gate.candidates[0]?.parseError ?? 'unknown'}`
  if (decision.abstain !== null) return decision.abstain
  if (decision.method !== 'execution-agreement') {
    const byTests = `it passes ${givenTests(tests?.count ?? 0, tests?.total ?? 0)}`
    return `${decision.method === 'test-suite' ? byTests : whyWithoutCalls(decision)}; ${noCallWords(execution, decision)}`
  }
  const { examples, assertions } = decision
  const shown = [
    examples.total > 0 ? share(examples.passed, examples.total, 'example') : 'no example in the task',
    assertions.total > 0
      ? `${share(assertions.passed, assertions.total, 'blind assertion')}${disbelieved(decision)}`
      : 'no assertion',
    agreementWords(decision),
  ]
  return shown.join(', ')
}

/** Returns in a clause that no call was executed, and why, where that is so. */
export function noCallWords(execution: ExecuteResult | null, { notExecuted }: Decision): string {
  const why = execution?.why || notExecuted
  return why ? `no call was executed: ${why}` : 'no call was executed'
}

/** What does not count is told with what does. */
function disbelieved({ evidence }: Decision): string {
  const count = evidence.assertions.filter(({ isBelieved }) => !isBelieved).length
  return count === 0 ? '' : count === evidence.assertions.length ? ' (none believed)' : ` (${count} not believed)`
}

function toDissent(view: DissentingView): Dissent {
  const why =
    view.call === null
      ? 'a part of a value that is too long to show'
      : `${view.call} ${resultWords(view.gave)} where the winner ${resultWords(view.winnerGave)}`
  return { agent: view.agent, candidate: view.candidate, why }
}
