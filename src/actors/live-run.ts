import { toErrorData } from '../domain/errors.ts'
import type { RunEvent, TokenDelta } from '../domain/event.ts'
import { type EffectId, ROOT_ACTOR } from '../domain/ids.ts'
import { type LogRecord, RECORD_VERSION, type RecordKind } from '../domain/record.ts'
import type { Outcome, StopReason } from '../domain/verdict.ts'
import type { AnswerFacts, ModelRequest } from '../machines/effects.ts'
import type { RunChange, RunInput } from '../machines/run-context.ts'
import type { Clock, TimerHandle } from '../ports/clock.ts'
import type { RunLog } from '../ports/run-store.ts'
import { packAnswer } from './answer-record.ts'
import type { EffectSink, Executors } from './executor.ts'
import { hasRows, packRows, type RowChunk } from './row-record.ts'
import type { FoldStep, OpenEffect, RunFold } from './run-fold.ts'

/*
 * Drives a fold with the world. Invariants:
 * 1. Every input is appended to the log as it is applied; the log's order is the order of application.
 * 2. An effect starts only when the record that caused it is durable, and never if that record gave it up again.
 * 3. Text reaches `onToken` at once, and the log coalesced.
 * 4. When the log fails, nothing further starts, everything in flight is aborted, and the run ends as `log-failed`.
 */

/** Text is logged when this much has gathered … */
const COALESCE_CHARS = 512
/** … or has waited this long. */
const COALESCE_MS = 50
/** Times an effect is asked over the lives of a run's processes. */
const MAX_ATTEMPTS = 5

export interface LiveRunOptions {
  readonly fold: RunFold
  readonly log: RunLog
  readonly executors: Executors
  readonly clock: Clock
  readonly onEvent: (event: RunEvent) => void
  readonly onToken: (delta: TokenDelta) => void
  /** Called once, when the log is sealed and closed. */
  readonly onEnd: (end: RunEnd) => void
}

export interface RunEnd {
  readonly outcome: Outcome
  /** Candidate id; null without a winner. */
  readonly winner: string | null
  readonly stopReason: StopReason
  readonly detail: string
  readonly digest: string
  readonly records: number
}

interface Flight {
  readonly effect: OpenEffect
  readonly abort: AbortController
  readonly agent: string
  /** Text not yet logged. */
  pending: string
  offset: number
  ttftMs: number | null
  /** Candidates whose rows of its result are logged. */
  readonly told: Set<string>
}

export interface Position {
  readonly nextSeq: number
  readonly t: number
}

export class LiveRun {
  readonly #options: LiveRunOptions
  readonly #originMs: number
  readonly #flights = new Map<EffectId, Flight>()
  readonly #timers = new Map<number, TimerHandle>()
  #flushTimer: TimerHandle | null = null
  #seq: number
  #t: number
  #isOver = false
  #last: RunEvent | null = null

  /** `from` is where the log stands: 0 for a new run, the end of what was replayed for a resumed one. */
  constructor(options: LiveRunOptions, from: Position = { nextSeq: 0, t: 0 }) {
    this.#options = options
    this.#seq = from.nextSeq
    this.#t = from.t
    this.#originMs = options.clock.now() - from.t
  }

  /** Begins a new run. `header` is kept in the start record beside the input. */
  start(input: RunInput, header: Readonly<Record<string, unknown>>): void {
    this.#input('start', { v: RECORD_VERSION, a: ROOT_ACTOR, d: { ...header, ...input } })
  }

