import type { ExecuteResult, GateResult, SuiteResult } from '../../src/machines/effects.ts'
import type { Judgement } from '../../src/machines/judgement.ts'
import { judge } from '../../src/machines/judging.ts'
import { type RandomPool, STRENGTH } from '../consensus/decide-pools.ts'
import { sampleCandidate } from '../support/sample-candidate.ts'

const SANDBOX = { driver: 'bwrap', isolation: 'full', policyHash: 'p', why: '' } as const

/** Returns the judgement of a pool as a run comes to it: gated, executed, tested, decided. */
export function judged({ input, reports }: RandomPool): Judgement {
  const gate: GateResult = {
    language: input.plan.language ?? 'sql',
    entryPoint: input.plan.entryPoint,
    candidates: input.candidates.map(({ id, agent, model, models, count, codeHash, nodes, parses }) =>
      sampleCandidate([{}], {
        ...{ id, agent, model, models, codeHash, nodes },
        duplicates: Array.from({ length: count - 1 }, (_, k) => `${id}.${k}`),
        parseError: parses ? null : 'line 1',
      }),
    ),
    rejected: [],
    similarity: input.similarity,
    similarityBy: 'subtrees',
    ...(input.likeness === undefined ? {} : { likeness: input.likeness }),
  }
  const execution: ExecuteResult | null = input.matrix === null ? null : { ...SANDBOX, rows: input.matrix }
  const suite: SuiteResult | null = reports === null ? null : { ...SANDBOX, rows: reports }
  return judge(gate, input.plan, execution, suite, (model) => STRENGTH[model] ?? 0)
}
