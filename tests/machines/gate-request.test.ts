import { expect, test } from 'vitest'
import { CODE_BLEU_DEFAULTS } from '../../src/consensus/code-bleu-settings.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import type { RunSpec } from '../../src/domain/run-spec.ts'
import type { GateRequest } from '../../src/machines/effects.ts'
import { FoldDriver, gateResult } from '../support/fold-driver.ts'
import { spec } from '../support/test-services.ts'

function asked(codeBleu: RunSpec['codeBleu']): GateRequest {
  const run = new FoldDriver(spec({ ids: ['coder'], codeBleu })).gathered()
  return run.answered('coder').openOf('run').input as GateRequest
}

test('the gate is asked to measure likeness as the run was told to', () => {
  const codeBleu = { ...BUILT_IN_CONFIG.codebleu, weights: [1, 2, 3], language: 'py', normalize: true }
  expect(asked(codeBleu).codeBleu).toEqual({
    ...{ ...CODE_BLEU_DEFAULTS, normalize: true, language: 'python' },
    weights: { ngram: 1, weighted: 0, ast: 2, flow: 0, token: 3 },
  })
})

test('a run that was told nothing asks as runs did before likeness was measured, so that their logs replay', () => {
  expect(asked(null)).not.toHaveProperty('codeBleu')
})

test('likeness tells apart what evidence holds for equal, and nothing else', () => {
  const programs = { 'a.1': 'def add(a, b): return a + b', 'b.1': 'def add(a, b): return b + a' }
  const prompt = 'Write add(a, b) in Python. add(1, 2) == 3'
  const winnerWith = (likeness: readonly number[], behave: Readonly<Record<string, (args: readonly number[]) => number>>) => {
    const run = new FoldDriver(spec({ ids: ['a', 'b'], prompt })).gathered().answered('a').answered('b')
    run.input({ k: 'ok', id: run.openOf('run').id, d: { ...gateResult(programs, 'add'), likeness } })
    run.executed(behave)
    return run.fold.context?.judgement?.verdict.winner
  }
  const sum = ([a = 0, b = 0]: readonly number[]) => a + b
  expect(winnerWith([0.2, 0.8], { 'a.1': sum, 'b.1': sum })).toBe('b.1')
  expect(winnerWith([0.8, 0.2], { 'a.1': sum, 'b.1': sum })).toBe('a.1')
  expect(winnerWith([0, 1], { 'a.1': sum, 'b.1': ([a = 0]) => a })).toBe('a.1')
})
