import { describe, expect, test } from 'vitest'
import { type DecideInput, decide } from '../../src/consensus/decide.ts'
import type { SuiteFacts } from '../../src/consensus/decision.ts'
import type { LoadResult } from '../../src/consensus/execution-matrix.ts'
import { explainDecision } from '../../src/consensus/explain-decision.ts'
import { given, type Program, right } from './decide-given.ts'

const BARE: LoadResult = { kind: 'no-entry-point' }
const BROKEN: LoadResult = { kind: 'failed', error: 'NameError', message: 'x' }
const LATE: LoadResult = { kind: 'timeout' }

/** A row of the user's tests: one test, passed or not. */
function row(candidate: string, grade: SuiteFacts['grade'], isPassed: boolean, message = 'no'): SuiteFacts {
  const isGreen = isPassed && grade !== 'unverified'
  const failure = isPassed ? null : { test: 'test_a', message }
  return { candidate, grade, isGreen, passed: Number(isGreen), total: 1, failure, why: '' }
}

function pool(programs: Readonly<Record<string, Program | LoadResult>>, suite: readonly SuiteFacts[]): DecideInput {
  return { ...given({ programs, prompt: 'Write what the tests import.' }), suite }
}

describe('programs without a function to call, under the tests of the user', () => {
  test.each([
    ['verified', 0.72],
    ['forgeable', 0.375],
  ] as const)('one that passes them wins by them, under their grade: %s', (grade, confidence) => {
    const decision = decide(pool({ a: BARE, b: BARE }, [row('a', grade, false), row('b', grade, true)]))
    expect(decision).toMatchObject({
      winner: 'b',
      method: 'test-suite',
      notExecuted: 'no candidate defines the function that was to be called',
      abstain: null,
      stop: { isSettled: true, why: 'the test that was given passes' },
      open: { kind: 'none' },
      confidence: { value: confidence, uncapped: null },
    })
    expect(decision.ranking.map(({ id, isLive, problem }) => [id, isLive, problem])).toEqual([
      ['b', false, null],
      ['a', false, null],
    ])
    expect(explainDecision(decision).join('\n')).not.toMatch(/could not be|does not load|not called a solution/)
  })

  test('stand before one that does not load, and that is what is said', () => {
    const decision = decide(pool({ a: BROKEN, b: BARE }, [row('b', 'verified', true)]))
    expect(decision.ranking.map(({ id, problem }) => [id, problem])).toEqual([
      ['b', null],
      ['a', 'NameError: x'],
    ])
    expect(explainDecision(decision)).toContain('a is next: the winner loads, and a could not be run: NameError: x.')
  })

  test('of which none is shown to pass them are no solution; they are not called broken, and are not sent back for that', () => {
    const unproved = decide(pool({ a: BARE, b: BARE }, [row('a', 'unverified', true), row('b', 'unverified', true)]))
    expect(unproved).toMatchObject({
      winner: 'a',
      abstain: 'no candidate defines the function that was to be called, and none is shown to pass the tests that were given',
      open: { kind: 'none' },
    })
    const red = decide(pool({ a: BARE, b: BARE }, [row('a', 'verified', false), row('b', 'verified', false, '')]))
    expect(red.abstain).toBe(unproved.abstain)
    expect(red.open).toMatchObject({
      kind: 'repair',
      repairs: [
        { candidate: 'a', call: 'the test test_a', isTest: true },
        { candidate: 'b', call: 'the test test_a', isTest: true },
      ],
    })
  })

  test('beside one that can be called are ranked without a fault where nothing was called, and behind it where calls decide', () => {
    const suite = [row('a', 'verified', true), row('b', 'verified', false)]
    const uncalled = decide({ ...given({ programs: { a: BARE, b: right }, prompt: 'def f(n): ...' }), suite })
    expect(uncalled).toMatchObject({ winner: 'a', method: 'test-suite', abstain: null })
    const called = decide({ ...given({ programs: { a: BARE, b: right } }), suite })
    expect(called).toMatchObject({ winner: 'b', method: 'execution-agreement' })
    expect(called.ranking[1]?.problem).toBe('the asked function is not defined')
  })
})

describe('without such tests', () => {
  test.each([
    ['lacks the function', [BARE, BARE], 'no candidate defines the function that was to be called'],
    ['does not load', [BROKEN, BROKEN], 'no candidate loads in the sandbox'],
    ['loads for too long', [LATE, LATE], 'no candidate could be loaded in time'],
    ['has a fault of its own', [BROKEN, BARE], 'no candidate could be loaded and called'],
  ] as const)('a pool of which each %s is no solution, and why is said', (_, [a, b], why) => {
    const decision = decide(given({ programs: { a, b } }))
    expect([decision.abstain, decision.notExecuted]).toEqual([why, why])
    expect(decision.open).toMatchObject({ kind: 'repair', repairs: [{ candidate: 'a' }, { candidate: 'b' }] })
  })
})
