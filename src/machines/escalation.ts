import type { OpenQuestion, Repair } from '../consensus/decision.ts'
import { resultWords } from '../consensus/result-words.ts'
import { neutraliseControlTokens } from '../prompts/neutralise.ts'
import { strongestAgent, strongestFirst } from '../selection/strongest-model.ts'
import type { Judgement } from './judgement.ts'
import { questionKey } from './judging.ts'
import { type AgentState, isQuorumLost, programAnswers, type RoundOrder, type RunContext, standing } from './run-context.ts'
import { drafters } from './run-rounds.ts'

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
 * Returns the round that should follow the judgement; null when the matter is settled, nothing more can settle it, or too
 * few agents are left: (i) each behaviour that fails an example goes to its program's author with what was expected and
 * what came; (ii) where two behaviours lead, the strongest model says which result the task asks for on one input, without
 * knowing whose they are; (iii) else one more candidate by a model that wrote no program yet. Rounds the user asked for
 * follow after those.
 */
export function nextEscalation(context: RunContext): Escalation | null {
  const { judgement, spec } = context
  if (judgement === null || context.stopReason !== null || spec.protocol === 'classic') return null
  if (isQuorumLost(context)) return null
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

/**
 * One order for each group that was told apart, to its author, who then works on one after the other; where the author is gone, to
 * another agent that drafts. Where nothing was called nothing tells programs apart, and an author is asked about one of its own.
 */
function repair(context: RunContext, judgement: Judgement, open: Extract<OpenQuestion, { kind: 'repair' }>): Escalation {
  const agents = standing(context)
  const isToldApart = judgement.decision.method === 'execution-agreement'
  const taken = new Set<string>()
  const asked: Repair[] = []
  const keys: string[] = []
  const orders = open.repairs.flatMap((failing): RoundOrder[] => {
    const { candidate, call, expected, actual } = failing
    const program = judgement.gate.candidates.find((each) => each.id === candidate)
    const author = agents.find((agent) => agent.spec.id === program?.agent) ?? standIn(agents, taken)
    if (program === undefined || author === undefined || (taken.has(author.spec.id) && !isToldApart)) return []
    const key = `${author.spec.id}/${program.codeHash}/${call ?? 'load'}`
    if (context.repairs.includes(key)) return []
    taken.add(author.spec.id)
    asked.push(failing)
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
  const [first] = asked
  return {
    kind: 'repair',
    why: first === undefined ? '' : whyRepair(first),
    orders,
    repairs: keys,
  }
}

/** Who mends the program of an agent that has left: one with nothing to do before one that is at work. */
function standIn(agents: readonly AgentState[], taken: ReadonlySet<string>): AgentState | undefined {
  const drafting = drafters(agents)
  return drafting.find((agent) => !taken.has(agent.spec.id)) ?? drafting[0]
}

function whyRepair({ call, expected, actual, isTest }: Repair): string {
  if (call === null) return `a program could not be run: ${actual}`
  return isTest === true ? `${call} fails: ${actual}` : `${call} ${resultWords(actual)}, not ${expected}`
}

function distinguish(context: RunContext, open: Extract<OpenQuestion, { kind: 'distinguish' }>): Escalation | null {
  const { call, options } = open.question
  const fitting = standing(context).toSorted((a, b) => umpireRank(a) - umpireRank(b))
  const judge = strongestAgent(fitting, context.models)
  const key = questionKey(call)
  if (judge === null || context.repairs.includes(key)) return null
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

/** A role decides only between agents whose models are as strong. */
function umpireRank({ spec }: AgentState): number {
  const { roles } = spec.persona
  return roles.includes('judge') ? 0 : roles.includes('write_tests') ? 1 : 2
}

/**
 * A model that answered without a program is used as well. One that failed to answer, only wrote tests, or only said which of two
 * results is right is not: it has written no candidate.
 */
function anotherModel(context: RunContext): Escalation | null {
  const used = new Set(programAnswers(context).map(({ answer }) => answer.model))
  for (const agent of drafters(standing(context))) {
    const unused = agent.models.filter((model) => !used.has(model))
    if (unused.length === 0 || agent.spec.model !== null) continue
    const order: RoundOrder = { agent: agent.spec.id, phase: 'draft', view: { kind: 'blank' }, models: unused }
    return { kind: 'another-model', why: `${unused[0]} has written no program yet`, orders: [order] }
  }
  return null
}

/**
 * Returns a round of revision: each drafting agent sees its own program, the best others without names, and what was
 * found. The others are rotated per reader, so that position carries no authority.
 */
function revisionOrders(context: RunContext, judgement: Judgement): RoundOrder[] {
  const byId = new Map(judgement.gate.candidates.map((candidate) => [candidate.id, candidate]))
  const ranked = judgement.verdict.ranking.flatMap(({ candidate }) => byId.get(candidate) ?? [])
  return drafters(standing(context)).map((agent, i) => {
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
    return `On ${differs.call} your program ${resultWords(differs.gave)}, another ${resultWords(differs.winnerGave)}. Only the task says which is right.`
  return decision.method === 'execution-agreement'
    ? 'Your program passed everything that was run.'
    : 'Nothing was executed. Compare the programs with the task, case by case.'
}
