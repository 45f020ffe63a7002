import { createRunRuntime } from '../src/actors/effect-actor.ts'
import { createGatherExecutor } from '../src/actors/gather-executor.ts'
import { ModelPool } from '../src/actors/model-pool.ts'
import type { Services } from '../src/app/services.ts'
import type { LogRecord } from '../src/domain/record.ts'
import { RunSpec } from '../src/domain/run-spec.ts'
import type { GateResult } from '../src/machines/effects.ts'
import type { Backend, ChatEvent } from '../src/ports/backend.ts'
import type { Clock } from '../src/ports/clock.ts'
import type { RunStore } from '../src/ports/run-store.ts'

/** The debate of the runtime benches: 3 personas × 6 phases, a barrier after each, 200 chunks of 5 characters a turn. */
export const PERSONAS = ['architect', 'coder', 'tester'] as const
export const PHASES = 6
const CHUNKS = 200
const CHUNK = 'abcd '

/** The model of every implementation: it answers at once. */
export async function* noopModel(): AsyncGenerator<string> {
  for (let i = 0; i < CHUNKS; i += 1) yield CHUNK
}

/** Returns the classic protocol's debate with `phases` phases in all: propose, rebut …, finalize. */
export function debateSpec(phases: number): RunSpec {
  return RunSpec.parse({
    prompt: 'Write add(a, b) in Python.',
    protocol: 'classic',
    rounds: phases - 2,
    agents: PERSONAS.map((id) => ({ id, persona: { id, title: id, style: 'plain' } })),
  })
}

function noopBackend(): Backend {
  async function* chat(): AsyncGenerator<ChatEvent> {
    for (let i = 0; i < CHUNKS; i += 1) yield { type: 'text', text: CHUNK }
    yield {
      type: 'end',
      finish: 'stop',
      usage: { inputTokens: 100, cachedTokens: null, outputTokens: CHUNKS },
      server: { loadMs: null, prefillMs: null, decodeMs: null, tokensPerSecond: null },
      servedModel: 'noop',
    }
  }
  return {
    id: 'noop',
    kind: 'mock',
    url: null,
    health: async () => ({ isLive: true, isReady: true, version: null, latencyMs: 0, detail: '' }),
    models: async () => [
      {
        backend: 'noop',
        kind: 'mock',
        name: 'noop',
        isLocal: true,
        isLoaded: true,
        contextTokens: 8_192,
        parameterSize: null,
        quantization: null,
        sizeBytes: null,
        parallelSlots: 1_000_000,
        digest: null,
      },
    ],
    chat,
    close: async () => {},
  }
}

/** The gate of these benches takes no candidate: what is measured is the runtime, not the parser. */
const NO_CANDIDATES: GateResult = {
  language: 'python',
  entryPoint: null,
  candidates: [],
  rejected: [],
  similarity: [],
  similarityBy: 'subtrees',
}

/** Returns services over the no-op model. */
export function debateServices(store: RunStore, clock: Clock): Services {
  const pool = new ModelPool({ backends: [noopBackend()], clock, isAllowed: () => true, maxParallelModels: 0 })
  let count = 0
  return {
    clock,
    store,
    runtime: createRunRuntime(),
    createRunId: () => {
      count += 1
      return `${String(count).padStart(10, '0')}${'0'.repeat(16)}`
    },
    productVersion: 'bench',
    executors: {
      model: pool.execute,
      gather: createGatherExecutor(pool),
      gate: (_effect, sink) => sink.ok(NO_CANDIDATES),
    },
  }
}

/** A store that keeps nothing: the engine without a log. */
export function createMemoryLogStore(kept?: LogRecord[]): RunStore {
  const unused = async (): Promise<never> => {
    throw new Error('not part of this bench')
  }
  return {
    create: async (runId) => ({
      runId,
      append: (record) => void kept?.push(record),
      durable: async () => {},
      close: async () => {},
    }),
    open: unused,
    read: unused,
    list: async () => [],
    remove: unused,
    close: async () => {},
  }
}
