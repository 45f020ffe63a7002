import { BackendError } from '../domain/backend-error.ts'
import { type ErrorData, toErrorData } from '../domain/errors.ts'
import type { ModelInfo, ModelKey } from '../domain/model.ts'
import type { ModelRequest } from '../machines/effects.ts'
import type { Backend } from '../ports/backend.ts'
import type { Clock, TimerHandle } from '../ports/clock.ts'
import { orderTurns } from '../selection/turn-order.ts'
import { type ChatOutcome, runChat } from './chat-turn.ts'
import type { EffectRequest, EffectSink, Executor } from './executor.ts'
import { PooledModel, type Slot } from './model-slots.ts'

/*
 * The process-wide pool. A run sees it only as granted / answered / failed. Invariants:
 * 1. A model never has more requests under way than it has places, a place still draining included.
 * 2. A turn waits for its preferred model; it goes to the next one only when the first is barred or was rotated away.
 * 3. Whoever waits is told the end: a slot, a failure, or nothing after it hung up itself.
 */

export interface ModelPoolOptions {
  readonly backends: readonly Backend[]
  readonly clock: Clock
  /** Models that may be used; called with each listed model. */
  readonly isAllowed: (model: ModelInfo) => boolean
  /** Distinct models at work at once; 0 = no limit. */
  readonly maxParallelModels: number
}

interface Waiting {
  readonly effect: EffectRequest
  readonly request: ModelRequest
  readonly sink: EffectSink
  readonly abort: AbortController
  readonly arrived: number
  readonly sinceMs: number
  timer: TimerHandle | null
}

/** How long a list of models is taken as current. */
const LIST_TTL_MS = 5_000

const COUNTED: ReadonlySet<string> = new Set([
  'unreachable',
  'timeout-connect',
  'timeout-first-token',
  'timeout-idle',
  'load-failed',
  'backend-crashed',
  'backend-internal',
  'protocol',
  'truncated-stream',
])

export class ModelPool {
  readonly #options: ModelPoolOptions
  readonly #models = new Map<ModelKey, PooledModel>()
  #waiting: Waiting[] = []
  #arrivals = 0
  #isPumping = false
  #listed: { readonly atMs: number; readonly models: readonly ModelInfo[] } | null = null

  constructor(options: ModelPoolOptions) {
    this.#options = options
  }

