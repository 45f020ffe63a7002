import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type CalibrationPool, calibrate, fitWeights, type PoolMember } from '../../src/app/calibrate.ts'
import { compose } from '../../src/app/compose.ts'
import { createMock } from '../../src/backends/mock.ts'
import { renderCalibration } from '../../src/cli/commands/calibrate.ts'
import { loadPersonas } from '../../src/config/load-personas.ts'
import { readTask } from '../../src/config/load-tasks.ts'
import { codeProfile } from '../../src/consensus/code-bleu.ts'
import { CODE_BLEU_DEFAULTS } from '../../src/consensus/code-bleu-settings.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { whyNotHere } from '../support/this-machines-sandbox.ts'

const parser = createTreeSitterParser()
const { weights: EQUAL } = CODE_BLEU_DEFAULTS

async function member(text: string, facts: Partial<Omit<PoolMember, 'profile'>> = {}): Promise<PoolMember> {
  const profile = codeProfile(text, await parser.parse('python', text), CODE_BLEU_DEFAULTS)
  return { profile, count: 1, isRight: false, isFirst: false, ...facts }
}

// The text of one leader is nearer to the third program, the structure of the other.
const THIRD = 'def total(values):\n    result = 0\n    for value in values:\n        result = result + value\n    return result\n'
const LIKE_IN_TEXT =
  'def total(values):\n    result = 0\n    value = 0\n    while values:\n        value = values[0]\n        values = values[1:]\n        result = result + value\n    return result\n'
const LIKE_IN_STRUCTURE = 'def f(a):\n    b = 0\n    for c in a:\n        b = b + c\n    return b\n'

async function pool(rightOne: 'text' | 'structure'): Promise<CalibrationPool> {
  return {
    task: 'sum',
    members: [
      await member(LIKE_IN_TEXT, { isFirst: true, isRight: rightOne === 'text' }),
      await member(LIKE_IN_STRUCTURE, { isFirst: true, isRight: rightOne === 'structure' }),
      await member(THIRD),
    ],
  }
}

describe('fitting weights', () => {
  test('weights that tell right from wrong on the tasks fitted on are proposed with what they gain on the others', async () => {
    const onText = { ngram: 1, weighted: 0, ast: 0, flow: 0, token: 0 }
    const found = fitWeights([await pool('structure'), await pool('structure'), await pool('structure')], onText)
    expect(found).toMatchObject({
      ...{ tasks: 3, tied: 3, open: 3, current: onText },
      fittedOn: { tasks: 2, current: 0, fitted: 2 },
      heldOut: { tasks: 1, current: 0, fitted: 1 },
    })
    expect(renderCalibration({ ...found, unrecorded: 0 })).toMatch(/A gain of 1\. To use them: CODEBLEU_WEIGHTS=[\d.,]+\n$/)
  })

  test('a gain on the tasks fitted on that costs tasks held out is called a loss', async () => {
    const onText = { ngram: 1, weighted: 0, ast: 0, flow: 0, token: 0 }
    const found = fitWeights([await pool('structure'), await pool('text')], onText)
    expect(found).toMatchObject({ fittedOn: { current: 0, fitted: 1 }, heldOut: { current: 1, fitted: 0 } })
    expect(renderCalibration({ ...found, unrecorded: 2 })).toMatch(
      /Nothing is gained \(1 fewer\): leave CODEBLEU_WEIGHTS as it is\.\n$/,
    )
  })

  test('where evidence leaves one program in the lead, likeness changes nothing, however right another is', async () => {
    const decided: CalibrationPool = {
      task: 'sum',
      members: [await member(LIKE_IN_TEXT, { isFirst: true }), await member(THIRD, { isRight: true, count: 9 })],
    }
    expect(fitWeights([decided, decided], EQUAL)).toMatchObject({
      ...{ tied: 0, open: 0, fitted: EQUAL },
      fittedOn: { current: 0, fitted: 0 },
      heldOut: { current: 0, fitted: 0 },
    })
  })

  test('no recorded run at all is no gain', () => {
    const found = { ...fitWeights([], EQUAL), unrecorded: 4 }
    expect(found).toMatchObject({ tasks: 0, fitted: EQUAL })
    expect(renderCalibration(found)).toContain('0 recorded runs; 4 tasks without a recorded run left out.')
  })
})

const why = await whyNotHere('bwrap')
describe.skipIf(why !== null)(`calibrating on runs${why === null ? '' : ` (skipped: ${why})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'calibrate-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('each task is run with the answers there are, and its programs are judged by the hidden checks', async () => {
    const checks = [1, 2, 3, 4, 5, 6].map((n) => `  - call: double(${n})\n    expected: "${2 * n}"\n`).join('')
    const head = 'id: double\ntitle: Double\nlanguage: python\nentryPoint: double\nhasExample: true\n'
    const prompt = 'prompt: |\n  Write the Python function\n\n  def double(x):\n\n  Example: double(2) == 4\n'
    const task = readTask('double.yaml', `${head}${prompt}checks:\n${checks}`)
    const square = '```python\ndef double(x):\n    return x * x\n```'
    const right = '```python\ndef double(x):\n    return x + x\n```'
    const said = { 'Bug Hunter': square, Tester: 'No idea.' }
    const mock = createMock({
      script: ({ messages }) => {
        const card = messages.at(-1)?.content ?? ''
        const text = Object.entries(said).find(([title]) => card.includes(`You are the ${title}`))?.[1] ?? right
        return [{ do: 'text', text }]
      },
    })
    const personas = await loadPersonas('personas')
    const config = { ...BUILT_IN_CONFIG, artifactsDir: folder }
    const conductor = await compose({ config, env: {}, cwd: folder, backends: [mock] })
    const found = await calibrate([task], personas, conductor)
    await conductor.close()
    expect(found).toMatchObject({ tasks: 1, unrecorded: 0, fittedOn: { tasks: 1, current: 1, fitted: 1 } })
  })
})
