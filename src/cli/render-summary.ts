import { gradeWords, noCallWordsOf, STOP_WORDS, TEST_GRADES } from '../app/explain-run.ts'
import { isolationFix } from '../app/isolation-fix.ts'
import { winnerOf } from '../app/run-facts.ts'
import type { RunResult } from '../app/start-run.ts'
import type { Candidate } from '../domain/candidate.ts'
import { shortRunId } from '../domain/ids.ts'
import type { StopReason, TestsVerdict } from '../domain/verdict.ts'
import type { Painter } from './cli-context.ts'
import { clip } from './display-width.ts'
import { formatCount, formatDuration, modelName, plural } from './format.ts'
import { toPrintable, toPrintableLine } from './printable.ts'
import { labelled } from './wrap.ts'

/** Lines of the winning program shown on a terminal; the rest is in its file. */
const SHOWN_LINES = 40

export interface SummaryOptions {
  readonly columns: number
  readonly paint: Painter
  /** Where the run's files are, as the user would type it; null when none were written. */
  readonly folder: string | null
  /** Names in `folder` worth opening. */
  readonly files: readonly string[]
  /** Ms from start to end; null in a replay. */
  readonly tookMs: number | null
  /** Words in front of `Next`; e.g. that tokens were recorded. */
  readonly notes?: readonly string[]
}

/** Returns the end of a run for people: winner, grade, confidence, dissent, what was not verified, files, the next command. */
export function renderSummary(
  result: Pick<RunResult, 'runId' | 'outcome' | 'stopReason' | 'detail' | 'context'>,
  options: SummaryOptions,
): string {
  const { paint, columns } = options
  const { context, runId } = result
  const short = shortRunId(runId)
  const lines: string[] = []
  const add = (label: string, text: string, color: (text: string) => string = (same) => same): void => {
    const [first = '', ...more] = labelled(label, toPrintableLine(text), columns)
    lines.push(paint.bold(first.slice(0, 12)) + color(first.slice(12)), ...more.map(color))
  }
  const verdict = context.judgement?.verdict ?? null
  const decision = context.judgement?.decision ?? null
  if (verdict?.winner != null) {
    const grade = verdict.grade
    add('Winner', `${verdict.winner} by ${verdict.agent ?? '?'} on ${modelName(verdict.model ?? '?')}`, paint.green)
    add(
      'Grade',
      context.judgement === null ? grade : gradeWords(context.judgement),
      grade === 'verified' ? paint.green : paint.yellow,
    )
    const agreement =
      decision?.method !== 'execution-agreement' || decision.agreement.count < 2
        ? ''
        : ` · ${decision.agreement.count} of ${decision.agreement.total} answers behave alike`
    if (verdict.tests !== null) add('Tests', testsLine(verdict.tests), verdict.tests.passed ? paint.green : paint.red)
    add('Confidence', `${verdict.confidence.toFixed(2)}${agreement}${oneModel(result)}`)
    add('Why', verdict.reason)
  } else {
    const nothing = result.outcome === 'cancelled' ? 'Stopped' : 'No winner'
    add(nothing, `${STOP_WORDS[result.stopReason]}${result.detail === '' ? '' : `: ${result.detail}`}`, paint.yellow)
    if (verdict !== null && verdict.reason !== result.detail) add('Why', verdict.reason)
  }
  if (verdict?.winner != null && result.outcome !== 'completed')
    add('Ended', `${STOP_WORDS[result.stopReason]}${result.detail === '' ? '' : `: ${result.detail}`}`, paint.yellow)
  for (const [i, { agent, candidate, why }] of (verdict?.dissent ?? []).slice(0, 4).entries()) {
    add(i === 0 ? 'Dissent' : '', `${agent} (${candidate}): ${why}`)
  }
  if (verdict !== null && verdict.dissent.length > 4) add('', `and ${verdict.dissent.length - 4} more, in the report`)
  for (const [i, line] of notVerified(result).entries()) add(i === 0 ? 'Not checked' : '', line, paint.yellow)
  const abstained = Object.values(context.agents).filter((agent) => agent.abstained !== null)
  for (const agent of abstained) add('Abstained', `${agent.spec.id}: ${agent.abstained?.message ?? ''}`)
  add(
    'Cost',
    `${formatCount(context.inputTokens)} tokens in · ${formatCount(context.outputTokens)} out${options.tookMs === null ? '' : ` · ${formatDuration(options.tookMs)}`}`,
  )
  for (const note of options.notes ?? []) add('Note', note)
  if (options.folder !== null)
    add('Files', `${options.folder}${options.files.length === 0 ? '' : `: ${options.files.join(' · ')}`}`)
  const fix = isolationFix(context.judgement)
  if (fix !== null) add('Fix', fix)
  for (const [i, line] of nextCommands(result.stopReason, short).entries())
    lines.push(`${paint.bold((i === 0 ? 'Next' : '').padEnd(12))}${line}`)
  return `${lines.join('\n')}\n`
}

/** Returns the beginning of the winning program as it may be shown on a terminal. */
export function renderProgram(candidate: Candidate, columns: number, paint: Painter): string {
  const lines = toPrintable(candidate.program.trimEnd()).split('\n')
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `  ${clip(line.replaceAll('\t', '    '), columns - 3)}`)
  const more = lines.length - shown.length
  return `${shown.join('\n')}\n${more > 0 ? paint.dim(`  … ${plural(more, 'more line')} in its file\n`) : ''}`
}

/** The grade of the tests is their own: it is never merged with that of the calls. */
function testsLine({ grade, passed, count, total, why }: TestsVerdict): string {
  const share = total === 0 ? 'not run' : `${count} of ${total} pass`
  return `${share}, ${TEST_GRADES[grade]}${passed || why === '' ? '' : ` · ${why}`}`
}

/** Agreement among agents that share one model is one opinion. */
function oneModel({ context }: Pick<RunResult, 'context'>): string {
  const models = new Set(context.judgement?.gate.candidates.flatMap((candidate) => candidate.models) ?? [])
  const agents = new Set(context.judgement?.gate.candidates.map((candidate) => candidate.agent) ?? [])
  return models.size === 1 && agents.size > 1 ? ` · one model in ${agents.size} roles` : ''
}

/** Returns what nobody looked at, so that a green line is not read as more than it is. */
function notVerified({ context }: Pick<RunResult, 'context'>): readonly string[] {
  const judgement = context.judgement
  if (judgement === null || judgement.verdict.winner === null) return []
  const lines: string[] = []
  const { decision, verdict } = judgement
  if (verdict.grade === 'unverified') lines.push(`behaviour: ${noCallWordsOf(judgement)}`)
  else {
    if (decision.examples.total === 0) lines.push('the task gives no example, so none was run')
    if (decision.assertions.total === 0) lines.push('nobody wrote tests')
  }
  if ((winnerOf(context)?.files.length ?? 0) > 1) lines.push('only the main file was judged')
  return lines
}

function nextCommands(stopReason: StopReason, short: string): readonly string[] {
  const replay = `codeconductor replay ${short}    go through it again, no model needed`
  const explain = `codeconductor explain ${short}   why it ended so`
  // How to go on with an interrupted run is the very last line, wherever it is printed.
  if (stopReason === 'interrupted') return [replay]
  return stopReason === 'log-failed' ? [`codeconductor resume ${short}    go on with it`, explain] : [explain, replay]
}
