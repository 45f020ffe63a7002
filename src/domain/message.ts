import { z } from 'zod'

export type Role = 'system' | 'user' | 'assistant'

/** One message as a backend receives it. */
export interface ChatMessage {
  readonly role: Role
  readonly content: string
}

/**
 * A piece of a prompt and where it came from (`rules`, `task`, `persona:coder`, `turn:run/coder#1` …). Prompts are kept
 * in parts so that a shared prefix stays byte-identical for every agent, and a divergence can name the part that changed.
 */
export interface PromptPart {
  readonly source: string
  readonly text: string
}

export interface PromptMessage {
  readonly role: Role
  readonly parts: readonly PromptPart[]
}

/** Returns the messages a backend is sent; parts are added without separators, which copies nothing until it is sent. */
export function renderMessages(prompt: readonly PromptMessage[]): ChatMessage[] {
  return prompt.map(({ role, parts }) => ({ role, content: parts.reduce((text, part) => text + part.text, '') }))
}
/** What is asked of the sampler; an absent field leaves the server's own default. */
export const Sampling = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  topK: z.int().min(0).optional(),
  minP: z.number().min(0).max(1).optional(),
  repeatPenalty: z.number().gt(0).max(2).optional(),
  seed: z.int().min(0).optional(),
  /** Tokens an answer may have. */
  maxTokens: z.int().min(1).max(131_072).optional(),
})
export type Sampling = z.infer<typeof Sampling>

/** Why an answer ended. `length` = cut at the token limit. */
export type FinishReason = 'stop' | 'length' | 'unknown'

/** Token counts as the backend reports them; null where it does not say, never coerced to 0. */
export interface Usage {
  readonly inputTokens: number | null
  readonly cachedTokens: number | null
  readonly outputTokens: number | null
}

/** Durations of one answer in ms on the monotonic clock; null where the event did not happen. */
export interface TurnTimings {
  /** From being asked for to a slot being free. */
  readonly queuedMs: number
  /** From the request being sent to the first non-empty text (or reasoning) of the answer. */
  readonly ttftMs: number | null
  /** From the request being sent to the end of the answer. */
  readonly totalMs: number
  /** Output tokens per second while decoding, as the server says or else as the client saw. */
  readonly tokensPerSecond: number | null
}
