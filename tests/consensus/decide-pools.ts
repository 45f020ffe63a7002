import fc from 'fast-check'
import type { DecideInput } from '../../src/consensus/decide.ts'
import type { LoadResult } from '../../src/consensus/execution-matrix.ts'
import { planEvidence } from '../../src/consensus/plan-evidence.ts'
import { suiteFacts } from '../../src/consensus/suite-facts.ts'
import type { SuiteReport } from '../../src/domain/suite.ts'
import { given, PROMPT, type Program, plus, raises, right, square } from './decide-given.ts'

/** A pool as a decision is made of it, and the reports its `suite` was read from; null where no tests were run. */
export interface RandomPool {
  readonly input: DecideInput
  readonly reports: readonly { readonly candidate: string; readonly report: SuiteReport }[] | null
}

const MODELS = ['big', 'small', 'unknown']
export const STRENGTH: Readonly<Record<string, number>> = { big: 7, small: 1.5, unknown: 0 }
const MOST = 5

const BEHAVIOURS: readonly (Program | LoadResult)[] = [
  right,
  right,
  square,
  plus,
  raises,
  () => 'slow',
  () => 7,
  (n) => (n < 0 ? null : 2 * n),
  (n) => (n > 3 ? 0 : 2 * n),
  { kind: 'timeout' },
  { kind: 'no-entry-point' },
]

const one = fc.record({
  behaviour: fc.constantFrom(...BEHAVIOURS),
  count: fc.constantFrom(1, 1, 2),
  models: fc.subarray(MODELS, { minLength: 1, maxLength: 2 }),
  nodes: fc.constantFrom(7, 8),
  codeHash: fc.constantFrom('h1', 'h2'),
  parses: fc.constantFrom(true, true, true, false),
  likeness: fc.constantFrom(0, 0.25, 0.5),
  tests: fc.record({
    grade: fc.constantFrom('verified' as const, 'verified' as const, 'forgeable' as const, 'unverified' as const),
    passed: fc.constantFrom(0, 1, 2),
    isBroken: fc.constantFrom(false, false, true),
    ran: fc.constantFrom(true, true, true, false),
  }),
})

const WRITTEN = [
  'assert f(5) == 10\nassert f(7) == 14',
  'assert f(6) == 36\nassert f(0) == 1',
  'assert f(4) == 8\nassert f(4) == 9\nassert f(1) == 2',
  'assert f(3)',
  'nonsense',
]

/** Any pool: programs alike and not, broken, told apart by examples, assertions, tests, structure, models or nothing; executed or not. */
export const randomPools: fc.Arbitrary<RandomPool> = fc
  .record({
    list: fc.array(one, { minLength: 1, maxLength: MOST }),
    similarity: fc.array(fc.constantFrom(0.5, 0.5, 0.5, 0.25, 0.9), { minLength: MOST * MOST, maxLength: MOST * MOST }),
    assertions: fc.array(fc.constantFrom(...WRITTEN), { maxLength: 3 }),
    prompt: fc.constantFrom(PROMPT, 'def f(n): ...'),
    execution: fc.constantFrom('run' as const, 'run' as const, 'run' as const, 'none' as const, 'no-callable' as const),
    isRuled: fc.boolean(),
    isTested: fc.boolean(),
    isLikenessKnown: fc.boolean(),
  })
  .map((drawn): RandomPool => {
    const ids = drawn.list.map((_, at) => `c${at}`)
    const input = given({
      programs: Object.fromEntries(drawn.list.map(({ behaviour }, at) => [`c${at}`, behaviour])),
      facts: Object.fromEntries(
        drawn.list.map(({ count, models, nodes, codeHash, parses }, at) => [
          `c${at}`,
          {
            ...{ count, nodes, codeHash, parses, models, model: models[0] ?? '' },
            strength: Math.max(...models.map((model) => STRENGTH[model] ?? 0)),
          },
        ]),
      ),
      prompt: drawn.prompt,
      assertions: drawn.assertions,
      similarity: ids.map((_, i) =>
        ids.map((__, j) => (i === j ? 1 : (drawn.similarity[Math.min(i, j) * MOST + Math.max(i, j)] ?? 0))),
      ),
    })
    const reports = drawn.isTested
      ? drawn.list.flatMap(({ tests }, at) => (tests.ran ? [{ candidate: `c${at}`, report: toReport(tests) }] : []))
      : null
    const { execution } = drawn
    return {
      reports,
      input: {
        ...input,
        ...(execution === 'run' ? {} : { matrix: null }),
        plan:
          execution === 'no-callable'
            ? planEvidence({ prompt: 'Select all users.', entryPoint: null, language: 'sql' }, [])
            : drawn.isRuled
              ? ruled(input.plan)
              : input.plan,
        ...(drawn.isLikenessKnown ? { likeness: drawn.list.map(({ likeness }) => likeness) } : {}),
        suite: reports === null ? null : suiteFacts(reports),
      },
    }
  })

/** The second writer is no test writer but an arbiter. */
function ruled(plan: DecideInput['plan']): DecideInput['plan'] {
  return {
    ...plan,
    assertions: plan.assertions.map((check) => (check.writer === 'writer2' ? { ...check, writer: 'c0/arbitrate' } : check)),
  }
}

function toReport({ grade, passed, isBroken }: DrawnTests): SuiteReport {
  const ids = ['test_a', 'test_b']
  return {
    grade,
    passed: passed === ids.length && !isBroken,
    tests: ids.map((id, at) => (at < passed ? { id, status: 'pass' } : { id, status: 'fail', message: 'no' })),
    before: ids.map((id) => ({ id, status: 'fail' })),
    reasons: [],
    flags: [],
  }
}

interface DrawnTests {
  readonly grade: SuiteReport['grade']
  readonly passed: number
  readonly isBroken: boolean
}
