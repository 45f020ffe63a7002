import type { Decision } from '../consensus/decision.ts'
import { agreementWords } from '../consensus/describe-evidence.ts'
import { arbiterOf } from '../consensus/plan-evidence.ts'
import { resultWords } from '../consensus/result-words.ts'
import type { RunEvent } from '../domain/event.ts'
import { shortRunId } from '../domain/ids.ts'
import { programIds } from '../machines/judging.ts'
import type { Answer, RunContext } from '../machines/run-context.ts'
import { explainRun, gradeWords, noCallWordsOf, STOP_WORDS, TEST_GRADES } from './explain-run.ts'
import { fenced, inlineCode, oneLine, prose } from './inert-text.ts'
import { isolationFix } from './isolation-fix.ts'
import { answersOf, durationMs, type Judgement, type RunFacts, winnerOf } from './run-facts.ts'

const WRAP = 100
const SHOWN_DISSENT = 8

/**
 * Returns the run as a colleague would sum it up: what was asked, the winner and why, who said what, the evidence, the dissent,
 * what nobody verified, the cost, the next command. `files` are the run's other files. Text from models is inert in it.
 */
export function renderReport(facts: RunFacts, files: readonly string[]): string {
  const { context, history, runId } = facts
  const { judgement } = context
  const sections: [string, readonly string[]][] = [
    ['What was asked', [fenced(context.spec.prompt, 'text').trimEnd()]],
    ['Result', resultLines(facts, files)],
    ['Who said what', voiceLines(facts)],
    ['Evidence', judgement === null ? [] : evidenceLines(judgement)],
    ['Dissent', judgement === null ? [] : dissentLines(judgement)],
    ['What was not verified', gapLines(context)],
    ['Why, in words', [fenced(explainRun(context, history.events).flatMap(wrap).join('\n'), 'text').trimEnd()]],
    ['What it took', costLines(facts)],
    ['Next', [fenced(nextCommands(facts).join('\n'), 'sh').trimEnd()]],
  ]
  const shown = sections.filter(([, lines]) => lines.length > 0).map(([title, lines]) => `## ${title}\n\n${lines.join('\n')}\n`)
  return `# Run ${shortRunId(runId)}: ${STOP_WORDS[facts.stopReason]}\n\n${shown.join('\n')}`
}

function resultLines(facts: RunFacts, files: readonly string[]): string[] {
  const { context, outcome, stopReason, detail } = facts
  const winner = winnerOf(context)
  const verdict = context.judgement?.verdict
  const ended = `${STOP_WORDS[stopReason]}${detail === '' || detail === verdict?.reason ? '' : ` (${prose(detail)})`}`
  if (winner === null || verdict === undefined) {
    const why = verdict === undefined || verdict.reason === detail ? [] : [`- Why: ${prose(verdict.reason)}`]
    return [`No program was chosen. The run ended as ${outcome}: ${ended}.`, ...why]
  }
  const models = new Set(context.judgement?.gate.candidates.flatMap((candidate) => candidate.models))
  const places = files.filter((file) => file.startsWith('after/')).map((file) => inlineCode(file))
  return [
    `**${inlineCode(winner.id)}**, by ${prose(verdict.agent ?? winner.agent)} on ${inlineCode(winner.model)}, was chosen.`,
    '',
    `- Why: ${prose(verdict.reason)}`,
    ...(context.judgement === null ? [] : [`- Grade: ${gradeWords(context.judgement)}`]),
    ...testsLines(context),
    `- Confidence: ${verdict.confidence.toFixed(2)}${models.size === 1 && context.order.length > 1 ? '; all answers come from one model' : ''}`,
    ...(places.length === 0 ? [] : [`- The program is in ${places.join(', ')}`]),
    ...(outcome === 'completed' ? [] : [`- The run ended as ${outcome}: ${ended}`]),
  ]
}

/** The user's own tests: their grade is their own. */
function testsLines({ spec, judgement }: RunContext): string[] {
  const tests = judgement?.verdict.tests ?? null
  if (tests === null || spec.suite === null) return []
  const share = tests.total === 0 ? 'not run' : `${tests.count} of ${tests.total} pass`
  const why = tests.passed || tests.why === '' ? '' : `; ${prose(tests.why)}`
  return [`- Tests of ${inlineCode(spec.suite.file)}: ${share}, ${TEST_GRADES[tests.grade]}${why}`]
}

function voiceLines({ context, history }: RunFacts): string[] {
  const lines = answersOf(context).map((answer) => voiceLine(context, answer))
  for (const id of context.order) {
    const agent = context.agents[id]
    if (agent?.abstained) lines.push(`- **${prose(id)}** took no further part: ${prose(agent.abstained.message)}`)
    else if (agent?.answers.length === 0) lines.push(`- **${prose(id)}** gave no answer${lastFailure(history.events, id)}`)
  }
  for (const event of history.events) {
    if (event.type === 'debate.opened') lines.push(`- Round ${event.round} was called (${event.kind}): ${prose(event.why)}`)
  }
  return lines
}

