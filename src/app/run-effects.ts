import { type AnswerRecord, type ChunkRecord, type GrantRecord, unpackAnswer } from '../actors/answer-record.ts'
import { hasRows, type RowChunk, unpackRows } from '../actors/row-record.ts'
import type { RunEvent } from '../domain/event.ts'
import { type PromptMessage, renderMessages } from '../domain/message.ts'
import type { LogRecord } from '../domain/record.ts'
import type { ModelRequest } from '../machines/effects.ts'
import { type ReplayMode, replayRecords } from './replay-run.ts'

/** One effect of a run with what was asked and what came of it. */
export interface RunEffect {
  /** `<actor path>#<ordinal>`: the same place in two runs has the same id. */
  readonly id: string
  readonly name: string
  readonly inputHash: string
  /** The prompt of a model effect as it was sent; null for other effects. */
  readonly prompt: string | null
  readonly models: readonly string[]
  readonly phase: string | null
  readonly round: number | null
  /** The answer's text of a model effect, the result as JSON of others; null while it has none. */
  readonly output: string | null
  readonly error: string | null
  readonly model: string | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  /** Logical ms of the request and of the result. */
  readonly askedMs: number
  readonly endedMs: number | null
}

export interface RunStory {
  readonly effects: readonly RunEffect[]
  readonly events: readonly RunEvent[]
  readonly digest: string
}

interface Open extends Omit<RunEffect, 'output' | 'error' | 'model' | 'inputTokens' | 'outputTokens' | 'endedMs'> {
  readonly input: unknown
  text: string
  rows: RowChunk['row'][]
  grant: GrantRecord | null
}

/** Returns every effect of a log in the order asked, with its prompt rebuilt and its answer put together. */
export function storyOf(records: readonly LogRecord[], mode: ReplayMode = 'outcome'): RunStory {
  const open = new Map<string, Open>()
  const done: RunEffect[] = []
  const replay = replayRecords(
    records,
    undefined,
    (record, _events, _fold, step) => {
      settle(record, open, done)
      for (const id of step.cancelled) close(open, done, id, { error: 'cancelled', endedMs: record.t })
      for (const effect of step.requested) {
        const request = effect.name === 'model' ? (effect.input as ModelRequest) : null
        open.set(effect.id, {
          id: effect.id,
          name: effect.name,
          inputHash: effect.inputHash,
          prompt: request === null ? null : renderPrompt(request.prompt),
          models: request?.models ?? [],
          phase: request?.phase ?? null,
          round: request?.round ?? null,
          askedMs: record.t,
          input: effect.input,
          text: '',
          rows: [],
          grant: null,
        })
      }
    },
    mode,
  )
  for (const id of [...open.keys()]) close(open, done, id, {})
  return { effects: done, events: replay.events, digest: replay.digest }
}

function settle(record: LogRecord, open: Map<string, Open>, done: RunEffect[]): void {
  const effect = open.get(record.id ?? '')
  if (effect === undefined) return
  if (record.k === 'grant') effect.grant = record.d as GrantRecord
  if (record.k === 'chunk') addChunk(effect, record.d as ChunkRecord | RowChunk)
  if (record.k === 'retry') Object.assign(effect, { text: '', rows: [] })
  if (record.k === 'err') close(open, done, effect.id, { error: (record.d as { message: string }).message, endedMs: record.t })
  if (record.k !== 'ok') return
  if (effect.name !== 'model') {
    const output = JSON.stringify(hasRows(effect.name) ? unpackRows(record.d, effect.input, effect.rows) : record.d)
    close(open, done, effect.id, { output, endedMs: record.t })
    return
  }
  const answer = unpackAnswer(record.d as AnswerRecord, { input: {}, grant: effect.grant, ttftMs: null, text: effect.text })
  const { text: output, model, usage } = answer
  close(open, done, effect.id, {
    output,
    model,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    endedMs: record.t,
  })
}

function addChunk(effect: Open, chunk: ChunkRecord | RowChunk): void {
  if ('row' in chunk) effect.rows.push(chunk.row)
  else effect.text += chunk.text
}

function close(open: Map<string, Open>, done: RunEffect[], id: string, end: Partial<RunEffect>): void {
  const effect = open.get(id)
  if (effect === undefined) return
  open.delete(id)
  const { input: _, text: __, rows: ___, grant: ____, ...asked } = effect
  done.push({ ...asked, output: null, error: null, model: null, inputTokens: null, outputTokens: null, endedMs: null, ...end })
}

/** Returns a prompt as one text, roles marked. */
export function renderPrompt(prompt: readonly PromptMessage[]): string {
  return renderMessages(prompt)
    .map(({ role, content }) => `[${role}]\n${content}`)
    .join('\n')
}
