import { describe, expect, test } from 'vitest'
import { profilePool } from '../../src/actors/profile-pool.ts'
import { type CalibrationPool, fitWeights } from '../../src/app/calibrate.ts'
import { renderCalibration } from '../../src/cli/commands/calibrate.ts'
import { CODE_BLEU_DEFAULTS } from '../../src/consensus/code-bleu-settings.ts'
import { planEvidence } from '../../src/consensus/plan-evidence.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { gateResult } from '../support/fold-driver.ts'

const PARSER = createTreeSitterParser()
const ON_TEXT = [1, 0, 0, 0]

// The text of one leader is nearer to the third program, the structure of the other.
const THIRD = 'def total(values):\n    result = 0\n    for value in values:\n        result = result + value\n    return result\n'
const LIKE_IN_TEXT =
  'def total(values):\n    result = 0\n    value = 0\n    while values:\n        value = values[0]\n        values = values[1:]\n        result = result + value\n    return result\n'
const LIKE_IN_STRUCTURE = 'def f(a):\n    b = 0\n    for c in a:\n        b = b + c\n    return b\n'

interface Given {
  /** Ids of those that meet the hidden checks. */
  readonly right: readonly string[]
  /** What each gives for total(2); the example of the task wants 4. Two that do alike are told apart by likeness alone. */
  readonly gives?: readonly [text: number, structure: number, third: number]
}

async function pool({ right, gives = [4, 4, 0] }: Given): Promise<CalibrationPool> {
  const gate = gateResult({ 'text.1': LIKE_IN_TEXT, 'structure.1': LIKE_IN_STRUCTURE, 'third.1': THIRD }, 'total')
  const plan = planEvidence(
    {
      prompt: 'Write total(values).\n\ndef total(values):\n    """\n    >>> total(2)\n    4\n    """',
      entryPoint: 'total',
      language: 'python',
    },
    [],
  )
  const rows = gate.candidates.map(({ id }, i) => ({
    candidate: id,
    load: { kind: 'loaded' as const },
    outcomes: plan.calls.map(() => ({ kind: 'value' as const, value: { t: 'int' as const, v: String(gives[i]) } })),
  }))
  const { programs } = await profilePool(gate.candidates, PARSER, CODE_BLEU_DEFAULTS)
  return {
    task: 'total',
    judgement: { gate, plan, suite: null, execution: { rows, driver: 'bwrap', isolation: 'full', policyHash: 'p', why: '' } },
    ...{ programs, models: [], right: new Set(right) },
  }
}

describe('fitting weights', () => {
  test('runs are decided as the product decides them, under each set of weights; what that gains on others is told', async () => {
    const one = await pool({ right: ['structure.1'] })
    const found = fitWeights([one, one, one], ON_TEXT)
    expect(found).toMatchObject({
      ...{ tasks: 3, moved: 3, open: 3, current: ON_TEXT },
      fittedOn: { tasks: 2, current: 0, fitted: 2 },
      heldOut: { tasks: 1, current: 0, fitted: 1 },
    })
    expect(renderCalibration({ ...found, unrecorded: 0 })).toMatch(
      /: 0 solved with 1,0,0,0, 2 with [\d.,]+\.\n[\s\S]*A gain of 1\. To use them: CODEBLEU_WEIGHTS=[\d.]+(,[\d.]+){3}\n$/,
    )
  })

  test('a gain on the tasks fitted on that costs tasks held out is called a loss', async () => {
    const found = fitWeights([await pool({ right: ['structure.1'] }), await pool({ right: ['text.1'] })], ON_TEXT)
    expect(found).toMatchObject({ fittedOn: { current: 0, fitted: 1 }, heldOut: { current: 1, fitted: 0 } })
    expect(renderCalibration({ ...found, unrecorded: 2 })).toMatch(
      /Nothing is gained \(1 fewer\): leave CODEBLEU_WEIGHTS as it is\. Likeness only tells equals apart, so that is the usual result\.\n$/,
    )
  })

  test('where evidence puts one program first, no weights put another there, however right that is', async () => {
    const decided = await pool({ right: ['third.1', 'structure.1'], gives: [4, 5, 0] })
    expect(fitWeights([decided, decided], ON_TEXT)).toMatchObject({
      ...{ moved: 0, open: 0, fitted: ON_TEXT },
      fittedOn: { current: 0, fitted: 0 },
      heldOut: { current: 0, fitted: 0 },
    })
  })

  test('a run that abstains is not solved, whatever it holds', async () => {
    const abstaining = await pool({ right: ['text.1', 'structure.1', 'third.1'], gives: [1, 1, 1] })
    expect(fitWeights([abstaining, abstaining], ON_TEXT)).toMatchObject({
      fittedOn: { tasks: 1, current: 0, fitted: 0 },
      heldOut: { tasks: 1, current: 0, fitted: 0 },
    })
  })

  test('three weights are fitted as three', async () => {
    const one = await pool({ right: ['structure.1'] })
    const found = fitWeights([one, one], [1, 0, 0])
    expect(found).toMatchObject({ current: [1, 0, 0], heldOut: { tasks: 1, current: 0, fitted: 1 } })
    expect(found.fitted).toHaveLength(3)
  })
})
