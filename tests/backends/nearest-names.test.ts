import { expect, test } from 'vitest'
import { nearestNames } from '../../src/backends/nearest-names.ts'

test('the nearest names come first, a name that contains the wanted one before all', () => {
  const names = ['llama3.2:3b', 'qwen2.5-coder:0.5b', 'qwen2.5-coder:7b', 'gemma3:270m']
  expect(nearestNames('qwen2.5-coder:1.5b', names)).toEqual(['qwen2.5-coder:0.5b', 'qwen2.5-coder:7b', 'llama3.2:3b'])
  expect(nearestNames('LLAMA', names, 1)).toEqual(['llama3.2:3b'])
  expect(nearestNames('x', [])).toEqual([])
})
