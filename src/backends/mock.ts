import { findEntryPoint } from '../consensus/find-entry-point.ts'
import { BackendError, type BackendFailure } from '../domain/backend-error.ts'
import type { FinishReason, Usage } from '../domain/message.ts'
import type { ModelInfo } from '../domain/model.ts'
import type { Backend, ChatEvent, ChatRequest } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import { chatStream } from './chat-stream.ts'
import { cancelled } from './exchange.ts'
import { nearestNames } from './nearest-names.ts'
import { onAbort } from './on-abort.ts'
import { pause } from './pause.ts'
import { requestKey } from './request-key.ts'

/** One step of what the mock does when asked. A script that runs out without `finish` finishes with `stop`. */
export type MockStep =
  | { readonly do: 'text'; readonly text: string }
  | { readonly do: 'reasoning'; readonly text: string }
  /** Lets time pass on the injected clock. */
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'progress'; readonly phase: 'queued' | 'loading' | 'prefilling'; readonly fraction: number | null }
  /** Overrides counts of the end event. */
  | { readonly do: 'usage'; readonly usage: Partial<Usage> }
  | { readonly do: 'finish'; readonly reason: FinishReason }
  | { readonly do: 'error'; readonly failure: BackendFailure; readonly message?: string }
  /** Says nothing more until it is cancelled. */
  | { readonly do: 'hang' }
  /** Ends the stream without a terminal record. */
  | { readonly do: 'cut' }
export type MockScript = readonly MockStep[]

export interface MockOptions {
  /** Default `mock`. */
  readonly id?: string
  /** For `wait` steps; a mock without a clock passes over them. */
  readonly clock?: Clock
  /** What it can answer with; default one model named `mock`. */
  readonly models?: readonly (Partial<ModelInfo> & { readonly name: string })[]
  /**
   * Returns what to do for a request, or null for the default answer. `ordinal` counts, from 0, the calls with an equal
   * request (model, messages, sampling), so that it does not depend on the order in which different agents ask.
   */
  readonly script?: (request: ChatRequest, ordinal: number) => MockScript | null
}

/**
 * Returns a backend that opens no socket and is a function of its requests: no wall clock, no randomness. Without a
 * script its answer is a small program that depends on the request alone.
 */
export function createMock(options: MockOptions = {}): Backend {
  const id = options.id ?? 'mock'
  const facts = { backend: id }
  const models = (options.models ?? [{ name: 'mock' }]).map((model) => completeModel(id, model))
  const calls = new Map<string, number>()

  async function* converse(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const names = models.map((model) => model.name)
    if (!names.includes(request.model)) {
      const suggestions = nearestNames(request.model, names)
      throw new BackendError('model-not-found', `${id} has no model ${request.model}`, { ...facts, suggestions })
    }
    const key = requestKey(request)
    const ordinal = calls.get(key) ?? 0
    calls.set(key, ordinal + 1)
    const script = options.script?.(request, ordinal) ?? defaultScript(key, nameIn(request), request.sampling.maxTokens)
    const counted = { inputTokens: countInput(request), cachedTokens: null, outputTokens: 0 }
    let told: Partial<Usage> = {}
    const end = (finish: FinishReason): ChatEvent => ({
      type: 'end',
      finish,
      usage: { ...counted, ...told },
      server: { loadMs: null, prefillMs: null, decodeMs: null, tokensPerSecond: null },
      servedModel: request.model,
    })
    for (const step of script) {
      switch (step.do) {
        case 'text':
        case 'reasoning':
          counted.outputTokens++
          yield { type: step.do, text: step.text }
          break
        case 'progress':
          yield { type: 'progress', phase: step.phase, fraction: step.fraction }
          break
        case 'wait':
          if (options.clock !== undefined) await pause(options.clock, step.ms, signal)
          break
        case 'usage':
          told = { ...told, ...step.usage }
          break
        case 'finish':
          yield end(step.reason)
          return
        case 'error':
          throw new BackendError(step.failure, step.message ?? `${id} was told to fail: ${step.failure}`, facts)
        case 'hang':
          await untilAborted(signal)
          throw cancelled(facts)
        case 'cut':
          throw new BackendError('truncated-stream', `${id} ended its answer without a final record`, facts)
        default:
          step satisfies never
      }
    }
    yield end('stop')
  }

  return {
    id,
    kind: 'mock',
    url: null,
    health: async () => ({ isLive: true, isReady: true, version: null, latencyMs: 0, detail: 'always ready' }),
    models: async () => models,
    chat: (request) => chatStream(request, facts, [], (signal) => converse(request, signal)),
    close: async () => {},
  }
}

/** Returns a script that says `text` in pieces of about a word, then finishes. */
export function sayScript(text: string, finish: FinishReason = 'stop'): MockScript {
  const pieces = text.match(/\s*\S+|\s+$/g) ?? []
  return [...pieces.map((piece): MockStep => ({ do: 'text', text: piece })), { do: 'finish', reason: finish }]
}

/** The function the prompt asks for: an answer that defines another would never be run. */
function nameIn({ messages }: ChatRequest): string {
  const text = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  // What stands in a fence is material, such as tests that define functions of their own.
  const name = findEntryPoint(text.replace(/^```[\s\S]*?^```/gm, ''), []) ?? findEntryPoint(text, [])
  return name !== null && /^[A-Za-z_]\w*$/.test(name) ? name : 'solve'
}

function defaultScript(key: string, name: string, maxTokens: number | undefined): MockScript {
  const number = Number.parseInt(key.slice(0, 6), 16)
  const answer = `A small function is enough.\n\n\`\`\`python\ndef ${name}(value, *more):\n    return (value * ${(number % 7) + 2} + ${number % 97}) % 1009\n\`\`\`\n`
  const whole = sayScript(answer)
  if (maxTokens === undefined || whole.length - 1 <= maxTokens) return whole
  return [...whole.slice(0, maxTokens), { do: 'finish', reason: 'length' }]
}

/** A rough count, four characters a token. */
function countInput(request: ChatRequest): number {
  return Math.ceil(request.messages.reduce((sum, message) => sum + message.content.length, 0) / 4)
}

function completeModel(backend: string, model: Partial<ModelInfo> & { readonly name: string }): ModelInfo {
  return {
    isLocal: true,
    isLoaded: true,
    contextTokens: 8192,
    parameterSize: null,
    quantization: null,
    sizeBytes: null,
    parallelSlots: null,
    digest: null,
    ...model,
    backend,
    kind: 'mock',
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    onAbort(signal, resolve)
  })
}
