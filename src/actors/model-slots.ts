import { type Actor, createActor } from 'xstate'
import { type ModelInfo, type ModelKey, modelKey } from '../domain/model.ts'
import { breakerMachine } from '../machines/breaker-machine.ts'
import { modelSlotMachine } from '../machines/model-slot-machine.ts'
import type { Backend } from '../ports/backend.ts'
import type { Clock, TimerHandle } from '../ports/clock.ts'

type Slot = Actor<typeof modelSlotMachine>

/** Requests a server takes at once for a model, where it does not say. */
const SLOTS_BY_KIND = { ollama: 1, lmstudio: 4, vllm: 8, llamacpp: 1, openai: 1, mock: 64, replay: 64 } as const

/** One model as the pool keeps it: its places and its breaker. */
export class PooledModel {
  readonly key: ModelKey
  readonly info: ModelInfo
  readonly backend: Backend
  readonly capacity: number
  readonly #breaker: Actor<typeof breakerMachine>
  /** Places that are free; the others are in the hands of turns. */
  readonly #idle: Slot[] = []
  readonly #all: Slot[] = []
  #draining = 0
  readonly #clock: ReturnType<typeof toXStateClock>
  readonly #onFree: () => void

  /** `onFree` is called when a place or the breaker lets a waiting turn through. */
  constructor(info: ModelInfo, backend: Backend, clock: Clock, onFree: () => void) {
    this.key = modelKey(info)
    this.info = info
    this.backend = backend
    // A server that reports no place at all would never be asked.
    this.capacity = info.parallelSlots === null || info.parallelSlots < 1 ? SLOTS_BY_KIND[info.kind] : info.parallelSlots
    this.#clock = toXStateClock(clock)
    this.#onFree = onFree
    this.#breaker = createActor(breakerMachine, { clock: this.#clock, id: `breaker:${this.key}` })
    this.#breaker.subscribe((snapshot) => {
      if (snapshot.matches('halfOpen')) onFree()
    })
    this.#breaker.start()
  }

  /** True while no turn may be sent: the breaker is open, or its one probe is under way. */
  get isBarred(): boolean {
    const snapshot = this.#breaker.getSnapshot()
    return snapshot.matches('open') || snapshot.matches('probing')
  }

  /** Places taken or still draining. */
  get busy(): number {
    return this.#all.length - this.#idle.length
  }

  /** Places where a server is still busy with a request that was given up. */
  get draining(): number {
    return this.#draining
  }

  /** Takes a free place; null when there is none. */
  take(): Slot | null {
    const slot = this.#idle.pop() ?? this.#addSlot()
    if (slot === null) return null
    slot.send({ type: 'taken' })
    if (this.#breaker.getSnapshot().matches('halfOpen')) this.#breaker.send({ type: 'probing' })
    return slot
  }

  /** Notes a success; a breaker that has nothing to forget is left alone. */
  succeeded(): void {
    const { value, context } = this.#breaker.getSnapshot()
    if (value !== 'closed' || context.failuresMs.length > 0) this.#breaker.send({ type: 'succeeded' })
  }

  failed(atMs: number): void {
    this.#breaker.send({ type: 'failed', atMs })
  }

  stop(): void {
    this.#breaker.stop()
    for (const slot of this.#all) slot.stop()
  }

  #addSlot(): Slot | null {
    if (this.#all.length >= this.capacity) return null
    const slot = createActor(modelSlotMachine, { clock: this.#clock, id: `slot:${this.key}:${this.#all.length}` })
    let before = 'idle'
    slot.subscribe((snapshot) => {
      const state = snapshot.value
      if (state === before) return
      if (state === 'draining') this.#draining += 1
      if (before === 'draining') this.#draining -= 1
      before = state
      if (state !== 'idle') return
      this.#idle.push(slot)
      this.#onFree()
    })
    slot.start()
    this.#all.push(slot)
    return slot
  }
}

export type { Slot }

function toXStateClock(clock: Clock) {
  return {
    setTimeout: (fire: (...args: unknown[]) => void, delayMs: number): TimerHandle => clock.setTimer(() => fire(), delayMs),
    clearTimeout: (handle: TimerHandle): void => clock.clearTimer(handle),
  }
}
