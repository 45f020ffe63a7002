import type { PlannedCheck } from '../consensus/plan-evidence.ts'
import type { RunEvent } from '../domain/event.ts'
import { KPI_SCHEMA_VERSION, type Kpi, type KpiSampling, type KpiTokens, type TestCounts } from '../domain/kpi.ts'
import type { Sampling } from '../domain/message.ts'
import type { SuiteTest } from '../domain/suite.ts'
import type { EvidenceGrade } from '../domain/verdict.ts'
import { oneLine } from './inert-text.ts'
import { configDigest } from './render-run-config.ts'
import {
  answersOf,
  durationMs,
  type Judgement,
  modelInfo,
  type RunFacts,
  tellingAnswer,
  usedModels,
  winnerOf,
} from './run-facts.ts'
import { latencyOf } from './run-latency.ts'

/** Returns the figures of a run. Pure: equal facts give an equal file. */
export function renderKpi(facts: RunFacts): Kpi {
  const { context, history, config, likeness, outcome, stopReason } = facts
  const { judgement } = context
  const { verdict } = judgement ?? {}
  const winner = winnerOf(context)
  const examples = winner === null ? null : countChecks('examples', judgement, judgement?.plan.examples ?? [], winner.id)
  const assertions = winner === null ? null : countChecks('assertions', judgement, judgement?.plan.assertions ?? [], winner.id)
  const suite = winner === null ? null : countSuite(context, winner.id)
  const after = suite?.after ?? examples
  const isGreen = passesAll(context, winner?.id ?? null, examples)
  const startedMs = history.startedMs ?? facts.writtenMs - durationMs(history)
  const greenMs = firstGreen(history.events, context)
  return {
    kpi_schema_version: KPI_SCHEMA_VERSION,
    product_version: facts.productVersion,
    run_id: facts.runId,
    ts: toIso(facts.writtenMs),
    artifacts_dir: facts.folder,
    outcome,
    stop_reason: stopReason,
    evidence_grade: verdict?.grade ?? 'unverified',
    confidence: verdict?.confidence ?? null,
    log_digest: history.isSealed ? facts.digest : null,
    ttft_ms: firstTokenMs(history.events),
    t_start: toIso(startedMs),
    t_first_green: greenMs === null ? null : toIso(history.wallMs(greenMs) ?? startedMs + greenMs),
    first_prompt_success: isGreen && winner?.round === 1,
    tests_before: suite?.before ?? null,
    tests_grade: suite?.grade ?? (examples === null ? null : 'verified'),
    tests_after: after,
    assertions_after: assertions,
    pass_rate_before: rateOf(suite?.before ?? null),
    pass_rate_after: rateOf(after),
    winner_model: winner === null ? null : (verdict?.model ?? winner.model),
    winner_score: winner === null ? null : (verdict?.ranking.find(({ candidate }) => candidate === winner.id)?.score ?? null),
    consensus_method: winner === null ? 'none' : (verdict?.method ?? 'none'),
    codebleu_weights: likeness?.weights ?? null,
    codebleu_lang: likeness?.language ?? null,
    codebleu_score: likeness?.score ?? null,
    codebleu_parts: likeness?.parts ?? null,
    codebleu_flags: likeness?.flags ?? null,
    sampling: toSampling(tellingAnswer(context)?.answer.sampling),
    config_digest: configDigest(config),
    exit_status: {
      patched: winner !== null,
      tests_passed: isGreen,
      tests_missing:
        context.spec.suite === null && (judgement?.plan.examples.length ?? 0) + (judgement?.plan.assertions.length ?? 0) === 0,
      error: outcome === 'completed' ? null : oneLine(facts.detail === '' ? stopReason : `${stopReason}: ${facts.detail}`),
    },
    agent_config: agentsOf(facts),
    models: modelsOf(facts),
    engine: engineOf(facts),
    hardware: facts.hardware,
    latency_ms: latencyOf(history, judgement?.execution?.isolation !== 'none'),
    token_usage: tokensOf(history.events),
    safety: safetyOf(judgement, config.allowNet),
    dataset_tags: [],
  }
}

