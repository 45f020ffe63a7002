import type { RunEvent, RunEventBody } from '../../src/domain/event.ts'

/** Gives events their place and their time, `stepMs` apart. */
export function runEvents(bodies: readonly RunEventBody[], stepMs = 100): RunEvent[] {
  return bodies.map((body, seq) => ({ v: 1, seq, t: seq * stepMs, ...body }))
}

export const started: RunEventBody = {
  type: 'run.started',
  protocol: 'evidence',
  rounds: 1,
  agents: ['architect', 'bug_hunter', 'coder'].map((id) => ({ id, title: id, method: 'direct' })),
}

export const assigned: RunEventBody = {
  type: 'agents.assigned',
  agents: [
    { id: 'architect', models: ['llamacpp/qwen-0.5b'] },
    { id: 'bug_hunter', models: ['llamacpp/qwen-0.5b'] },
    { id: 'coder', models: ['ollama/qwen3-coder:30b'] },
  ],
}

export const roundStarted: RunEventBody = {
  type: 'round.started',
  round: 1,
  phase: 'draft',
  agents: ['architect', 'bug_hunter', 'coder'],
}

export function turnStarted(agent: string): RunEventBody {
  return { type: 'turn.started', agent, turn: `run/${agent}#1`, phase: 'draft', round: 1, attempt: 1 }
}

export function granted(agent: string, model: string): RunEventBody {
  return { type: 'turn.granted', agent, turn: `run/${agent}#1`, model, queuedMs: 0 }
}

export function firstToken(agent: string, ttftMs: number): RunEventBody {
  return { type: 'turn.first_token', agent, turn: `run/${agent}#1`, ttftMs }
}

export function answered(agent: string, model: string, totalMs: number): RunEventBody {
  return {
    type: 'turn.completed',
    agent,
    turn: `run/${agent}#1`,
    phase: 'draft',
    round: 1,
    model,
    finish: 'stop',
    usage: { inputTokens: 480, cachedTokens: null, outputTokens: 212 },
    timings: { queuedMs: 0, ttftMs: 3_000, totalMs, tokensPerSecond: 41.6 },
    chars: 800,
  }
}
