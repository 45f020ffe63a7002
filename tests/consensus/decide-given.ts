import type { DecideInput } from '../../src/consensus/decide.ts'
import type { ContenderFacts } from '../../src/consensus/decision.ts'
import type { ExecutionMatrix, LoadResult } from '../../src/consensus/execution-matrix.ts'
import { type EvidencePlan, planEvidence } from '../../src/consensus/plan-evidence.ts'
import type { Call, CallOutcome } from '../../src/domain/value.ts'

/** A program of one integer argument; null raises, 'slow' runs out of time. */
export type Program = (n: number) => number | null | 'slow'

export const PROMPT = 'def f(n):\n    """Double.\n    >>> f(1)\n    2\n    >>> f(2)\n    4\n    """'
export const right: Program = (n) => 2 * n
export const square: Program = (n) => n * n
export const plus: Program = (n) => n + 1
export const raises: Program = () => null

function run(program: Program, call: Call): CallOutcome {
  const [arg] = call.args
  const given = program(arg?.t === 'int' ? Number(arg.v) : 0)
  if (given === 'slow') return { kind: 'timeout' }
  return given === null
    ? { kind: 'raised', error: 'ValueError', message: 'no' }
    : { kind: 'value', value: { t: 'int', v: String(given) } }
}

/** A pool of a test. */
export interface Given {
  readonly programs: Readonly<Record<string, Program | LoadResult>>
  readonly prompt?: string
  readonly assertions?: readonly string[]
  readonly facts?: Readonly<Record<string, Partial<ContenderFacts>>>
  readonly similarity?: number[][]
}

/** Returns what a decision is made from: programs run on the plan of a prompt and its assertions, as a sandbox would run them. */
export function given(setup: Given): DecideInput & { plan: EvidencePlan } {
  const written = (setup.assertions ?? []).map((text, index) => ({ writer: `writer${index + 1}`, text }))
  const plan = planEvidence({ prompt: setup.prompt ?? PROMPT, entryPoint: 'f', language: 'python' }, written)
  const ids = Object.keys(setup.programs)
  const candidates = ids.map((id) => ({
    id,
    agent: id,
    model: `model-${id}`,
    models: [`model-${id}`],
    count: 1,
    codeHash: id,
    nodes: 10,
    parses: true,
    ...setup.facts?.[id],
  }))
  const matrix: ExecutionMatrix = ids.map((id) => {
    const program = setup.programs[id]
    if (typeof program !== 'function') return { candidate: id, load: program ?? { kind: 'timeout' }, outcomes: [] }
    return { candidate: id, load: { kind: 'loaded' }, outcomes: plan.calls.map((call) => run(program, call)) }
  })
  return { candidates, plan, matrix, similarity: setup.similarity ?? ids.map((_, i) => ids.map((__, j) => (i === j ? 1 : 0.5))) }
}
