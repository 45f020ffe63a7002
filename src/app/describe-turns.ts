import type { RunEvent } from '../domain/event.ts'

/** Returns what a run's events say of its turns and verdict, a line each, for people. */
export function describeTurns(events: readonly RunEvent[]): readonly (readonly [label: string, text: string])[] {
  const agents = new Map<string, { turns: number; tokens: number; failed: number }>()
  const of = (agent: string) => {
    const known = agents.get(agent) ?? { turns: 0, tokens: 0, failed: 0 }
    agents.set(agent, known)
    return known
  }
  for (const event of events) {
    if (event.type === 'turn.completed') {
      const agent = of(event.agent)
      agent.turns += 1
      agent.tokens += event.usage.outputTokens ?? 0
    } else if (event.type === 'turn.failed') of(event.agent).failed += 1
  }
  const turns = [...agents]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([agent, { turns, tokens, failed }]) => `${agent} ${turns} (${tokens} tokens${failed === 0 ? '' : `, ${failed} failed`})`,
    )
  const reached = events.findLast((event) => event.type === 'verdict.reached')
  const verdict = reached?.type === 'verdict.reached' ? reached.verdict : null
  return [
    ['Turns', turns.length === 0 ? 'none' : turns.join(' · ')],
    ...(verdict === null
      ? []
      : [['Verdict', `${verdict.winner ?? 'no winner'} · ${verdict.grade} · ${verdict.reason}`] as const]),
  ]
}