/** Counts checks on one candidate; one that was not run counts as skipped. Null where none could run. */
function countChecks(
  suite: string,
  judgement: Judgement | null,
  checks: readonly PlannedCheck[],
  winner: string,
): TestCounts | null {
  if (judgement === null || checks.length === 0 || judgement.decision.method !== 'execution-agreement') return null
  const { decision, execution } = judgement
  const contender = decision.ranking.find(({ id }) => id === winner)
  const passed = (suite === 'examples' ? contender?.examplesPassed : contender?.assertionsPassed) ?? 0
  const outcomes = execution?.rows.find(({ candidate }) => candidate === winner)?.outcomes ?? []
  const skipped = checks.filter(({ call }) => (outcomes[call]?.kind ?? 'not-run') === 'not-run').length
  return { suite_name: suite, total: checks.length, passed, failed: Math.max(0, checks.length - passed - skipped), skipped }
}

/** The user's own tests on the winner, and on a module with nothing in it; null where none were run on it. */
function countSuite(
  { spec, judgement }: RunFacts['context'],
  winner: string,
): { readonly before: TestCounts; readonly after: TestCounts; readonly grade: EvidenceGrade } | null {
  const report = judgement?.suite?.rows.find(({ candidate }) => candidate === winner)?.report
  if (report === undefined || spec.suite === null) return null
  const { file } = spec.suite
  const total = Math.max(report.tests.length, report.before.length)
  // Tests that prove nothing are neither passed nor failed, as in the decision.
  const told = report.grade === 'unverified' ? [] : report.tests
  return { before: countTests(file, report.before, total), after: countTests(file, told, total), grade: report.grade }
}

function countTests(suite: string, tests: readonly SuiteTest[], total: number): TestCounts {
  const of = (status: SuiteTest['status']): number => tests.filter((test) => test.status === status).length
  return { suite_name: suite, total, passed: of('pass'), failed: of('fail'), skipped: total - of('pass') - of('fail') }
}

/** Whether the winner passes all that was given: examples and tests; where there are neither, the assertions that are believed. */
function passesAll({ spec, judgement }: RunFacts['context'], winner: string | null, examples: TestCounts | null): boolean {
  if (judgement === null || winner === null) return false
  if (spec.suite !== null && judgement.verdict.tests?.passed !== true) return false
  if (examples !== null) return examples.passed === examples.total
  if (spec.suite !== null) return true
  const believed = judgement.decision.evidence.assertions.filter(({ isBelieved }) => isBelieved)
  return believed.length > 0 && believed.every(({ passedBy }) => passedBy.includes(winner))
}

function rateOf(counts: TestCounts | null): number | null {
  const ran = counts === null ? 0 : counts.passed + counts.failed
  return counts === null || ran === 0 ? null : counts.passed / ran
}

/** Returns logical ms of the first candidate that passed every example and test; where there are none, every assertion. */
function firstGreen(events: readonly RunEvent[], { spec, judgement }: RunFacts['context']): number | null {
  // A report can fail as a whole though each of its tests passed: a call that hung, tests that are not the ones there should be.
  const notGreen = new Set(judgement?.decision.suite?.filter(({ isGreen }) => !isGreen).map(({ candidate }) => candidate))
  const green = events.find((event) => {
    if (event.type !== 'evidence.gathered' || !event.loads) return false
    const { candidate, examples, assertions, tests, testsGrade } = event
    // What is told before the user's tests have run on it is not yet all that was given.
    if (spec.suite !== null) {
      return testsGrade === 'verified' && isFull(tests) && !notGreen.has(candidate) && (examples[1] === 0 || isFull(examples))
    }
    return examples[1] > 0 ? isFull(examples) : isFull(assertions)
  })
  return green?.t ?? null
}

/** Whether there was something to pass, and all of it was. */
function isFull(share: readonly [number, number] | undefined): boolean {
  return share !== undefined && share[1] > 0 && share[0] === share[1]
}

