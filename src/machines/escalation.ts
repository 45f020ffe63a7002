import type { OpenQuestion, Repair } from '../consensus/decision.ts'
import { neutraliseControlTokens } from '../prompts/neutralise.ts'
import { strongestFirst } from '../selection/strongest-model.ts'
import type { Judgement } from './judgement.ts'
import { type AgentState, agentIds, agentState, type RoundOrder, type RunContext, standing } from './run-context.ts'

/** Loops of repair, question or one more candidate after the drafts. More bring next to nothing. */
const MAX_ESCALATIONS = 2
/** Programs of others an agent is shown at most: small models lose the thread beyond a few. */
const SHOWN_PROGRAMS = 3

export interface Escalation {
  readonly kind: 'repair' | 'distinguish' | 'another-model' | 'asked'
  readonly why: string
  readonly orders: readonly RoundOrder[]
  /** What is asked, `<agent>/<program>/<call>` or `ask/<call>`: the same question would get the same answer. */
  readonly repairs?: readonly string[]
}

/**
 * Returns the round that should follow the judgement; null when the matter is settled or nothing more can settle it:
 * (i) a failing example goes to its program's author with what was expected and what came; (ii) where two behaviours
 * lead, one agent says which result the task asks for on one input, without knowing whose they are; (iii) else one more
 * candidate by a model not used yet. Rounds the user asked for follow after those.
 */
export function nextEscalation(context: RunContext): Escalation | null {
  const { judgement, spec } = context
  if (judgement === null || context.stopReason !== null || spec.protocol === 'classic') return null
  if (context.escalations < MAX_ESCALATIONS) {
    const escalation = hasGrown(context, judgement) ? escalate(context, judgement) : null
    if (escalation !== null && escalation.orders.length > 0) return escalation
    // A loop that brought nothing new is not tried again; another model always is something new.
    const another = judgement.decision.open.kind === 'none' ? null : anotherModel(context)
    if (another !== null) return another
  }
  if (spec.protocol !== 'evidence' || context.revisions >= spec.rounds - 1) return null
  return {
    kind: 'asked',
    why: `round ${context.revisions + 2} of ${spec.rounds} was asked for`,
    orders: revisionOrders(context, judgement),
  }
}

/** What a judgement knows, as a string: a loop that leaves it as it was is not tried again. */
export function knowledgeOf(judgement: Judgement): string {
  return `${judgement.gate.candidates.map((candidate) => candidate.codeHash).join()}/${judgement.plan.calls.length}/${judgement.plan.assertions.length}`
}

function hasGrown(context: RunContext, judgement: Judgement): boolean {
  return context.escalations === 0 || context.knowledge !== knowledgeOf(judgement)
}

function escalate(context: RunContext, judgement: Judgement): Escalation | null {
  if (judgement.decision.winner === null) {
    return { kind: 'repair', why: judgement.verdict.reason, orders: revisionOrders(context, judgement) }
  }
  const { open } = judgement.decision
  switch (open.kind) {
    case 'none':
      return null
    case 'repair':
      return repair(context, judgement, open)
    case 'distinguish':
      return distinguish(context, open)
    case 'another-model':
      return anotherModel(context)
  }
}

function repair(context: RunContext, judgement: Judgement, open: Extract<OpenQuestion, { kind: 'repair' }>): Escalation {
  const agents = standing(context)
  const taken = new Set<string>()
  const keys: string[] = []
  const orders = open.repairs.flatMap(({ candidate, call, expected, actual }): RoundOrder[] => {
    const program = judgement.gate.candidates.find((each) => each.id === candidate)
    const author = agents.find((agent) => agent.spec.id === program?.agent)
    if (program === undefined || author === undefined || taken.has(author.spec.id)) return []
    const key = `${author.spec.id}/${program.codeHash}/${call ?? 'load'}`
    if (context.repairs.includes(key)) return []
    taken.add(author.spec.id)
    keys.push(key)
    const view = {
      kind: 'failing' as const,
      program: neutraliseControlTokens(program.program),
      call: neutraliseControlTokens(call ?? 'loading the program'),
      expected: neutraliseControlTokens(expected ?? 'it loads and defines the function'),
      actual: neutraliseControlTokens(actual),
    }
    return [{ agent: author.spec.id, phase: 'repair', view }]
  })
  const first = open.repairs[0]
  return {
    kind: 'repair',
    why: first === undefined ? '' : whyRepair(first),
    orders,
    repairs: keys,
  }
}