  /**
   * Goes on with a replayed run: timers are armed with the time they had left, effects in flight are asked again under
   * their ids. `attempts` counts how often each was asked before; one asked too often fails instead, so that a run that
   * is killed again and again on one effect ends.
   */
  resume(attempts: ReadonlyMap<EffectId, number>, facts: Readonly<Record<string, unknown>>): void {
    const { fold } = this.#options
    this.#input('upgraded', { a: ROOT_ACTOR, d: facts })
    for (const timer of fold.openTimers()) {
      if (!this.#timers.has(timer.id)) this.#arm(timer.id, Math.max(0, timer.setAtMs + timer.delayMs - this.#t))
    }
    const again: OpenEffect[] = []
    for (const effect of fold.openEffects()) {
      if (this.#flights.has(effect.id)) continue
      const attempt = (attempts.get(effect.id) ?? 1) + 1
      if (attempt <= MAX_ATTEMPTS) {
        this.#input('retry', { id: effect.id, att: attempt })
        again.push(effect)
        continue
      }
      const message = `asked ${MAX_ATTEMPTS} times, and the process ended each time before the answer`
      this.#input('err', { id: effect.id, d: { code: 'attempts-exhausted', message, retryable: false } })
    }
    if (again.length > 0) this.#launch(again)
    this.#finishIfDone()
  }

  /** Applies a fork's change before anything is asked. */
  override(change: RunChange): void {
    this.#input('override', { a: ROOT_ACTOR, d: change })
  }

  /** Ends the run for good as cancelled. Idempotent. */
  cancel(reason: StopReason, detail: string): void {
    if (!this.#isOver) this.#input('cmd', { a: ROOT_ACTOR, d: { reason, detail } })
  }

  /** Stops the run with its log sealed, so that `resume` can go on from here. Idempotent. */
  interrupt(detail: string): void {
    if (!this.#isOver) this.#endAbnormally({ outcome: 'cancelled', stopReason: 'interrupted', detail })
  }

  #now(): number {
    this.#t = Math.max(this.#t, Math.round(this.#options.clock.now() - this.#originMs))
    return this.#t
  }

  #input(k: RecordKind, fields: Partial<LogRecord>): void {
    if (this.#isOver) return
    const { fold, log, onEvent } = this.#options
    const t = this.#now()
    const before = fold.digest
    const step = fold.apply({ k, t, ...fields })
    const outputs = step.outputs.length === 0 ? {} : { o: step.outputs }
    const digest = step.digest === before ? {} : { h: step.digest }
    const { v, ...rest } = fields
    log.append({ ...(v === undefined ? {} : { v }), seq: this.#seq, t, k, ...rest, ...outputs, ...digest } as LogRecord)
    this.#seq += 1
    for (const event of step.events) {
      this.#last = event
      onEvent(event)
    }
    this.#act(step)
  }

  #act(step: FoldStep): void {
    for (const id of step.timersCleared) this.#disarm(id)
    for (const id of step.cancelled) this.#abort(id)
    for (const timer of step.timersSet)
      if (this.#options.fold.openTimers().some((open) => open.id === timer.id)) this.#arm(timer.id, timer.delayMs)
    if (step.requested.length > 0) this.#launch(step.requested)
    this.#finishIfDone()
  }

  #arm(id: number, delayMs: number): void {
    const handle = this.#options.clock.setTimer(() => {
      this.#timers.delete(id)
      this.#input('tick', { a: ROOT_ACTOR, id: String(id) })
    }, delayMs)
    this.#timers.set(id, handle)
  }

  #disarm(id: number): void {
    const handle = this.#timers.get(id)
    if (handle === undefined) return
    this.#timers.delete(id)
    this.#options.clock.clearTimer(handle)
  }

  #launch(requested: readonly OpenEffect[]): void {
    const open = new Set(this.#options.fold.openEffects().map(({ id }) => id))
    const effects = requested.filter(({ id }) => open.has(id))
    for (const effect of effects) {
      const agent = (effect.input as { agent?: string }).agent ?? ''
      this.#flights.set(effect.id, {
        effect,
        abort: new AbortController(),
        agent,
        pending: '',
        offset: 0,
        ttftMs: null,
        told: new Set(),
      })
    }
    this.#options.log.durable().then(
      () => {
        for (const effect of effects) this.#begin(effect.id)
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #begin(id: EffectId): void {
    const flight = this.#flights.get(id)
    if (flight === undefined || this.#isOver) return
    const execute = this.#options.executors[flight.effect.name]
    const sink = this.#sinkOf(flight)
    if (execute === undefined) {
      sink.err({ code: 'INTERNAL', message: `nothing here does "${flight.effect.name}"`, retryable: false })
      return
    }
    execute({ id, input: flight.effect.input }, sink, flight.abort)
  }

  #sinkOf(flight: Flight): EffectSink {
    const { id } = flight.effect
    const isOpen = (): boolean => this.#flights.get(id) === flight && !this.#isOver
    return {
      grant: (model, queuedMs) => {
        if (isOpen()) this.#grant(id, model, Math.round(queuedMs))
      },
      text: (text, ttftMs) => {
        if (isOpen()) this.#text(flight, text, ttftMs)
      },
      row: (row) => {
        if (isOpen()) this.#row(flight, row)
      },
      ok: (output) => {
        if (isOpen()) this.#settle(flight, 'ok', output)
      },
      err: (error) => {
        if (isOpen()) this.#settle(flight, 'err', error)
      },
    }
  }

