import type { RunContext } from '../machines/run-context.ts'
import { oneLine, showControls } from './inert-text.ts'
import { answersOf } from './run-facts.ts'

const RULE = '-'.repeat(72)

/**
 * Returns the blind assertions as they were written, with what was made of each, as plain text that nothing runs; null where
 * nobody wrote any.
 */
export function renderAssertions(context: RunContext): string | null {
  const written = answersOf(context).filter(({ phase }) => phase === 'write_tests' || phase === 'arbitrate')
  if (written.length === 0) return null
  const { plan, decision } = context.judgement ?? {}
  const lines = [
    'Assertions written without sight of any program. A model wrote them: they may be false. Nothing runs this file.',
    '',
  ]
  for (const { agent, phase, round, answer } of written) {
    lines.push(
      RULE,
      `${agent} on ${oneLine(answer.model)}, round ${round}${phase === 'arbitrate' ? ', as an arbiter' : ''}`,
      RULE,
    )
    lines.push(showControls(answer.text).trimEnd(), '')
  }
  lines.push(RULE, 'What was read from them', RULE)
  for (const [index, check] of (plan?.assertions ?? []).entries()) {
    const judged = decision?.evidence.assertions[index]
    const passed =
      judged === undefined ? '' : `; weight ${judged.weight.toFixed(2)}, passed by ${judged.passedBy.join(', ') || 'nobody'}`
    lines.push(`used     ${oneLine(check.source)}   (by ${check.writer ?? '?'}${passed})`)
  }
  for (const { source, reason, writer } of plan?.rejected ?? []) {
    if (writer !== null) lines.push(`refused  ${oneLine(source)}   (by ${writer}: ${oneLine(reason)})`)
  }
  return `${lines.join('\n')}\n`
}