/** A turn's own clock starts when its request is sent, and the text is logged later than it came. */
function firstTokenMs(events: readonly RunEvent[]): number | null {
  const sent = new Map<string, number>()
  let first: number | null = null
  for (const event of events) {
    if (event.type === 'turn.granted') sent.set(event.turn, event.t)
    if (event.type !== 'turn.first_token') continue
    const at = (sent.get(event.turn) ?? event.t) + event.ttftMs
    first = first === null ? at : Math.min(first, at)
  }
  const [begin] = [...sent.values()].sort((a, b) => a - b)
  return first === null || begin === undefined ? null : Math.max(0, Math.round(first - begin))
}

function toSampling(sent: Sampling | undefined): KpiSampling | null {
  if (sent === undefined) return null
  return {
    temperature: sent.temperature ?? null,
    top_p: sent.topP ?? null,
    top_k: sent.topK ?? null,
    min_p: sent.minP ?? null,
    repeat_penalty: sent.repeatPenalty ?? null,
    seed: sent.seed ?? null,
    max_tokens: sent.maxTokens ?? null,
    presence_penalty: null,
    frequency_penalty: null,
  }
}

function agentsOf({ context }: RunFacts): Kpi['agent_config'] {
  const answers = answersOf(context)
  return context.order.flatMap((id) => {
    const persona = context.agents[id]?.spec.persona
    if (persona === undefined) return []
    const models = [...new Set(answers.filter(({ agent }) => agent === id).map(({ answer }) => answer.model))]
    return [{ name: id, role: persona.roles.join('+'), method: persona.method, models }]
  })
}

function modelsOf({ context, history }: RunFacts): Kpi['models'] {
  return usedModels(history).map((key) => {
    const info = modelInfo(context, key)
    const source = info === null ? (key.split('/')[0] ?? key) : info.backend
    return {
      name: key,
      source: info?.digest ? `${source} ${info.digest}` : source,
      quant: info?.quantization || null,
      context_length: countOf(info?.contextTokens),
    }
  })
}

function engineOf({ context, history, engineVersion }: RunFacts): Kpi['engine'] {
  const key = winnerOf(context)?.model ?? usedModels(history)[0]
  const info = key === undefined ? null : modelInfo(context, key)
  return info === null ? null : { backend: info.kind, version: engineVersion }
}

/** A sum with an unknown part is unknown. */
function tokensOf(events: readonly RunEvent[]): Record<string, KpiTokens> {
  const usage: Record<string, KpiTokens> = {}
  const add = (sum: number | null | undefined, told: number | null): number | null => {
    const more = countOf(told)
    return sum === null || more === null ? null : (sum ?? 0) + more
  }
  for (const event of events) {
    if (event.type !== 'turn.completed') continue
    const known = Object.hasOwn(usage, event.model) ? usage[event.model] : undefined
    usage[event.model] = {
      prompt_tokens: add(known?.prompt_tokens, event.usage.inputTokens),
      completion_tokens: add(known?.completion_tokens, event.usage.outputTokens),
    }
  }
  return usage
}

function safetyOf(judgement: Judgement | null, allowNet: boolean): Kpi['safety'] {
  const execution = judgement?.execution ?? null
  if (execution === null || execution.isolation === 'none') {
    return {
      allow_net: allowNet,
      sandbox_mode: 'none',
      fs_scope: 'none',
      driver: null,
      isolation: null,
      policy_hash: null,
      escapes_seen: null,
    }
  }
  const { driver, isolation, policyHash } = execution
  return {
    allow_net: allowNet,
    sandbox_mode: `${driver}/${isolation}`,
    fs_scope: 'scratch-only',
    driver,
    isolation,
    policy_hash: policyHash || null,
    escapes_seen: execution.selfTest?.escaped ?? null,
  }
}

/** Servers say what they like: what is no count is unknown. */
function countOf(told: number | null | undefined): number | null {
  return told !== null && told !== undefined && Number.isSafeInteger(told) && told >= 0 ? told : null
}

function toIso(ms: number): string {
  return new Date(ms).toISOString()
}
