import type { Phase } from '../domain/event.ts'
import type { AgentId, EffectId } from '../domain/ids.ts'
import type { PromptMessage, PromptPart } from '../domain/message.ts'
import type { Persona } from '../domain/persona.ts'
import { fitEntries, promptCharBudget } from './fit-budget.ts'
import { METHOD_TEXT } from './method-text.ts'
import { BOUNDARY, PHASE_TEXT, SYSTEM_RULES } from './phase-text.ts'

/*
 * The layout of every prompt, shared parts first so that servers can reuse their prefix cache between agents:
 *   system  the product's rules                 identical for every agent and run
 *   user    [A] the task                        identical for the run
 *           [B] what was said so far            identical for the round, in canonical order
 *           the boundary line
 *           [C] the persona's card and the turn's instruction
 * Everything that came from outside (task, answers, evidence) is already neutralised by whoever put it in the view.
 */

export interface TranscriptEntry {
  readonly turn: EffectId
  readonly speaker: AgentId
  readonly phase: Phase
  readonly round: number
  /** The text under its heading, rendered once, so that every reader is sent the same bytes. */
  readonly block: string
}

/** Returns one answer as others will read it. */
export function createTranscriptEntry(
  turn: EffectId,
  speaker: AgentId,
  phase: Phase,
  round: number,
  text: string,
): TranscriptEntry {
  return { turn, speaker, phase, round, block: `\n## ${speaker}, ${phase} ${round}\n${text}\n` }
}

/** Everything said so far, a round at a time, the newest on top: a round more costs that round, however long the run. */
export type Transcript = { readonly said: readonly TranscriptEntry[]; readonly before: Transcript } | null

function* newestFirst(transcript: Transcript): Generator<TranscriptEntry> {
  for (let at = transcript; at !== null; at = at.before) {
    for (let i = at.said.length - 1; i >= 0; i -= 1) {
      const entry = at.said[i]
      if (entry !== undefined) yield entry
    }
  }
}

/** What an agent may see in a turn, besides the task. */
export type TurnView =
  /** Blind: a draft, a proposal, or tests written before any candidate is seen. */
  | { readonly kind: 'blank' }
  | { readonly kind: 'transcript'; readonly transcript: Transcript }
  /** Programs without names, in a shuffled order, and what the evidence says of them. */
  | { readonly kind: 'programs'; readonly own: string | null; readonly others: readonly string[]; readonly finding: string }
  | {
      readonly kind: 'failing'
      readonly program: string
      readonly call: string
      readonly expected: string
      readonly actual: string
    }
  | { readonly kind: 'choice'; readonly call: string; readonly outputs: readonly string[] }

export interface PromptRequest {
  readonly task: string
  readonly persona: Persona
  readonly phase: Phase
  readonly view: TurnView
  /** Tokens of window; null = unknown, nothing is cut. */
  readonly contextTokens: number | null
  readonly answerTokens: number | null
}

/** Tokens kept for an answer whose limit the user did not set. */
export const DEFAULT_ANSWER_TOKENS = 1_024

/** Returns the prompt of one turn. What does not fit the window is given up oldest first, the agent's own text last. */
export function buildPrompt(request: PromptRequest): PromptMessage[] {
  const card: PromptPart = { source: `persona:${request.persona.id}`, text: renderCard(request.persona, request.phase) }
  const task: PromptPart = { source: 'task', text: `# Task\n${request.task}\n` }
  const fixed = SYSTEM_RULES.length + task.text.length + card.text.length + BOUNDARY.length
  const budget =
    request.contextTokens === null
      ? Number.POSITIVE_INFINITY
      : promptCharBudget(promptTokens(request, request.contextTokens), request.answerTokens ?? DEFAULT_ANSWER_TOKENS) - fixed
  return [
    { role: 'system', parts: [{ source: 'rules', text: SYSTEM_RULES }] },
    { role: 'user', parts: [task, ...renderView(request, budget), { source: 'boundary', text: BOUNDARY }, card] },
  ]
}

function promptTokens(request: PromptRequest, contextTokens: number): number {
  const limit = request.persona.limits.promptTokens
  return limit === undefined ? contextTokens : Math.min(contextTokens, limit + (request.answerTokens ?? DEFAULT_ANSWER_TOKENS))
}

function renderCard(persona: Persona, phase: Phase): string {
  const rules = persona.rules.map((rule) => `- ${rule}\n`).join('')
  const method = phase === 'draft' || phase === 'propose' ? `${persona.instructions || METHOD_TEXT[persona.method]}\n` : ''
  return `You are the ${persona.title}: ${persona.style}\n${rules}${method}${PHASE_TEXT[phase]}`
}

function renderView(request: PromptRequest, budget: number): PromptPart[] {
  const { view } = request
  switch (view.kind) {
    case 'blank':
      return []
    case 'transcript':
      return renderTranscript(view.transcript, request.persona.id, budget)
    case 'programs':
      return [{ source: 'programs', text: renderPrograms(view.own, view.others, view.finding) }]
    case 'failing':
      return [
        { source: 'program', text: `\n# Program\n\`\`\`\n${view.program}\n\`\`\`\n` },
        {
          source: 'failing',
          text: `\n# A call that fails\n${view.call}\nexpected: ${view.expected}\nactual:   ${view.actual}\n`,
        },
      ]
    case 'choice':
      return [
        {
          source: 'choice',
          text: `\n# Two programs disagree on this call\n${view.call}\n${view.outputs.map((output, i) => `${String.fromCharCode(65 + i)}: ${output}\n`).join('')}`,
        },
      ]
  }
}

function renderTranscript(transcript: Transcript, reader: AgentId, budget: number): PromptPart[] {
  const fitted = fitEntries(newestFirst(transcript), budget, (entry) => entry.speaker === reader)
  return fitted.map(({ entry, text }) => ({ source: `turn:${entry.turn}`, text }))
}

function renderPrograms(own: string | null, others: readonly string[], finding: string): string {
  const mine = own === null ? '' : `\n# Your program\n\`\`\`\n${own}\n\`\`\`\n`
  const theirs = others.map((code, i) => `\n# Program ${i + 1}\n\`\`\`\n${code}\n\`\`\`\n`).join('')
  return `${mine}${theirs}\n# What was found\n${finding}\n`
}
