import { type Actor, createActor } from 'xstate'
import { type ErrorData, toErrorData } from '../domain/errors.ts'
import type { RunEvent, RunEventBody } from '../domain/event.ts'
import { type ActorPath, type EffectId, effectId, ROOT_ACTOR } from '../domain/ids.ts'
import type { LogRecord, Output } from '../domain/record.ts'
import type { EffectActorRef } from '../machines/effect.ts'
import type { RunChange, RunContext, RunInput } from '../machines/run-context.ts'
import { type AnswerRecord, type ChunkRecord, type GrantRecord, unpackAnswer } from './answer-record.ts'
import { createInputHasher, shortHash } from './digest.ts'
import { type BoundRunMachine, pathOf, type RunRuntime } from './effect-actor.ts'
import { hasRows, type RowChunk, unpackRows } from './row-record.ts'

/*
 * A run is fold(inputs). Invariants:
 * 1. `apply` is synchronous and touches nothing outside: no clock, no file, no socket. Live and replay call the same code.
 * 2. Given the same inputs it gives the same outputs, events and digest, in any process.
 * 3. Effect ids are the asking actor's path and its own count; timer ids are the run's count.
 * 4. An input for an effect or timer that is no longer open changes nothing.
 */

/** An effect the machines asked for and that has not ended. */
export interface OpenEffect {
  readonly id: EffectId
  readonly name: string
  readonly path: ActorPath
  readonly input: unknown
  readonly inputHash: string
}

export interface OpenTimer {
  readonly id: number
  readonly delayMs: number
  /** Logical ms at which it was set. */
  readonly setAtMs: number
}

export interface FoldStep {
  readonly outputs: readonly Output[]
  readonly digest: string
  readonly requested: readonly OpenEffect[]
  readonly cancelled: readonly EffectId[]
  readonly timersSet: readonly OpenTimer[]
  readonly timersCleared: readonly number[]
  readonly events: readonly RunEvent[]
}

/** What an input is, without its place in the log. */
export type RunInputRecord = Pick<LogRecord, 'k' | 't'> & Partial<Pick<LogRecord, 'a' | 'id' | 'd' | 'att'>>

interface EffectEntry extends OpenEffect {
  readonly ref: EffectActorRef
  text: string
  /** Of its result, as they came. */
  rows: RowChunk['row'][]
  hasText: boolean
  grant: GrantRecord | null
  ttftMs: number | null
}

interface TimerEntry extends OpenTimer {
  readonly fire: () => void
}

export class RunFold {
  readonly #runtime: RunRuntime
  readonly #hasher = createInputHasher()
  readonly #effects = new Map<EffectId, EffectEntry>()
  readonly #byRef = new Map<object, EffectEntry>()
  readonly #timers = new Map<number, TimerEntry>()
  readonly #requests = new Map<ActorPath, number>()
  #actor: Actor<BoundRunMachine> | null = null
  #states: StateText[] = []
  #timerCount = 0
  #eventCount = 0
  #digest = ''
  #isDone = false
  #t = 0
  #outputs: Output[] = []
  #requested: OpenEffect[] = []
  #cancelled: EffectId[] = []
  #timersSet: OpenTimer[] = []
  #timersCleared: number[] = []
  #emitted: RunEventBody[] = []

  constructor(runtime: RunRuntime) {
    this.#runtime = runtime
  }

  /** Rolling digest after the last input. */
  get digest(): string {
    return this.#digest
  }

  /** True when the run has reached a final state. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** The supervisor's data; null before `start`. */
  get context(): RunContext | null {
    return this.#actor?.getSnapshot().context ?? null
  }

