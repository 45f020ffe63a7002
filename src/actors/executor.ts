import { type ErrorData, toErrorData } from '../domain/errors.ts'
import type { EffectId } from '../domain/ids.ts'
import type { ModelKey } from '../domain/model.ts'
import type { RowChunk } from './row-record.ts'

/** An effect as its executor sees it. */
export interface EffectRequest {
  readonly id: EffectId
  readonly input: unknown
}

/** Where an executor puts what happens. Calls after `ok`, `err` or an abort are ignored. */
export interface EffectSink {
  /** A slot was given: the request is about to be sent. */
  grant(model: ModelKey, queuedMs: number): void
  /** Text as it arrives; `ttftMs` with the first piece. */
  text(text: string, ttftMs?: number): void
  /** One candidate's part of a result, as soon as it is there; `ok` has it among its rows too. */
  row(row: RowChunk['row']): void
  ok(output: unknown): void
  err(error: ErrorData): void
}

/**
 * Does one kind of effect. Never throws: a failure goes to `sink.err`. When `abort` is aborted the result is no longer
 * wanted: the executor frees what it holds and may stay silent. It may abort itself what it has started, to end it early.
 */
export type Executor = (request: EffectRequest, sink: EffectSink, abort: AbortController) => void

/** Returns an executor of effects that are one piece of work: its result is the effect's, unless nobody wants it any more. */
export function executorOf<TInput>(
  work: (input: TInput, signal: AbortSignal, tell: EffectSink['row']) => Promise<unknown>,
): Executor {
  return (effect, sink, { signal }) => {
    const tell: EffectSink['row'] = (row) => {
      if (!signal.aborted) sink.row(row)
    }
    work(effect.input as TInput, signal, tell).then(
      (result) => {
        if (!signal.aborted) sink.ok(result)
      },
      (error: unknown) => sink.err(toErrorData(error)),
    )
  }
}

/** Executors by effect name. */
export type Executors = Readonly<Record<string, Executor>>
