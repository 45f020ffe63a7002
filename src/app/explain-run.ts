import { explainDecision } from '../consensus/explain-decision.ts'
import type { RunEvent } from '../domain/event.ts'
import type { EvidenceGrade, StopReason } from '../domain/verdict.ts'
import { noCallWords } from '../machines/judging.ts'
import type { RunContext } from '../machines/run-context.ts'
import { oneLine } from './inert-text.ts'

/** What each grade of evidence means, in words. The grades are never merged into one number. */
export const GRADE_WORDS: Readonly<Record<EvidenceGrade, string>> = {
  verified: 'verified: executed, and judged over a channel the program cannot write to',
  forgeable: 'executed on a forgeable channel: inside a process the program could tamper with',
  unverified: 'unverified: nothing was executed',
}

/** The same of the user's own tests, in a few. */
export const TEST_GRADES: Readonly<Record<EvidenceGrade, string>> = {
  verified: 'verified',
  forgeable: 'on a forgeable channel',
  unverified: 'unverified',
}

/** Why a run ended, in words. */
export const STOP_WORDS: Readonly<Record<StopReason, string>> = {
  agreed: 'the evidence speaks for one program',
  'tests-failed': 'a program was agreed on, and it fails examples or tests that were given',
  'tests-unverified': 'a program was agreed on, and the tests that were given could not tell',
  'ranked-unverified': 'ranked by structure, not verified',
  'no-candidate': 'no answer holds a program',
  'nothing-parses': 'no program parses',
  'not-solved': 'no program does what was asked',
  'no-model': 'no model could be used',
  'quorum-lost': 'too few agents are left to decide',
  'cancelled-by-user': 'stopped by the user',
  interrupted: 'interrupted; it can be gone on with',
  'token-budget': 'the token budget is used up',
  'time-budget': 'the time budget is used up',
  'log-failed': 'the log could not be written',
  'judge-failed': 'the judging failed',
  'internal-error': 'an internal error',
}

const ROUND_WORDS: Readonly<Record<Extract<RunEvent, { type: 'debate.opened' }>['kind'], string>> = {
  asked: 'revise, as was asked for',
  repair: 'repair what fails',
  distinguish: 'say which of two results is right',
  'another-model': 'hear one more model',
}

/**
 * Returns why a run ended as it did, one sentence a line, without controls: the winner and why, what would have changed it,
 * the dissent, what stayed open, which rounds the evidence called for, who dropped out. The lines hold text from models.
 */
export function explainRun(context: RunContext | null, events: readonly RunEvent[]): string[] {
  const end = events.findLast((event) => event.type === 'run.completed')
  const ended = end === undefined ? 'The run has not ended.' : `It ended as ${end.outcome}: ${STOP_WORDS[end.stopReason]}.`
  const lines: string[] = []
  const judgement = context?.judgement ?? null
  if (judgement === null) lines.push(`Nothing was judged. ${ended}${end?.detail ? ` ${end.detail}.` : ''}`)
  else {
    lines.push(...decisionLines(judgement), `Grade: ${gradeWords(judgement)}.`, ...testsLines(judgement))
    if (judgement.verdict.grade === 'unverified' && judgement.execution?.why)
      lines.push(`Nothing could be executed: ${judgement.execution.why}.`)
    if (end?.outcome !== 'completed') lines.push(ended)
  }
  for (const event of events) {
    if (event.type === 'debate.opened') lines.push(`Round ${event.round} was held to ${ROUND_WORDS[event.kind]}: ${event.why}.`)
  }
  for (const id of context?.order ?? []) {
    const abstained = context?.agents[id]?.abstained ?? null
    if (abstained !== null) lines.push(`${id} took no further part: ${abstained.message}.`)
  }
  return lines.map((line) => oneLine(line, 1_000).replace(/([.!?])\.$/, '$1'))
}

/** What the user's own tests said, of the winner and of who passed more or less. */
function testsLines({ verdict, decision, suite }: NonNullable<RunContext['judgement']>): string[] {
  if (verdict.tests === null) return suite?.why ? [`Your tests were not run: ${suite.why}.`] : []
  const { count, total, grade, passed, why } = verdict.tests
  const share = total === 0 ? 'Your tests were not run' : `Your tests: ${count} of ${total} pass, ${TEST_GRADES[grade]}`
  const others = (decision.suite ?? [])
    .filter(({ candidate }) => candidate !== verdict.winner)
    .map((each) => `${each.candidate} passes ${each.passed}`)
  const reasons = suite?.rows.find(({ candidate }) => candidate === verdict.winner)?.report.reasons ?? []
  const channel =
    grade === 'forgeable' && reasons[0] !== undefined ? [`The channel of your tests could be forged: ${reasons[0]}.`] : []
  return [`${share}${passed || why === '' ? '' : `: ${why}`}${others.length === 0 ? '' : `; ${others.join(', ')}`}.`, ...channel]
}

/** Returns what the grade of a judgement means, in words: programs that were tried and do not load were executed, if not for long. */
export function gradeWords({ verdict, execution, suite, decision }: NonNullable<RunContext['judgement']>): string {
  if (verdict.grade !== 'unverified') return GRADE_WORDS[verdict.grade]
  if (verdict.winner !== null && verdict.tests !== null && (suite?.rows.length ?? 0) > 0)
    return 'unverified: the tests that were given show nothing, and no call was executed'
  if ((execution?.rows.length ?? 0) === 0) return GRADE_WORDS.unverified
  if (decision.method === 'execution-agreement') return 'unverified: programs were executed, and none is called a solution'
  const isAnyLive = decision.ranking.some(({ isLive }) => isLive)
  return isAnyLive ? 'unverified: programs load, and no call was executed' : 'unverified: no program could be loaded and called'
}

/** Returns in a clause that no call was executed, and why. */
export function noCallWordsOf({
  execution,
  decision,
}: Pick<NonNullable<RunContext['judgement']>, 'execution' | 'decision'>): string {
  return noCallWords(execution, decision)
}

/** A program that is not called a solution did not win, whatever place it has. */
function decisionLines({ decision, verdict }: NonNullable<RunContext['judgement']>): string[] {
  const [first = '', ...rest] = explainDecision(decision)
  if (verdict.winner !== null || decision.winner === null) return [first, ...rest]
  return [
    `No program is called a solution: ${decision.abstain ?? verdict.reason}.`,
    first.replace(/ won: /, ' came first: ').replace(/ was chosen without execution/, ' came first, without execution'),
    ...rest.filter((line) => !line.startsWith('It is not called a solution')),
  ]
}
