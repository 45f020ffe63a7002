import { createRunRuntime } from '../../src/actors/effect-actor.ts'
import type { Executors } from '../../src/actors/executor.ts'
import { createGateExecutor } from '../../src/actors/gate-executor.ts'
import { createGatherExecutor } from '../../src/actors/gather-executor.ts'
import { ModelPool } from '../../src/actors/model-pool.ts'
import type { Services } from '../../src/app/services.ts'
import { createMock, type MockOptions } from '../../src/backends/mock.ts'
import { Persona } from '../../src/domain/persona.ts'
import type { LogRecord } from '../../src/domain/record.ts'
import { RunSpec, type RunSpecInput } from '../../src/domain/run-spec.ts'
import type { ExecuteRequest, ExecuteResult } from '../../src/machines/effects.ts'
import type { Backend } from '../../src/ports/backend.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { RunStore } from '../../src/ports/run-store.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createSimulatedClock, type SimulatedClock } from '../../src/system/simulated-clock.ts'

/** A persona for tests: an id is enough. */
export function persona(id: string, change: Partial<typeof Persona._input> = {}): Persona {
  return Persona.parse({ id, title: id, style: 'plain', ...change })
}

/** A spec for tests: a prompt and one agent per id. */
export function spec(change: Partial<RunSpecInput> & { readonly ids?: readonly string[] } = {}): RunSpec {
  const { ids = ['architect', 'coder', 'bug_hunter'], ...rest } = change
  return RunSpec.parse({ prompt: 'Write add(a, b) in Python.', agents: ids.map((id) => ({ id, persona: persona(id) })), ...rest })
}

/** Grammars are loaded once for all tests of a file. */
const PARSER = createTreeSitterParser()

/** Says that nothing can be executed, as a machine without isolation would. */
const executeNothing: Executors['execute'] = (_effect, sink) => {
  const result: ExecuteResult = { rows: [], driver: 'none', isolation: 'none', policyHash: '', why: 'no sandbox in this test' }
  sink.ok(result)
}

/** Executes nothing, yet has a row for each candidate that gives `value` for every call; told one by one if `tells`. */
export function executeAlike(value: number, tells = true): Executors['execute'] {
  return (effect, sink) => {
    const { calls, candidates } = effect.input as ExecuteRequest
    const outcomes = calls.map(() => ({ kind: 'value' as const, value: { t: 'int' as const, v: String(value) } }))
    const rows = candidates.map(({ id }) => ({ candidate: id, load: { kind: 'loaded' as const }, outcomes }))
    if (tells) for (const row of rows.toReversed()) sink.row(row)
    sink.ok({ rows, driver: 'test', isolation: 'full', policyHash: '', why: '' } satisfies ExecuteResult)
  }
}

export interface TestServices extends Services {
  readonly clock: SimulatedClock
  readonly pool: ModelPool
}

/** Services over the mock backend, the memory store and a clock that stands still. */
export function testServices(
  options: {
    readonly mock?: MockOptions
    readonly backends?: readonly Backend[]
    readonly store?: RunStore
    readonly executors?: Partial<Executors>
    readonly clock?: Clock
  } = {},
): TestServices {
  const clock = (options.clock ?? createSimulatedClock()) as SimulatedClock
  const pool = new ModelPool({
    backends: options.backends ?? [createMock({ clock, ...options.mock })],
    clock,
    isAllowed: () => true,
    maxParallelModels: 0,
  })
  let count = 0
  return {
    clock,
    pool,
    runtime: createRunRuntime(),
    store: options.store ?? createMemoryStore(),
    createRunId: () => {
      count += 1
      return `run${String(count).padStart(4, '0')}`
    },
    productVersion: 'test',
    executors: {
      model: pool.execute,
      gather: createGatherExecutor(pool),
      gate: createGateExecutor(PARSER),
      execute: executeNothing,
      ...options.executors,
    } as Executors,
  }
}

/** Reads a run's records back from its store. */
export async function recordsOf(services: Services, runId: string): Promise<readonly LogRecord[]> {
  return (await services.store.read(runId)).records
}