function lastFailure(events: readonly RunEvent[], agent: string): string {
  const failed = events.findLast((event) => event.type === 'turn.failed' && event.agent === agent)
  return failed?.type === 'turn.failed' ? `: ${prose(failed.message)}` : ''
}

function voiceLine(context: RunContext, { agent, phase, round, turn, answer }: Answer): string {
  const persona = context.agents[agent]?.spec.persona
  const who = `**${prose(agent)}** (${prose(persona?.title ?? agent)}, ${persona?.method ?? 'direct'}) on ${inlineCode(answer.model)}`
  const spent = `${answer.usage.outputTokens ?? '?'} tokens in ${seconds(answer.timings.totalMs)}`
  return `- ${who}, ${phase} in round ${round}: ${outcomeOfAnswer(context, agent, phase, turn)}${answer.finish === 'length' ? ', cut at the token limit' : ''} (${spent})`
}

function outcomeOfAnswer(context: RunContext, agent: string, phase: string, turn: string): string {
  const { judgement } = context
  if (judgement === null) return 'not judged'
  const { gate, plan, decision } = judgement
  if (phase === 'write_tests' || phase === 'arbitrate') {
    const writer = phase === 'arbitrate' ? arbiterOf(agent) : agent
    const used = plan.assertions.filter((check) => check.writer === writer).length
    const refused = plan.rejected.filter((check) => check.writer === writer).length
    return `${count(used, 'assertion')} used, ${refused} refused`
  }
  const id = programIds(context).get(turn) ?? turn
  const rejected = gate.rejected.find((each) => each.id === id)
  if (rejected !== undefined)
    return `no program: ${rejected.reason}${rejected.detail === '' ? '' : `, ${prose(rejected.detail, 160)}`}`
  const first = gate.candidates.find((candidate) => candidate.duplicates.includes(id))
  if (first !== undefined) return `the same program as ${inlineCode(first.id)}`
  const candidate = gate.candidates.find((each) => each.turn === turn)
  if (candidate === undefined) return 'not judged: a later answer stands for it'
  const contender = decision.ranking.find((each) => each.id === candidate.id)
  const size = `${count(candidate.program.split('\n').length - 1, 'line')} of ${prose(candidate.language)}`
  if (contender === undefined || contender.problem !== null) return `${size}; ${prose(contender?.problem ?? 'not ranked')}`
  return decision.method === 'execution-agreement'
    ? `${size}; ${checks(decision, contender)}`
    : `${size}; likeness to the pool ${contender.medoid.toFixed(2)}`
}

function checks(decision: Judgement['decision'], contender: Judgement['decision']['ranking'][number]): string {
  return [
    ...(decision.examples.total === 0 ? [] : [`examples ${contender.examplesPassed}/${decision.examples.total}`]),
    ...(decision.assertions.total === 0 ? [] : [`assertions ${contender.assertionsPassed}/${decision.assertions.total}`]),
    voicesOf(decision, contender.votes),
  ].join(', ')
}

function evidenceLines(judgement: Judgement): string[] {
  const { decision, execution, suite, plan } = judgement
  const lines = [`- Grade: ${gradeWords(judgement)}`]
  const by = (driver: string, isolation: string): string => `by ${prose(driver)}, isolation ${isolation}`
  if (execution === null || execution.rows.length === 0) lines.push(`- Calls: ${prose(noCallWordsOf(judgement))}`)
  else {
    const tried = by(execution.driver, execution.isolation)
    const loaded = execution.rows.filter(({ load }) => load.kind === 'loaded').length
    lines.push(
      decision.method === 'execution-agreement'
        ? `- Executed ${tried}: ${count(plan.calls.length, 'call')} for each of ${count(loaded, 'program')}`
        : `- Tried ${tried}: ${count(execution.rows.length, 'program')}; ${prose(noCallWordsOf(judgement))}`,
    )
  }
  if (suite !== null && suite.rows.length > 0)
    lines.push(
      `- Tests run ${by(suite.driver, suite.isolation)}: those that were given, on ${count(suite.rows.length, 'program')}`,
    )
  const fix = isolationFix(judgement)
  if (fix !== null) lines.push(`- What would fix that: ${inlineCode(fix)}`)
  if (decision.method === 'execution-agreement') {
    const { examples, assertions, agreement, evidence } = decision
    const compared = comparedOf(decision)
    lines.push(
      examples.total === 0 ? '- Examples: the task gives none' : `- Examples: ${examples.passed} of ${examples.total} pass`,
      assertions.total === 0
        ? '- Blind assertions: nobody wrote any that could be used'
        : `- Blind assertions: ${assertions.passed} of ${assertions.total} pass`,
      `- Agreement: ${agreementWords(decision)}${agreement.total > 1 && compared > 0 ? ` on ${count(compared, 'compared call')}` : ''}`,
    )
    for (const check of evidence.examples.filter(({ passedBy }) => !passedBy.includes(decision.winner ?? ''))) {
      lines.push(
        `- ${inlineCode(decision.winner ?? '')} misses an example: ${inlineCode(check.call)} should give ${inlineCode(check.expected)}`,
      )
    }
  }
  const ranking = decision.ranking.map(
    (one, index) =>
      `${index + 1}. ${inlineCode(one.id)} ${one.problem === null ? `score ${(one.score ?? 0).toFixed(3)}` : `out: ${prose(one.problem)}`}`,
  )
  return ranking.length === 0 ? lines : [...lines, '', 'Ranking:', '', ...ranking]
}