function whyRepair({ call, expected, actual, isTest }: Repair): string {
  if (call === null) return 'a program does not load'
  return isTest === true ? `${call} fails: ${actual}` : `${call} gives ${actual}, not ${expected}`
}

function distinguish(context: RunContext, open: Extract<OpenQuestion, { kind: 'distinguish' }>): Escalation | null {
  const { call, options } = open.question
  const agents = standing(context)
  const judge =
    agents.find((agent) => agent.spec.persona.roles.includes('judge')) ??
    agents.find((agent) => agent.spec.persona.roles.includes('write_tests')) ??
    agents[0]
  const key = `ask/${call}`
  if (judge === undefined || context.repairs.includes(key)) return null
  const outputs = options.map((option) => neutraliseControlTokens(option.result))
  return {
    kind: 'distinguish',
    why: `two behaviours lead, and differ on ${call}: ${options.map((option) => option.result).join(' or ')}`,
    orders: [
      {
        agent: judge.spec.id,
        phase: 'arbitrate',
        view: { kind: 'choice', call: neutraliseControlTokens(call), outputs },
        models: strongestFirst(judge, context.models),
      },
    ],
    repairs: [key],
  }
}

/** Models that were asked and gave nothing to judge are used as well. */
function anotherModel(context: RunContext): Escalation | null {
  const used = new Set(agentIds(context).flatMap((id) => agentState(context, id).answers.map(({ answer }) => answer.model)))
  for (const agent of standing(context).filter(canDraft)) {
    const unused = agent.models.filter((model) => !used.has(model))
    if (unused.length === 0 || agent.spec.model !== null) continue
    const order: RoundOrder = { agent: agent.spec.id, phase: 'draft', view: { kind: 'blank' }, models: unused }
    return { kind: 'another-model', why: `${unused[0]} has not been asked yet`, orders: [order] }
  }
  return null
}

function canDraft(agent: AgentState): boolean {
  return agent.spec.persona.roles.includes('draft')
}

/**
 * Returns a round of revision: each drafting agent sees its own program, the best others without names, and what was
 * found. The others are rotated per reader, so that position carries no authority.
 */
function revisionOrders(context: RunContext, judgement: Judgement): RoundOrder[] {
  const byId = new Map(judgement.gate.candidates.map((candidate) => [candidate.id, candidate]))
  const ranked = judgement.verdict.ranking.flatMap(({ candidate }) => byId.get(candidate) ?? [])
  return standing(context)
    .filter(canDraft)
    .map((agent, i) => {
      const own = ranked.find((candidate) => candidate.agent === agent.spec.id)
      const others = ranked.filter((candidate) => candidate !== own && candidate.parseError === null).slice(0, SHOWN_PROGRAMS)
      const turn = others.length === 0 ? 0 : i % others.length
      const rotated = [...others.slice(turn), ...others.slice(0, turn)]
      return {
        agent: agent.spec.id,
        phase: 'revise',
        view: {
          kind: 'programs',
          own: own === undefined ? null : neutraliseControlTokens(own.program),
          others: rotated.map((candidate) => neutraliseControlTokens(candidate.program)),
          finding: neutraliseControlTokens(findingFor(judgement, own?.id, own?.parseError ?? null)),
        },
      }
    })
}

function findingFor(judgement: Judgement, own: string | undefined, parseError: string | null): string {
  if (own === undefined) return 'No program could be taken from your last answer: it must be one fenced code block.'
  if (parseError !== null) return `Your program does not parse: ${parseError}.`
  const { decision } = judgement
  const failing = decision.evidence.examples.find((check) => !check.passedBy.includes(own))
  if (decision.method === 'execution-agreement' && failing !== undefined)
    return `Your program fails an example: ${failing.source}`
  const differs = decision.dissent.find((view) => view.candidate === own)
  if (differs?.call != null)
    return `On ${differs.call} your program gives ${differs.gave}, another gives ${differs.winnerGave}. Only the task says which is right.`
  return decision.method === 'execution-agreement'
    ? 'Your program passed everything that was run.'
    : 'Nothing was executed. Compare the programs with the task, case by case.'
}