  #grant(id: EffectId, model: string, queuedMs: number): void {
    this.#input('grant', { id, d: queuedMs === 0 ? { model } : { model, queuedMs } })
  }

  #text(flight: Flight, text: string, ttftMs: number | undefined): void {
    if (ttftMs !== undefined) flight.ttftMs = Math.round(ttftMs)
    this.#options.onToken({ turn: flight.effect.id, agent: flight.agent, offset: flight.offset, text })
    flight.offset += text.length
    flight.pending += text
    if (flight.pending.length >= COALESCE_CHARS) this.#flush(flight)
    else this.#flushTimer ??= this.#options.clock.setTimer(() => this.#flushAll(), COALESCE_MS)
  }

  #flushAll(): void {
    this.#flushTimer = null
    for (const flight of [...this.#flights.values()]) if (flight.pending !== '') this.#flush(flight)
  }

  #flush(flight: Flight): void {
    const text = flight.pending
    const first = flight.ttftMs === null ? {} : { ttftMs: flight.ttftMs }
    flight.pending = ''
    flight.ttftMs = null
    this.#input('chunk', { id: flight.effect.id, d: { text, ...first } })
  }

  #row(flight: Flight, row: RowChunk['row']): void {
    if (flight.told.has(row.candidate)) return
    flight.told.add(row.candidate)
    this.#input('chunk', { id: flight.effect.id, d: { row } satisfies RowChunk })
  }

  #settle(flight: Flight, k: 'ok' | 'err', result: unknown): void {
    const { effect } = flight
    // The first text has not been logged yet: its time to come is told with a chunk.
    if (flight.ttftMs !== null && k === 'ok') this.#flush(flight)
    const d = k === 'ok' ? this.#pack(flight, result) : result
    this.#flights.delete(effect.id)
    this.#input(k, { id: effect.id, d })
  }

  /** Returns a result's payload: what the records before it say, its rows among that, it does not say again. */
  #pack(flight: Flight, result: unknown): unknown {
    const { effect, pending } = flight
    if (effect.name === 'model') return packAnswer(result as AnswerFacts, effect.input as ModelRequest, pending)
    if (!hasRows(effect.name)) return result
    const { untold, facts } = packRows(result, flight.told)
    for (const row of untold) this.#row(flight, row)
    return facts
  }

  #abort(id: EffectId): void {
    const flight = this.#flights.get(id)
    if (flight === undefined) return
    this.#flights.delete(id)
    flight.abort.abort()
  }

  #finishIfDone(): void {
    if (this.#isOver || !this.#options.fold.isDone || this.#last?.type !== 'run.completed') return
    const { outcome, stopReason, detail } = this.#last
    this.#close({ outcome, stopReason, detail })
  }

  /** Seals the log with an `end` record, then reports. */
  #close(end: { readonly outcome: Outcome; readonly stopReason: StopReason; readonly detail: string }): void {
    const { fold, log, onEnd } = this.#options
    const winner = this.#last?.type === 'run.completed' ? this.#last.winner : null
    const result: RunEnd = { ...end, winner, digest: fold.digest, records: this.#seq + 1 }
    // Records that a failed log lost are not under the digest a replay will come to: it is left out then.
    const digest = end.stopReason === 'log-failed' ? null : fold.digest
    const seal = digest === null ? {} : { h: digest }
    log.append({ seq: this.#seq, t: this.#now(), k: 'end', a: ROOT_ACTOR, d: { ...end, winner, digest }, ...seal })
    this.#stopEverything()
    log
      .durable()
      .catch(() => {})
      .then(() => log.close())
      .catch(() => {})
      .then(() => onEnd(result))
  }

  #fail(error: unknown): void {
    if (!this.#isOver) this.#endAbnormally({ outcome: 'failed', stopReason: 'log-failed', detail: toErrorData(error).message })
  }

  #endAbnormally(end: { readonly outcome: Outcome; readonly stopReason: StopReason; readonly detail: string }): void {
    for (const event of this.#options.fold.apply({ k: 'end', t: this.#now(), d: end }).events) this.#options.onEvent(event)
    this.#close(end)
  }

  #stopEverything(): void {
    this.#isOver = true
    for (const id of [...this.#timers.keys()]) this.#disarm(id)
    if (this.#flushTimer !== null) this.#options.clock.clearTimer(this.#flushTimer)
    for (const id of [...this.#flights.keys()]) this.#abort(id)
  }
}
