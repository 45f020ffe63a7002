import { expect, test } from 'vitest'
import { renderExplanation } from '../../src/cli/render-explanation.ts'
import type { SuiteReport } from '../../src/domain/suite.ts'
import { createContext } from '../../src/machines/run-context.ts'
import { judged } from '../app/judge-pool.ts'
import { given, plus, right } from '../consensus/decide-given.ts'
import type { RandomPool } from '../consensus/decide-pools.ts'
import { spec } from '../support/test-services.ts'

const WIDE = 500

function report(passed: number, grade: SuiteReport['grade'] = 'verified'): SuiteReport {
  const ids = ['test_a', 'test_b']
  return {
    grade,
    passed: passed === ids.length,
    tests: ids.map((id, at) => ({ id, status: at < passed ? 'pass' : 'fail' })),
    before: [],
    reasons: [],
    flags: [],
  }
}

function ranking(pool: RandomPool): string[] {
  const run = { ...createContext({ runId: 'run1', spec: spec() }, 'task'), judgement: judged(pool) }
  const lines = renderExplanation(run, [], WIDE).split('\n')
  const from = lines.findIndex((line) => line.startsWith('Ranking'))
  return lines.slice(from, from + pool.input.candidates.length).map((line) => line.replace(/^Ranking/, '').trim())
}

test('the ranking shows the tests of the user beside the other evidence; what proves nothing is not shown', () => {
  const input = given({ programs: { a: right, b: right, c: plus } })
  const reports = [
    { candidate: 'a', report: report(1) },
    { candidate: 'b', report: report(2) },
    { candidate: 'c', report: report(2, 'unverified') },
  ]
  expect(ranking({ input, reports }).map((line) => line.replace(/-?\d+\.\d{3} /, ''))).toEqual([
    'b · examples 2/2 · tests 2/2 · assertions 0/0 · 2 votes',
    'a · examples 2/2 · tests 1/2 · assertions 0/0 · 2 votes',
    'c · examples 1/2 · assertions 0/0 · 1 vote',
  ])
})

test('where no call was executed it shows the likeness and the size of the model, which decide then', () => {
  const facts = { a: { model: 'small', models: ['small'] }, b: { model: 'big', models: ['big'], count: 2 } }
  const input = { ...given({ programs: { a: right, b: right }, facts }), matrix: null }
  expect(ranking({ input, reports: null })).toEqual([
    'b 0.833 · alike 0.83 · model of 7 billion · written 2 times',
    'a 0.667 · alike 0.67 · model of 1.5 billion',
  ])
})
