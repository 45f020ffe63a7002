import { expect, test } from 'vitest'
import { describeTurns } from '../../src/app/describe-turns.ts'
import { startRun } from '../../src/app/start-run.ts'
import { spec, testServices } from '../support/test-services.ts'

test('a run is told by agent and verdict, from its events alone', async () => {
  const result = await (await startRun(spec({ ids: ['coder', 'architect'] }), testServices())).result
  const told = Object.fromEntries(describeTurns(result.events))
  expect(told['Turns']).toMatch(/^architect 1 \(\d+ tokens\) · coder 1 \(\d+ tokens\)$/)
  expect(told['Verdict']).toMatch(/^\w+\.1 · unverified · /)
})

test('a run that ended before any turn has no turns and no verdict', () => {
  expect(describeTurns([])).toEqual([['Turns', 'none']])
})