  /** Executor of `model` effects. */
  readonly execute: Executor = (effect, sink, abort) => {
    const { signal } = abort
    const request = effect.input as ModelRequest
    const turn: Waiting = {
      effect,
      request,
      sink,
      abort,
      arrived: this.#arrivals,
      sinceMs: this.#options.clock.now(),
      timer: null,
    }
    this.#arrivals += 1
    if (signal.aborted) return
    this.#waiting.push(turn)
    if (this.#listed === null) this.#listFirst(signal)
    else this.#pump()
    if (this.#waiting.includes(turn)) this.#wait(turn)
  }

  /** Returns the allowed local models of all backends, freshly listed at most every five seconds. */
  async list(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const { clock, backends, isAllowed } = this.#options
    if (this.#listed !== null && clock.now() - this.#listed.atMs < LIST_TTL_MS) return this.#listed.models
    const lists = await Promise.allSettled(backends.map((backend) => backend.models(signal)))
    const failures = lists.flatMap((list) => (list.status === 'rejected' ? [list.reason as unknown] : []))
    if (failures.length === backends.length && failures[0] !== undefined) throw failures[0]
    const models: ModelInfo[] = []
    lists.forEach((list, i) => {
      const backend = backends[i]
      if (list.status !== 'fulfilled' || backend === undefined) return
      for (const info of list.value) {
        if (!info.isLocal || !isAllowed(info)) continue
        models.push(info)
        this.#adopt(info, backend)
      }
    })
    this.#listed = { atMs: clock.now(), models }
    return models
  }

  /** Turns waiting for a place, and places still draining, for the terminal view and metrics. */
  get load(): { readonly waiting: number; readonly draining: number } {
    let draining = 0
    for (const model of this.#models.values()) draining += model.draining
    return { waiting: this.#waiting.length, draining }
  }

  async close(): Promise<void> {
    for (const turn of this.#waiting) this.#stopWaiting(turn)
    this.#waiting = []
    for (const model of this.#models.values()) model.stop()
    await Promise.all(this.#options.backends.map((backend) => backend.close()))
  }

  /** A resumed run asks before anyone gathered: its models are looked up first. */
  #listFirst(signal: AbortSignal): void {
    this.list(signal).then(
      () => this.#pump(),
      (error: unknown) => {
        for (const turn of [...this.#waiting]) {
          this.#leave(turn)
          turn.sink.err(toErrorData(error))
        }
      },
    )
  }

  #adopt(info: ModelInfo, backend: Backend): void {
    const pooled = new PooledModel(info, backend, this.#options.clock, () => this.#pump())
    if (!this.#models.has(pooled.key)) this.#models.set(pooled.key, pooled)
    else pooled.stop()
  }

  #wait(turn: Waiting): void {
    turn.abort.signal.addEventListener('abort', () => this.#leave(turn), { once: true })
    turn.timer = this.#options.clock.setTimer(() => {
      this.#leave(turn)
      const seconds = turn.request.queueTimeoutMs / 1000
      turn.sink.err({ code: 'timeout-queue', message: `no model was free within ${seconds} s`, retryable: false })
    }, turn.request.queueTimeoutMs)
  }

  #leave(turn: Waiting): void {
    this.#stopWaiting(turn)
    this.#waiting = this.#waiting.filter((other) => other !== turn)
  }

  #stopWaiting(turn: Waiting): void {
    if (turn.timer !== null) this.#options.clock.clearTimer(turn.timer)
    turn.timer = null
  }

  /** Serves whoever can be served now. Not re-entrant: a turn that ends while we serve is picked up by the loop. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      for (let next = this.#takeNext(); next !== null; next = this.#takeNext()) next()
    } finally {
      this.#isPumping = false
    }
  }

  /** Takes the first waiting turn that has a place, or is hopeless, off the queue; returns what to do with it. */
  #takeNext(): (() => void) | null {
    if (this.#waiting.length === 0) return null
    const turns = this.#waiting.length === 1 ? this.#waiting : this.#ordered()
    for (const turn of turns) {
      const model = this.#choose(turn.request)
      if (model === 'none') {
        this.#leave(turn)
        return () => turn.sink.err(noModel(turn.request))
      }
      if (!this.#mayWork(model)) continue
      const slot = model.take()
      if (slot === null) continue
      this.#leave(turn)
      return () => this.#serve(turn, model, slot)
    }
    return null
  }

  #ordered(): Waiting[] {
    const atWork = new Set([...this.#models.values()].filter((model) => model.busy > 0).map((model) => model.key))
    const turns = this.#waiting.map((turn) => {
      const model = this.#choose(turn.request)
      return {
        turn,
        agent: turn.request.agent,
        round: turn.request.round,
        arrived: turn.arrived,
        model: model === 'none' ? '' : model.key,
      }
    })
    return orderTurns(turns, atWork).map((item) => item.turn)
  }

  #choose(request: ModelRequest): PooledModel | 'none' {
    for (const key of request.models) {
      const model = this.#models.get(key)
      if (model !== undefined && !model.isBarred) return model
    }
    return 'none'
  }

  #mayWork(model: PooledModel): boolean {
    const { maxParallelModels } = this.#options
    if (maxParallelModels === 0 || model.busy > 0) return true
    let atWork = 0
    for (const other of this.#models.values()) if (other.busy > 0) atWork += 1
    return atWork < maxParallelModels
  }

  #serve(turn: Waiting, model: PooledModel, slot: Slot): void {
    turn.sink.grant(model.key, this.#options.clock.now() - turn.sinceMs)
    const queuedMs = this.#options.clock.now() - turn.sinceMs
    runChat({
      effect: turn.effect.id,
      request: turn.request,
      model,
      clock: this.#options.clock,
      queuedMs,
      sink: turn.sink,
      abort: turn.abort,
    }).then((outcome) => this.#settle(turn, model, slot, outcome))
  }

  #settle(turn: Waiting, model: PooledModel, slot: Slot, outcome: ChatOutcome): void {
    switch (outcome.kind) {
      case 'answered':
        model.succeeded()
        slot.send({ type: 'released' })
        turn.sink.ok(outcome.answer)
        return
      case 'failed':
        if (COUNTED.has(outcome.error.code)) model.failed(this.#options.clock.now())
        slot.send({ type: 'released' })
        turn.sink.err(outcome.error)
        return
      case 'cancelled':
        slot.send({ type: 'abandoned' })
        outcome.drained.finally(() => slot.send({ type: 'drained' }))
        return
    }
  }
}

function noModel(request: ModelRequest): ErrorData {
  const error = new BackendError('breaker-open', `${request.models.join(', ')}: not available after repeated failures`, {
    backend: 'pool',
  })
  return error.toData()
}
