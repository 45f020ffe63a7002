import { createRunRuntime } from '../src/actors/effect-actor.ts'
import type { Executor } from '../src/actors/executor.ts'
import { createGatherExecutor } from '../src/actors/gather-executor.ts'
import { ModelPool } from '../src/actors/model-pool.ts'
import type { Replay } from '../src/app/replay-run.ts'
import type { Services } from '../src/app/services.ts'
import { createMock, type MockScript } from '../src/backends/mock.ts'
import { requestKey } from '../src/backends/request-key.ts'
import { RunSpec } from '../src/domain/run-spec.ts'
import type { ExecuteResult } from '../src/machines/effects.ts'
import type { ChatRequest } from '../src/ports/backend.ts'
import type { Clock } from '../src/ports/clock.ts'
import type { RunStore } from '../src/ports/run-store.ts'

/** The run of the kill check: three agents, many short turns, so that a kill nearly always hits some of them in flight. */
export function killSpec(index: number): RunSpec {
  return RunSpec.parse({
    prompt: 'Write add(a, b) in Python. add(1, 2) == 3',
    protocol: index % 2 === 0 ? 'classic' : 'evidence',
    rounds: 30,
    seed: index,
    agents: ['architect', 'coder', 'tester'].map((id) => ({ id, persona: { id, title: id, style: 'plain' } })),
  })
}

/** Says what its request hashes to, in pieces some ms apart: the same answer in every process, at no certain time. */
function script(request: ChatRequest): MockScript {
  const key = requestKey(request)
  const code = `\`\`\`python\ndef add(a, b):\n    return a + b + 0 * 0x${key.slice(0, 8)}\n\`\`\`\n`
  const pieces = [`Answer ${key.slice(0, 16)}. `, 'The sum is taken as it is.\n\n', code.slice(0, 30), code.slice(30)]
  return pieces.flatMap((text, i) => [
    { do: 'wait', ms: 4 + (Number.parseInt(key.slice(i * 2, i * 2 + 2), 16) % 20) },
    { do: 'text', text },
  ])
}

/** The parser is loaded when it is first needed: most children are killed before. */
const gate: Executor = (effect, sink, signal) => {
  Promise.all([import('../src/actors/gate-executor.ts'), import('../src/project/tree-sitter-parser.ts')]).then(
    ([{ createGateExecutor }, { createTreeSitterParser }]) => createGateExecutor(createTreeSitterParser())(effect, sink, signal),
    (error: unknown) => sink.err({ code: 'INTERNAL', message: String(error), retryable: false }),
  )
}

const executeNothing: Executor = (_effect, sink) => {
  const result: ExecuteResult = { rows: [], driver: 'none', isolation: 'none', policyHash: '', why: 'not part of this check' }
  sink.ok(result)
}

/**
 * Returns the product's services over the scripted model. `waits: false` lets no time pass between its words; `onResult` is
 * told of every result that came.
 */
export function killServices(
  store: RunStore,
  clock: Clock,
  runId: string,
  waits: boolean,
  onResult: () => void = () => {},
): Services {
  const told =
    (execute: Executor): Executor =>
    (effect, sink, signal) =>
      execute(
        effect,
        {
          ...sink,
          ok: (output) => {
            sink.ok(output)
            onResult()
          },
        },
        signal,
      )
  const backend = createMock({ script, ...(waits ? { clock } : {}) })
  const pool = new ModelPool({ backends: [backend], clock, isAllowed: () => true, maxParallelModels: 0 })
  return {
    clock,
    store,
    runtime: createRunRuntime(),
    createRunId: () => runId,
    productVersion: 'check',
    executors: {
      model: told(pool.execute),
      gather: told(createGatherExecutor(pool)),
      gate: told(gate),
      execute: told(executeNothing),
    },
  }
}

/** Returns what a run said and decided, without when. */
export function transcriptOf({ context, events }: Pick<Replay, 'context' | 'events'>): string {
  const answers = Object.entries(context?.agents ?? {}).map(([id, agent]) => [
    id,
    agent.answers.map(({ turn, phase, round, answer }) => [turn, phase, round, answer.text]),
  ])
  const verdict = events.find((event) => event.type === 'verdict.reached')
  const end = events.findLast((event) => event.type === 'run.completed')
  return JSON.stringify([answers, verdict?.type === 'verdict.reached' ? verdict.verdict : null, outcomeOf(end)])
}

function outcomeOf(end: Replay['events'][number] | undefined): unknown {
  return end?.type === 'run.completed' ? [end.outcome, end.stopReason, end.winner, end.inputTokens, end.outputTokens] : null
}