  openEffects(): readonly OpenEffect[] {
    return [...this.#effects.values()]
  }

  openTimers(): readonly OpenTimer[] {
    return [...this.#timers.values()]
  }

  /** State values of the supervisor and its agents, by actor path. */
  stateValues(): Record<ActorPath, unknown> {
    const root = this.#actor?.getSnapshot()
    const values: Record<ActorPath, unknown> = { [ROOT_ACTOR]: root?.value ?? null }
    for (const [id, child] of Object.entries(root?.children ?? {})) {
      const snapshot = child?.getSnapshot() as { value?: unknown } | undefined
      if (snapshot?.value !== undefined) values[`${ROOT_ACTOR}/${id}`] = snapshot.value
    }
    return values
  }

  /** Applies one input and returns what it caused. */
  apply(input: RunInputRecord): FoldStep {
    this.#t = input.t
    this.#outputs = []
    this.#requested = []
    this.#cancelled = []
    this.#timersSet = []
    this.#timersCleared = []
    this.#emitted = []
    const changed = this.#deliver(input)
    this.#noteEnd()
    if (changed) this.#roll()
    return {
      outputs: this.#outputs,
      digest: this.#digest,
      requested: this.#requested,
      cancelled: this.#cancelled,
      timersSet: this.#timersSet,
      timersCleared: this.#timersCleared,
      events: this.#emitted.map((body) => this.#toEvent(body)),
    }
  }

  /** Returns whether the input can have changed state or said something: a later piece of text only adds to the others. */
  #deliver(input: RunInputRecord): boolean {
    switch (input.k) {
      case 'start':
        this.#start(input.d as RunInput)
        return true
      case 'cmd':
        this.#actor?.send({ type: 'cmd.cancel', ...(input.d as { reason: 'cancelled-by-user'; detail: string }) })
        return true
      case 'tick':
        return this.#tick(Number(input.id))
      case 'grant':
        return this.#grant(input)
      case 'chunk':
        return this.#chunk(input)
      case 'ok':
        return this.#finish(input, (entry) => ({ type: 'effect.ok', output: toOutput(entry, input.d) }))
      case 'err':
        return this.#finish(input, () => ({ type: 'effect.err', error: { ...(input.d as ErrorData), at: input.t } }))
      case 'retry': {
        const entry = this.#effects.get(input.id ?? '')
        if (entry !== undefined) Object.assign(entry, { text: '', rows: [] })
        return false
      }
      case 'override':
        this.#actor?.send({ type: 'cmd.override', change: input.d as RunChange })
        return true
      case 'upgraded':
        this.#emitted.push({ type: 'run.resumed', asked: [...this.#effects.keys()] })
        return false
      case 'end':
        if (!this.#isDone) this.#emitted.push(abnormalEnd(input.d as AbnormalEnd, this.context))
        return false
      default:
        return false
    }
  }

  #start(input: RunInput): void {
    const clock = {
      setTimeout: (fire: () => void, delayMs: number) => this.#setTimer(fire, delayMs),
      clearTimeout: (id: number) => this.#clearTimer(id),
    }
    const actor = createActor(this.#runtime.machine, { id: ROOT_ACTOR, input, clock, logger: () => {} })
    this.#actor = actor
    this.#runtime.adopt(actor.system, {
      begin: (self, name, request) => this.#begin(self, name, request),
      end: (self) => this.#end(self),
    })
    const keep = (event: RunEventBody) => void this.#emitted.push(event)
    actor.on('*', keep)
    actor.subscribe({ error: () => {} })
    this.#states.push({ actor, value: undefined, text: '' })
    for (const child of Object.values(actor.getSnapshot().children)) {
      const persona = child as unknown as StateText['actor'] & { on(type: '*', keep: (event: RunEventBody) => void): void }
      persona.on('*', keep)
      this.#states.push({ actor: persona, value: undefined, text: '' })
    }
    actor.start()
  }

  #begin(self: EffectActorRef, name: string, input: unknown): void {
    const path = pathOf(self._parent)
    const ordinal = (this.#requests.get(path) ?? 0) + 1
    this.#requests.set(path, ordinal)
    const entry: EffectEntry = {
      id: effectId(path, ordinal),
      name,
      path,
      input,
      inputHash: this.#hasher.hash(input),
      ref: self,
      text: '',
      rows: [],
      hasText: false,
      grant: null,
      ttftMs: null,
    }
    this.#effects.set(entry.id, entry)
    this.#byRef.set(self, entry)
    this.#requested.push(entry)
    this.#outputs.push(['R', entry.id, name, entry.inputHash])
  }

