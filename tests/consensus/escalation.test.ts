import { describe, expect, test } from 'vitest'
import { type DecideInput, decide } from '../../src/consensus/decide.ts'
import { planEvidence } from '../../src/consensus/plan-evidence.ts'
import type { CallOutcome, TypedValue } from '../../src/domain/value.ts'
import { given, type Program, right } from './decide-given.ts'

type Behaviour = (n: number) => TypedValue

const int = (v: number): TypedValue => ({ t: 'int', v: String(v) })
const list = (items: readonly number[]): TypedValue => ({ t: 'list', v: items.map(int) })
const upTo = (n: number, last: number): TypedValue => list(Array.from({ length: n }, (_, i) => (i === n - 1 ? last : i)))

/** Programs of one integer argument, run on the calls of a prompt and of an assertion. */
function pool(prompt: string, behaviours: Readonly<Record<string, Behaviour>>, assertion: string): DecideInput {
  const plan = planEvidence({ prompt, entryPoint: 'f', language: 'python' }, [{ writer: 'w', text: assertion }])
  const ids = Object.keys(behaviours)
  const run = (behave: Behaviour | undefined, [arg]: readonly TypedValue[]): CallOutcome => ({
    kind: 'value',
    value: behave?.(arg?.t === 'int' ? Number(arg.v) : 0) ?? int(0),
  })
  return {
    candidates: given({ programs: Object.fromEntries(ids.map((id) => [id, right])) }).candidates,
    plan,
    matrix: ids.map((id) => ({
      candidate: id,
      load: { kind: 'loaded' },
      outcomes: plan.calls.map(({ args }) => run(behaviours[id], args)),
    })),
    similarity: ids.map((_, i) => ids.map((__, j) => (i === j ? 1 : 0.5))),
  }
}

describe('results that differ only far inside', () => {
  const PROMPT = 'def f(n):\n    """The first numbers.\n    >>> f(1)\n    [0]\n    """'
  const long = pool(
    PROMPT,
    { a: (n) => upTo(n, n - 1), b: (n) => upTo(n, n === 100 ? 777 : n - 1) },
    'assert f(100) == f(100)\nassert f(100) != 3',
  )

  test('leave the matter open, and are no question: nobody can rule on what is cut', () => {
    const { open, evidence } = decide(long)
    expect(evidence.agreement[0]?.[1]).toBeLessThan(1)
    expect(open).toEqual({ kind: 'another-model', usedModels: ['model-a', 'model-b'] })
  })

  test('are a dissent that names the call and what each gave', () => {
    const [view] = decide(long).dissent
    expect(view).toMatchObject({ candidate: 'b', call: 'f(100)' })
    expect(
      [view?.gave, view?.winnerGave].map((text) => /98, (\d+)\] \(from character \d+ of \d+\)$/.exec(text ?? '')?.[1]),
    ).toEqual(['777', '99'])
  })

  test('are two different texts among the values of their call', () => {
    const probe = decide(long).evidence.probes.find(({ call }) => call === 'f(100)')
    expect(probe?.answers).toEqual([0, 1])
    expect(new Set(probe?.values).size).toBe(2)
  })

  test('are both shown where an example fails: what was expected is not what came', () => {
    const numbers = Array.from({ length: 100 }, (_, i) => i).join(', ')
    const { open } = decide(pool(`def f(n):\n    """\n    >>> f(100)\n    [${numbers}]\n    """`, { a: (n) => upTo(n, 777) }, ''))
    const [repair] = open.kind === 'repair' ? open.repairs : []
    expect([repair?.expected, repair?.actual].map((text) => /98, (\d+)\]/.exec(text ?? '')?.[1])).toEqual(['99', '777'])
  })

  test('are asked about only where no shorter result differs', () => {
    const both = pool(
      PROMPT,
      { a: (n) => upTo(n, n - 1), b: (n) => (n === 100 ? upTo(n, 777) : n === 12345 ? list([1]) : upTo(n, n - 1)) },
      'assert f(100) != 3\nassert f(12345) != 3',
    )
    const rows = both.matrix?.map((row) => ({
      ...row,
      outcomes: row.outcomes.map((outcome, at): CallOutcome => {
        const [arg] = both.plan.calls[at]?.args ?? []
        return arg?.t === 'int' && arg.v === '12345' && row.candidate === 'a' ? { kind: 'value', value: list([0]) } : outcome
      }),
    }))
    const { open } = decide({ ...both, matrix: rows ?? null })
    expect(open).toMatchObject({ kind: 'distinguish', question: { call: 'f(12345)' } })
  })
})

describe('a program that gives no value somewhere', () => {
  const gap: Program = (n) => (n === 2 ? null : 2 * n)
  const other: Program = (n) => (n > 2 ? 0 : 2 * n)
  const PROMPT = 'def f(n):\n    """Double.\n    >>> f(1)\n    2\n    """'
  const twice = { facts: { a: { count: 2, models: ['model-a', 'model-x'] } }, prompt: PROMPT, assertions: ['assert f(2) == 4'] }

  test('has no vote but its own, however many answers have its text: it agrees with nothing there, not with itself', () => {
    const decision = decide(given({ ...twice, programs: { a: gap, b: (n) => (n === 2 ? 4 : 0) } }))
    expect(decision.evidence.probes).toContainEqual(
      expect.objectContaining({ call: 'f(2)', isCompared: true, answers: [null, 0] }),
    )
    expect(decision.ranking.find(({ id }) => id === 'a')?.votes).toBe(1)
  })

  test('is not settled on by its own copies', () => {
    const decision = decide(given({ ...twice, assertions: ['assert f(2) != 5'], programs: { a: gap, b: other } }))
    expect(decision.agreement).toEqual({ count: 1, total: 3 })
    expect(decision.stop).toEqual({ isSettled: false, why: 'the winner stands alone' })
  })

  test('copies of a program that answers everything still count', () => {
    const decision = decide(given({ ...twice, programs: { a: right, b: other } }))
    expect(decision).toMatchObject({ winner: 'a', agreement: { count: 2, total: 3 }, stop: { isSettled: true } })
  })
})
