import type { Evidence } from '../app/diff-runs.ts'
import type { Phase, RunEvent } from '../domain/event.ts'
import { shortRunId } from '../domain/ids.ts'
import { formatDuration, modelName, plural } from './format.ts'
import { toPrintableLine } from './printable.ts'

/** What agents do in a phase, as a heading. */
export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  draft: 'blind drafts',
  write_tests: 'blind tests',
  propose: 'proposals',
  rebut: 'rebuttals',
  finalize: 'final answers',
  revise: 'revisions',
  repair: 'repairs',
  arbitrate: 'arbitration',
}

/** Returns what happened in one printable line, or null for an event that is no news. Turns are news in plain output only. */
export function renderEventLine(event: RunEvent): string | null {
  const line = toLine(event)
  return line === null ? null : toPrintableLine(line)
}

/** True for what happens to one agent's turn: the live view shows it in the agent's row. */
export function isTurnEvent(event: RunEvent): boolean {
  return /^turn\.(started|granted|first_token|completed)$/.test(event.type)
}

function toLine(event: RunEvent): string | null {
  switch (event.type) {
    case 'run.started':
      return `run ${event.agents.length === 0 ? '' : `${event.protocol}, ${plural(event.rounds, 'round')}: ${event.agents.map(({ id }) => id).join(', ')}`}`
    case 'agents.assigned':
      return `models ${byModel(event.agents)}`
    case 'round.started':
      return `round ${event.round} ${PHASE_NAMES[event.phase]}: ${event.agents.join(', ')}`
    case 'turn.started':
      return null
    case 'turn.granted':
      return `${event.agent} asks ${modelName(event.model)}${event.queuedMs >= 1000 ? ` after waiting ${formatDuration(event.queuedMs)}` : ''}`
    case 'turn.first_token':
      return `${event.agent} first token after ${formatDuration(event.ttftMs)}`
    case 'turn.completed':
      return `${event.agent} answered ${answerFigures(event)}`
    case 'turn.failed':
      return `${event.agent} failed: ${event.code}: ${event.message}${event.retryInMs === null ? '' : `; again in ${formatDuration(event.retryInMs)}`}`
    case 'agent.abstained':
      return `${event.agent} takes no further part: ${event.reason}`
    case 'round.completed':
      return `round ${event.round} ${PHASE_NAMES[event.phase]} done; still in: ${event.standing.join(', ') || 'nobody'}`
    case 'candidates.gated':
      return gated(event)
    case 'evidence.gathered':
      return `evidence ${event.candidate} ${describeEvidence(event)}`
    case 'candidates.ranked':
      return `ranking ${event.ranking.map(({ id, score }) => (score === null ? `${id} out` : `${id} ${score.toFixed(2)}`)).join(' · ') || 'nothing'}${
        event.agreement === undefined
          ? ''
          : share('agreement', event.agreement)
              .map((text) => ` · ${text}`)
              .join('')
      } · ${event.isOpen ? 'open: ' : ''}${event.why}`
    case 'debate.opened':
      return `debate round ${event.round} opens: ${event.why}`
    case 'verdict.reached':
      return null
    case 'run.resumed':
      return `goes on${event.asked.length === 0 ? '' : `; asked again: ${event.asked.join(', ')}`}`
    case 'run.completed':
      return `run ${shortRunId(event.runId)} ${event.outcome}: ${event.stopReason}`
    default:
      return event satisfies never
  }
}

type AnswerFigures = Pick<Extract<RunEvent, { type: 'turn.completed' }>, 'usage' | 'timings' | 'finish'>

/** Returns an answer's size and speed, with what the backend did not say left out. */
export function answerFigures({ usage, timings, finish }: AnswerFigures): string {
  const parts = [
    usage.outputTokens === null ? null : plural(usage.outputTokens, 'token'),
    `in ${formatDuration(timings.totalMs)}`,
  ].filter((part) => part !== null)
  const speed = timings.tokensPerSecond === null ? '' : ` · ${Math.round(timings.tokensPerSecond)} tok/s`
  return `${parts.join(' ')}${speed}${finish === 'length' ? ' · cut at its token limit' : ''}`
}

/** Returns `qwen-1.5b (architect, coder) · …`: models in order, with who uses each first. */
function byModel(agents: Extract<RunEvent, { type: 'agents.assigned' }>['agents']): string {
  const users = new Map<string, string[]>()
  for (const { id, models } of agents) {
    const model = models[0] === undefined ? 'no model' : modelName(models[0])
    users.set(model, [...(users.get(model) ?? []), id])
  }
  return [...users].map(([model, ids]) => `${model} (${ids.join(', ')})`).join(' · ')
}

function gated(event: Extract<RunEvent, { type: 'candidates.gated' }>): string {
  const broken = event.candidates.filter(({ parses }) => !parses).map(({ id }) => id)
  const rejected = event.rejected.map(({ id, reason }) => `${id} ${reason}`)
  const notes = [...broken.map((id) => `${id} does not parse`), ...rejected]
  return `candidates ${event.candidates.map(({ id, lines }) => `${id} ${plural(lines, 'line')}`).join(' · ') || 'none'}${notes.length === 0 ? '' : `; ${notes.join(', ')}`}`
}

/** Returns how a candidate fared, k of n each. Tests have their grade beside them unless it is the best: no two grades look alike. */
export function describeEvidence({ loads, examples, assertions, tests, testsGrade }: Evidence): string {
  const [own = 'no test'] = tests === undefined ? [] : share('tests', tests)
  const tested = tests === undefined ? [] : [`${own}${testsGrade === 'verified' ? '' : ` (${testsGrade})`}`]
  // What the tests showed is told for itself: where nothing else was run, nobody looked whether the program loads.
  const load = loads ? ['loads'] : tests === undefined ? ['could not be loaded and called'] : []
  return [...load, ...share('examples', examples), ...share('assertions', assertions), ...tested].join(' · ')
}

function share(what: string, [passed, total]: readonly [number, number]): string[] {
  return total === 0 ? [] : [`${what} ${passed}/${total}`]
}