  #end(self: EffectActorRef): void {
    const entry = this.#byRef.get(self)
    if (entry === undefined) return
    this.#forget(entry)
    this.#cancelled.push(entry.id)
    this.#outputs.push(['C', entry.id])
  }

  #forget(entry: EffectEntry): void {
    this.#effects.delete(entry.id)
    this.#byRef.delete(entry.ref)
  }

  #setTimer(fire: () => void, delayMs: number): number {
    this.#timerCount += 1
    const timer: TimerEntry = { id: this.#timerCount, delayMs, setAtMs: this.#t, fire }
    this.#timers.set(timer.id, timer)
    this.#timersSet.push(timer)
    this.#outputs.push(['T', timer.id, delayMs])
    return timer.id
  }

  #clearTimer(id: number): void {
    if (!this.#timers.delete(id)) return
    this.#timersCleared.push(id)
    this.#outputs.push(['t', id])
  }

  #tick(id: number): boolean {
    const timer = this.#timers.get(id)
    if (timer === undefined) return false
    this.#timers.delete(id)
    timer.fire()
    return true
  }

  #toAsker(input: RunInputRecord, event: Readonly<Record<string, unknown>> & { readonly type: string }): boolean {
    const entry = this.#effects.get(input.id ?? '')
    if (entry === undefined) return false
    entry.ref._parent?.send(event)
    return true
  }

  #grant(input: RunInputRecord): boolean {
    const entry = this.#effects.get(input.id ?? '')
    if (entry === undefined) return false
    entry.grant = input.d as GrantRecord
    const { model, queuedMs = 0 } = entry.grant
    return this.#toAsker(input, { type: 'model.granted', model, queuedMs, at: input.t })
  }

  #chunk(input: RunInputRecord): boolean {
    const entry = this.#effects.get(input.id ?? '')
    if (entry === undefined) return false
    const data = input.d as ChunkRecord | RowChunk
    if ('row' in data) {
      entry.rows.push(data.row)
      return this.#toAsker(input, { type: 'candidate.measured', by: entry.name, row: data.row })
    }
    const { text, ttftMs } = data
    entry.text += text
    if (entry.hasText) return false
    entry.hasText = true
    entry.ttftMs = ttftMs ?? null
    return this.#toAsker(input, { type: 'model.firstToken', ttftMs: ttftMs ?? 0, at: input.t })
  }

  #finish(input: RunInputRecord, event: (entry: EffectEntry) => { type: string }): boolean {
    const entry = this.#effects.get(input.id ?? '')
    if (entry === undefined) return false
    this.#tellUntold(input, entry)
    this.#forget(entry)
    entry.ref.send(event(entry))
    return true
  }

  /** Logs from before rows were told one by one have them in the `ok`: they are told now. */
  #tellUntold(input: RunInputRecord, entry: EffectEntry): void {
    const rows = hasRows(entry.name) && input.k === 'ok' ? (input.d as { rows?: readonly RowChunk['row'][] }).rows : undefined
    for (const row of rows ?? []) this.#toAsker(input, { type: 'candidate.measured', by: entry.name, row })
  }

  /** A supervisor that threw ends the run as failed; it must not pass for one that is still going. */
  #noteEnd(): void {
    if (this.#isDone || this.#actor === null) return
    const snapshot = this.#actor.getSnapshot()
    if (snapshot.status === 'active') return
    this.#isDone = true
    if (snapshot.status === 'error') {
      this.#emitted.push(
        abnormalEnd({ stopReason: 'internal-error', detail: toErrorData(snapshot.error).message }, snapshot.context),
      )
    }
  }

  #roll(): void {
    let state = ''
    for (const entry of this.#states) state += textOf(entry)
    const outputs = this.#outputs.length === 0 ? '[]' : JSON.stringify(this.#outputs)
    const emitted = this.#emitted.length === 0 ? '[]' : JSON.stringify(this.#emitted)
    this.#digest = shortHash(`${this.#digest}${outputs}${state}${emitted}`)
  }

  #toEvent(body: RunEventBody): RunEvent {
    const event = { v: 1 as const, seq: this.#eventCount, t: this.#t, ...body }
    this.#eventCount += 1
    return event.type === 'run.completed' ? { ...event, digest: this.#digest } : event
  }
}

/** An actor's state value as JSON, kept until the value is another object: of all actors an input moves one or two. */
interface StateText {
  readonly actor: { getSnapshot(): { value?: unknown } }
  value: unknown
  text: string
}

function textOf(entry: StateText): string {
  const { value } = entry.actor.getSnapshot()
  if (value !== entry.value) {
    entry.value = value
    entry.text = JSON.stringify(value)
  }
  return entry.text
}

function toOutput(entry: EffectEntry, data: unknown): unknown {
  if (entry.name === 'model') return unpackAnswer(data as AnswerRecord, entry)
  return hasRows(entry.name) ? unpackRows(data, entry.input, entry.rows) : data
}

interface AbnormalEnd {
  readonly stopReason: 'log-failed' | 'internal-error' | 'interrupted'
  readonly detail: string
}

function abnormalEnd(end: AbnormalEnd, context: RunContext | null): RunEventBody {
  return {
    type: 'run.completed',
    runId: context?.runId ?? '',
    outcome: end.stopReason === 'interrupted' ? 'cancelled' : 'failed',
    stopReason: end.stopReason,
    detail: end.detail,
    winner: null,
    grade: 'unverified',
    inputTokens: context?.inputTokens ?? 0,
    outputTokens: context?.outputTokens ?? 0,
    digest: '',
  }
}
