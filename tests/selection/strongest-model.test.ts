import { expect, test } from 'vitest'
import { strengthOf, strongestAgent, strongestFirst } from '../../src/selection/strongest-model.ts'
import { model } from '../support/fold-driver.ts'

const KNOWN = [model('tiny', { parameterSize: '500M' }), model('mid:7b'), model('big', { parameterSize: '70B' }), model('odd')]
const agent = (models: readonly string[], pinned: string | null = null, preferred: readonly string[] = []) => ({
  models: models.map((name) => `mock/${name}`),
  spec: { model: pinned, persona: { models: preferred } },
})

test("a model's size is what its server tells, else what its name says, else unknown", () => {
  expect(KNOWN.map(({ name }) => strengthOf(`mock/${name}`, KNOWN))).toEqual([0.5, 7, 70, 0])
})

test('the strongest model comes first, unless the user or the persona chose', () => {
  expect(strongestFirst(agent(['odd', 'tiny', 'big', 'mid:7b']), KNOWN)).toEqual([
    'mock/big',
    'mock/mid:7b',
    'mock/tiny',
    'mock/odd',
  ])
  expect(strongestFirst(agent(['tiny', 'big'], 'tiny'), KNOWN)).toEqual(['mock/tiny', 'mock/big'])
  expect(strongestFirst(agent(['tiny', 'big'], null, ['tiny']), KNOWN)).toEqual(['mock/tiny', 'mock/big'])
})

test('the agent asked is the one whose first model is the strongest; the given order decides only between equals', () => {
  const pinned = agent(['tiny'], 'tiny')
  const wishes = agent(['mid:7b', 'big'], null, ['mid*'])
  const free = agent(['tiny', 'big'])
  expect(strongestAgent([pinned, wishes, free], KNOWN)).toBe(free)
  expect(strongestAgent([pinned, wishes], KNOWN)).toBe(wishes)
  expect(strongestAgent([agent(['big'], 'big'), free], KNOWN)).not.toBe(free)
  expect(strongestAgent([], KNOWN)).toBeNull()
})
