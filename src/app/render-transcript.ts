import type { Answer } from '../machines/run-context.ts'
import { fenced, inlineCode, prose } from './inert-text.ts'
import { answersOf, type RunFacts } from './run-facts.ts'

/** Returns everything that was said, whole, by round and then by agent; then the turns without an answer. Texts are inert. */
export function renderTranscript({ runId, context, history }: RunFacts): string {
  const answers = answersOf(context)
  const failures = history.events.flatMap((event) =>
    event.type === 'turn.failed'
      ? [
          `- ${inlineCode(event.turn)}: ${prose(event.code)}, ${prose(event.message)}${event.retryInMs === null ? '' : '; asked again'}`,
        ]
      : [],
  )
  return [
    `# Transcript of run ${runId}`,
    '',
    '## The task',
    '',
    fenced(context.spec.prompt, 'text'),
    ...answers.flatMap(renderAnswer),
    ...(answers.length === 0 ? ['No agent answered.', ''] : []),
    ...(failures.length === 0 ? [] : ['## Turns without an answer', '', ...failures, '']),
  ].join('\n')
}

function renderAnswer({ agent, phase, round, turn, answer }: Answer): string[] {
  const { model, finish, usage, timings } = answer
  const facts = [
    inlineCode(turn),
    `on ${inlineCode(model)}`,
    `${usage.inputTokens ?? '?'} tokens in, ${usage.outputTokens ?? '?'} out`,
    `${Math.round(timings.totalMs)} ms`,
    ...(finish === 'length' ? ['cut at the token limit'] : []),
  ]
  return [
    `## Round ${round}: ${prose(agent)}, ${phase}`,
    '',
    facts.join(' · '),
    '',
    answer.text === '' ? '(no text)\n' : fenced(answer.text, 'text'),
  ]
}