/** Calls whose results were compared between programs. */
function comparedOf({ evidence }: Decision): number {
  return evidence.probes.filter(({ isCompared }) => isCompared).length
}

/** How many answers behave as a program does; where there is nobody else it is not said to be like itself. */
function voicesOf(decision: Decision, votes: number): string {
  const { total } = decision.agreement
  if (votes > 1 && comparedOf(decision) > 0) return `behaves like ${votes} of ${count(total, 'answer')}`
  return agreementWords({ ...decision, agreement: { count: 1, total } })
}

/** That nobody disagrees is agreement only where results were compared: then whoever gives another, or none, disagrees. */
function noDissent(decision: Decision): string {
  if (decision.ranking.filter(({ isLive }) => isLive).length < 2) return 'None: no other program could be called.'
  return comparedOf(decision) === 0
    ? 'None could be told: no input could be compared.'
    : 'None: every program that loads behaves like the winner.'
}

function dissentLines({ decision, verdict }: Judgement): string[] {
  if (verdict.winner === null) return []
  if (decision.dissent.length === 0) {
    return decision.method === 'execution-agreement' ? [noDissent(decision)] : []
  }
  const lines = decision.dissent.slice(0, SHOWN_DISSENT).map(({ agent, candidate, call, gave, winnerGave }) => {
    const who = `- ${prose(agent)} (${inlineCode(candidate)})`
    if (call === null) return `${who}: a part of a value that is too long to show`
    return `${who}: ${inlineCode(call)} ${inlineResult(gave)} where the winner ${inlineResult(winnerGave)}`
  })
  const more = decision.dissent.length - lines.length
  return more > 0 ? [...lines, `- and ${more} more, in ${inlineCode('consensus.json')}`] : lines
}

/** A value is code; what is none is words, some of them the program's. */
function inlineResult(result: string | null): string {
  const words = resultWords(result)
  return result !== null && words === `gives ${result}` ? `gives ${inlineCode(result)}` : prose(words)
}

/** What nobody looked at, so that a good line is not read as more than it is. */
function gapLines(context: RunContext): string[] {
  const { judgement } = context
  const winner = winnerOf(context)
  if (judgement === null || winner === null) return ['- Everything: nothing was chosen']
  const { decision, verdict } = judgement
  const lines: string[] = []
  if (verdict.grade === 'unverified') {
    lines.push(`- Behaviour: ${prose(noCallWordsOf(judgement))}`)
  } else {
    const isCalled = decision.method === 'execution-agreement'
    lines.push(`- Inputs beyond those ${isCalled ? 'that were called' : 'of the tests'}, speed, and style`)
    if (!isCalled && decision.examples.total > 0) lines.push(`- The examples of the task: ${prose(noCallWordsOf(judgement))}`)
    if (decision.examples.total === 0) lines.push('- Whether it does what was meant: the task gives no example')
    if (decision.assertions.total === 0) lines.push('- Independent tests: nobody wrote any that could be used')
    for (const writer of decision.writers.filter(({ isBelieved }) => !isBelieved))
      lines.push(`- The assertions of ${prose(writer.writer)}: they contradict what is known`)
  }
  if (winner.files.length > 1) lines.push('- Files besides the main one')
  if (winner.isCut) lines.push('- Whether the answer is whole: it was cut at the token limit')
  return lines
}

function costLines(facts: RunFacts): string[] {
  const { context, history } = facts
  const answers = answersOf(context).length
  return [
    `- ${seconds(durationMs(history))} from start to end, ${count(answers, 'answer')}`,
    `- ${count(context.inputTokens, 'token')} in, ${context.outputTokens} out, as the servers count`,
    `- Files are in ${inlineCode(facts.folder)}`,
  ]
}

function nextCommands({ runId, outcome, stopReason }: RunFacts): string[] {
  const id = shortRunId(runId)
  const again = [
    `codeconductor explain ${id}   # every number behind this`,
    `codeconductor replay ${id}    # again, with no model`,
  ]
  if (stopReason === 'interrupted' || stopReason === 'log-failed') return [`codeconductor resume ${id}    # go on`, ...again]
  if (outcome === 'completed' || outcome === 'noConsensus') return again
  return [...again, `codeconductor fork ${id} --at turn:1   # another way from there`]
}

function wrap(line: string): string[] {
  const lines: string[] = []
  for (const word of `- ${oneLine(line, 1_000)}`.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < WRAP) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(last === undefined ? word : `  ${word}`)
  }
  return lines
}

function seconds(ms: number): string {
  return ms < 950 ? `${Math.round(ms)} ms` : ms < 59_500 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? '' : 's'}`
}
