import fc from 'fast-check'
import { expect, test } from 'vitest'
import { callKey } from '../../src/consensus/check.ts'
import { printCall } from '../../src/consensus/describe-evidence.ts'
import { normaliseCandidate } from '../../src/consensus/normalise-candidate.ts'
import { arbiterOf, planEvidence } from '../../src/consensus/plan-evidence.ts'
import type { Call } from '../../src/domain/value.ts'

const TASK = {
  prompt: 'def f(n: int) -> int:\n    """Double.\n    >>> f(1)\n    2\n    """',
  entryPoint: 'f',
  language: 'python',
}

test('of an arbiter only what it was asked is taken; the rest is refused, with the reason', () => {
  const isAsked = (call: Call): boolean => JSON.stringify(call.args) === JSON.stringify([{ t: 'int', v: '5' }])
  const text = 'assert f(5) == 1\nassert f(6) == 1'
  const { assertions, rejected } = planEvidence({ prompt: 'def f(n): ...', entryPoint: 'f', language: 'python' }, [
    { writer: arbiterOf('judge'), text, isAsked },
    { writer: 'judge', text },
  ])
  expect(assertions.map(({ writer, source }) => [writer, source])).toEqual([
    ['judge/arbitrate', 'f(5) == 1'],
    ['judge', 'f(5) == 1'],
    ['judge', 'f(6) == 1'],
  ])
  expect(rejected).toEqual([{ source: 'f(6) == 1', reason: 'nobody asked about this call', writer: 'judge/arbitrate' }])
})

test('examples, assertions and mutated inputs share one list of distinct calls', () => {
  const plan = planEvidence(TASK, [
    { writer: 'a', text: 'assert f(1) == 2\nassert f(7) == 14\nassert g(1) == 2' },
    { writer: 'b', text: 'assert f(7) == 15' },
  ])
  expect(plan.examples.map(({ call, writer }) => [call, writer])).toEqual([[0, null]])
  expect(plan.assertions.map(({ call, writer }) => [call, writer])).toEqual([
    [0, 'a'],
    [1, 'a'],
    [1, 'b'],
  ])
  expect(plan.calls.slice(0, 2).map((call) => printCall(call, 'python'))).toEqual(['f(1)', 'f(7)'])
  expect(new Set(plan.calls.map((call) => callKey(call, 'python'))).size).toBe(plan.calls.length)
  expect(plan.probes).toEqual(plan.calls.map((_, index) => index))
  expect(plan.rejected).toEqual([{ source: 'g(1) == 2', reason: 'states nothing this reader can compare', writer: 'a' }])
})

test('without examples the inputs of the assertions are mutated', () => {
  const plan = planEvidence({ ...TASK, prompt: 'def f(n): ...' }, [{ writer: 'a', text: 'assert f([3, 4]) == 2' }])
  expect(plan.examples).toEqual([])
  expect(plan.calls.length).toBe(25)
})

test('a task without a callable, or in a language whose values cannot be read, plans nothing', () => {
  const nothing = { calls: [], examples: [], assertions: [], probes: [] }
  expect(planEvidence({ ...TASK, entryPoint: null }, [])).toMatchObject(nothing)
  expect(planEvidence({ ...TASK, language: 'sql' }, [{ writer: 'a', text: 'assert f(1) == 2' }])).toMatchObject(nothing)
})

test('evidence for TypeScript is read as JavaScript', () => {
  const prompt = '// f([1, 2], true) => undefined\nfunction f(xs: number[], deep: boolean): number | undefined {}'
  const plan = planEvidence({ prompt, entryPoint: 'f', language: 'typescript' }, [
    { writer: 'a', text: 'expect(f([1], false)).toEqual(Infinity)' },
  ])
  expect(plan.calls.slice(0, 2).map((call) => printCall(call, 'javascript'))).toEqual(['f([1, 2], true)', 'f([1], false)'])
  expect(plan.examples[0]?.expected).toEqual({
    kind: 'equals',
    value: { t: 'undefined' },
    tolerance: { absolute: 1e-6, relative: 1e-6, areIntegersExact: true },
  })
})

test('a tester that never stops writing is cut off', () => {
  const text = Array.from({ length: 500 }, (_, n) => `assert f(${n}) == ${2 * n}`).join('\n')
  expect(planEvidence(TASK, [{ writer: 'a', text }]).assertions).toHaveLength(24)
})

test('what one writer states in two answers counts once, and what two writers state counts for both', () => {
  const plan = planEvidence({ ...TASK, prompt: 'def f(n): ...' }, [
    { writer: 'a', text: 'assert f(1) == 2\nassert f(7) == 14' },
    { writer: 'b', text: 'assert f(7) == 14' },
    { writer: 'a', text: 'assert f(7) == 14.0\nassert f(8) == 16' },
  ])
  expect(plan.assertions.map(({ source, writer }) => [writer, source])).toEqual([
    ['a', 'f(1) == 2'],
    ['a', 'f(7) == 14'],
    ['b', 'f(7) == 14'],
    ['a', 'f(8) == 16'],
  ])
})

test('a tester that never stops writing is cut off over all its answers', () => {
  const text = (from: number): string => Array.from({ length: 20 }, (_, n) => `assert f(${from + n}) == 2`).join('\n')
  const written = [0, 100].map((from) => ({ writer: 'a', text: text(from) }))
  expect(planEvidence(TASK, written).assertions).toHaveLength(24)
})

test('a task with Windows line ends is the same task', () => {
  const prompt = `${TASK.prompt}\nInput: 3\nOutput: 6\n`
  const plan = planEvidence({ ...TASK, prompt }, [])
  expect(plan.examples).toHaveLength(2)
  expect(planEvidence({ ...TASK, prompt: prompt.replaceAll('\n', '\r\n') }, [])).toEqual(plan)
})

test('equal tasks give equal plans, whatever their text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (prompt, text) => {
      const task = { prompt: `${TASK.prompt}${prompt}`, entryPoint: 'f', language: 'python' }
      expect(planEvidence(task, [{ writer: 'a', text }])).toEqual(planEvidence(task, [{ writer: 'a', text }]))
    }),
  )
})

test('an entry point that is no name is looked for as it is written, never as a pattern', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'f$(.*+?[|)^\\{') }), (entryPoint) => {
      for (const language of ['python', 'javascript']) {
        const prompt = `${TASK.prompt} ${entryPoint}(1) == 2`
        expect(planEvidence({ prompt, entryPoint, language }, []).entryPoint).toBe(entryPoint)
        expect(normaliseCandidate('x = f(1)', language, { prompt, entryPoint })).toMatch(/\n$/)
      }
    }),
  )
})
