import { expect, test } from 'vitest'
import { measureLikeness } from '../../src/app/winner-likeness.ts'
import type { Candidate } from '../../src/domain/candidate.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'

const PARSER = createTreeSitterParser()
const CONFIG = BUILT_IN_CONFIG.codebleu

function candidate(id: string, program: string, duplicates: readonly string[] = []): Candidate {
  const base = { agent: id, round: 1, turn: `run/${id}#1`, model: 'm', models: ['m'], language: 'python', files: [], main: 0 }
  return { ...base, id, program, duplicates, codeHash: id, parseError: null, nodes: 9, isCut: false, warnings: [] }
}

const WINNER = candidate('w', 'def add(a, b):\n    return a + b\n')
const NEAR = candidate('near', 'def add(x, y):\n    return x + y\n')
const FAR = candidate('far', 'def add(a, b):\n    total = 0\n    for n in [a, b]:\n        total += n\n    return total\n')

const like = async (winner: Candidate, ...others: readonly Candidate[]): Promise<number> =>
  (await measureLikeness(winner, [winner, ...others], PARSER, CONFIG))?.score ?? Number.NaN

test('a lone answer is like nothing: there is no figure', async () => {
  expect(await measureLikeness(WINNER, [WINNER], PARSER, CONFIG)).toBeNull()
})

test('the figure is the mean over all other answers, each counted as often as it was given', async () => {
  const [near, far] = [await like(WINNER, NEAR), await like(WINNER, FAR)]
  expect(near).toBeGreaterThan(far)
  expect(await like(WINNER, NEAR, FAR)).toBeCloseTo((near + far) / 2, 12)
  expect(await like(WINNER, NEAR, { ...FAR, duplicates: ['x', 'y'] })).toBeCloseTo((near + 3 * far) / 4, 12)
  expect(await like({ ...WINNER, duplicates: ['x'] }, FAR)).toBeCloseTo((1 + far) / 2, 12)
  expect(await like({ ...WINNER, duplicates: ['x'] })).toBe(1)
})

test('weights and language are those of the configuration, weights as shares', async () => {
  const config = { ...CONFIG, weights: [1, 2, 1], language: 'py' }
  expect(await measureLikeness(WINNER, [WINNER, FAR], PARSER, config)).toMatchObject({
    weights: [0.25, 0.5, 0.25],
    language: 'python',
  })
})

test('a setting that was not made is the default', async () => {
  expect(await measureLikeness(WINNER, [WINNER, FAR], PARSER, null)).toEqual(
    await measureLikeness(WINNER, [WINNER, FAR], PARSER, CONFIG),
  )
})

test('a language without a grammar is compared by tokens, and says so', async () => {
  const [a, b] = [candidate('a', 'ADD 1 TO X.'), candidate('b', 'ADD 2 TO X.')].map((each) => ({ ...each, language: 'cobol' }))
  const likeness = a && b ? await measureLikeness(a, [a, b], PARSER, CONFIG) : null
  expect(likeness?.parts).toMatchObject({ ast: null, flow: null, token: expect.any(Number) })
  expect([likeness?.flags, (await measureLikeness(WINNER, [WINNER, FAR], PARSER, CONFIG))?.flags]).toEqual([['no_grammar'], []])
})
