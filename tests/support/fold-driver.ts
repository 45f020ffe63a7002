import { createRunRuntime, type RunRuntime } from '../../src/actors/effect-actor.ts'
import { type FoldStep, RunFold } from '../../src/actors/run-fold.ts'
import type { ErrorData } from '../../src/domain/errors.ts'
import type { RunEvent, RunEventType } from '../../src/domain/event.ts'
import type { FinishReason } from '../../src/domain/message.ts'
import type { ModelInfo } from '../../src/domain/model.ts'
import type { RunSpec } from '../../src/domain/run-spec.ts'
import type { ExecuteRequest, GateResult, ModelRequest } from '../../src/machines/effects.ts'

/** A model for tests. */
export function model(name: string, change: Partial<ModelInfo> = {}): ModelInfo {
  return {
    backend: 'mock',
    kind: 'mock',
    name,
    isLocal: true,
    isLoaded: true,
    contextTokens: 8_192,
    parameterSize: null,
    quantization: null,
    sizeBytes: null,
    parallelSlots: null,
    digest: null,
    ...change,
  }
}

/** A gate result with one candidate per given program, or none. */
export function gateResult(programs: Readonly<Record<string, string>> = {}, entryPoint: string | null = null): GateResult {
  const ids = Object.keys(programs)
  return {
    language: 'python',
    entryPoint,
    candidates: ids.map((id) => ({
      id,
      agent: id.split('.')[0] ?? id,
      round: 1,
      turn: `run/${id.split('.')[0]}#1`,
      model: 'mock/m',
      duplicates: [],
      models: ['mock/m'],
      language: 'python',
      files: [{ path: null, language: 'python', code: programs[id] ?? '' }],
      main: 0,
      program: programs[id] ?? '',
      codeHash: programs[id] ?? id,
      parseError: (programs[id] ?? '').includes('!') ? 'line 1, column 1' : null,
      nodes: 3,
      isCut: false,
      warnings: [],
    })),
    rejected: [],
    similarity: ids.map((_, i) => ids.map((__, j) => (i === j ? 1 : 0.4))),
    similarityBy: 'subtrees',
  }
}

/** Plays the world for one run: answers, failures, time. Every input is one line of the log it would have written. */
export class FoldDriver {
  readonly fold: RunFold
  readonly events: RunEvent[] = []
  readonly steps: FoldStep[] = []
  t = 0

  constructor(spec: RunSpec, runtime: RunRuntime = createRunRuntime()) {
    this.fold = new RunFold(runtime)
    this.input({ k: 'start', d: { runId: 'test', spec } })
  }

  input(record: { k: 'start' | 'cmd' | 'tick' | 'grant' | 'chunk' | 'ok' | 'err'; id?: string; d?: unknown }): FoldStep {
    const step = this.fold.apply({ t: this.t, ...record })
    this.steps.push(step)
    this.events.push(...step.events)
    return step
  }

  /** The open effect of an actor, e.g. `run/coder`. */
  openOf(path: string): { id: string; input: unknown } {
    const effect = this.fold.openEffects().find((open) => open.path === path)
    if (effect === undefined)
      throw new Error(
        `${path} has no open effect; open: ${this.fold
          .openEffects()
          .map((open) => open.id)
          .join()}`,
      )
    return effect
  }

  hasOpen(path: string): boolean {
    return this.fold.openEffects().some((open) => open.path === path)
  }

  requestOf(agent: string): ModelRequest {
    return this.openOf(`run/${agent}`).input as ModelRequest
  }

  gathered(...models: readonly ModelInfo[]): this {
    this.input({ k: 'ok', id: this.openOf('run').id, d: { models: models.length === 0 ? [model('m')] : models } })
    return this
  }

  answered(agent: string, text = 'def f():\n  pass\n', finish: FinishReason = 'stop'): this {
    const { id } = this.openOf(`run/${agent}`)
    const key = this.requestOf(agent).models[0] ?? ''
    this.input({ k: 'grant', id, d: { model: key } })
    this.input({ k: 'chunk', id, d: { text, ttftMs: 5 } })
    this.input({ k: 'ok', id, d: { usage: [100, null, 50], ms: 10, ...(finish === 'stop' ? {} : { finish }) } })
    return this
  }

  failed(agent: string, error: Partial<ErrorData> = {}): this {
    const { id } = this.openOf(`run/${agent}`)
    this.input({ k: 'err', id, d: { code: 'unreachable', message: 'refused', retryable: true, ...error } })
    return this
  }

  gated(programs: Readonly<Record<string, string>>, entryPoint: string | null = null): this {
    this.input({ k: 'ok', id: this.openOf('run').id, d: gateResult(programs, entryPoint) })
    return this
  }

  /** Answers the sandbox's part: each candidate gives what its function of the call's arguments gives. */
  executed(behave: Readonly<Record<string, (args: readonly number[]) => number>>): this {
    const { id, input } = this.openOf('run')
    const { calls } = input as ExecuteRequest
    const rows = Object.entries(behave).map(([candidate, run]) => ({
      candidate,
      load: { kind: 'loaded' },
      outcomes: calls.map((call) => ({
        kind: 'value',
        value: { t: 'int', v: String(run(call.args.map((arg) => Number('v' in arg ? arg.v : 0)))) },
      })),
    }))
    for (const row of rows) this.input({ k: 'chunk', id, d: { row } })
    this.input({ k: 'ok', id, d: { driver: 'bwrap', isolation: 'full', policyHash: 'p', why: '' } })
    return this
  }

  /** Lets logical time pass, firing the timers that come due in order. */
  wait(ms: number): this {
    const until = this.t + ms
    for (;;) {
      const due = [...this.fold.openTimers()].sort((a, b) => a.setAtMs + a.delayMs - (b.setAtMs + b.delayMs) || a.id - b.id)[0]
      if (due === undefined || due.setAtMs + due.delayMs > until) break
      this.t = due.setAtMs + due.delayMs
      this.input({ k: 'tick', id: String(due.id) })
    }
    this.t = until
    return this
  }

  cancelled(): this {
    this.input({ k: 'cmd', d: { reason: 'cancelled-by-user', detail: 'test' } })
    return this
  }

  get state(): unknown {
    return this.fold.stateValues()['run']
  }

  get standing(): string[] {
    const { agents = {} } = this.fold.context ?? {}
    return Object.keys(agents).filter((id) => agents[id]?.abstained === null)
  }

  eventsOf(type: RunEventType): RunEvent[] {
    return this.events.filter((event) => event.type === type)
  }

  get outcome(): { outcome: string; stopReason: string } | null {
    const event = this.events.find((each) => each.type === 'run.completed')
    return event?.type === 'run.completed' ? { outcome: event.outcome, stopReason: event.stopReason } : null
  }
}
