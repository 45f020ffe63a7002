import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-code.ts'
import type { EvidenceGrade, Outcome, StopReason } from '../../src/domain/verdict.ts'

const cases: readonly (readonly [Outcome, StopReason, EvidenceGrade, mustVerify: boolean, code: number])[] = [
  ['completed', 'agreed', 'verified', false, 0],
  ['completed', 'agreed', 'verified', true, 0],
  ['completed', 'ranked-unverified', 'unverified', false, 0],
  ['completed', 'ranked-unverified', 'unverified', true, 3],
  ['completed', 'agreed', 'forgeable', true, 0],
  ['noConsensus', 'not-solved', 'verified', false, 4],
  ['budgetExhausted', 'token-budget', 'unverified', false, 8],
  ['failed', 'no-model', 'unverified', false, 3],
  ['failed', 'log-failed', 'unverified', false, 1],
  ['cancelled', 'interrupted', 'unverified', true, 130],
]

test.each(cases)('%s (%s, %s) with --verify %s ends with %i', (outcome, stopReason, grade, mustVerify, code) => {
  expect(exitCodeOf({ outcome, stopReason, grade }, mustVerify)).toBe(code)
})
