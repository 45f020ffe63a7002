import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** Returns every file of this project that `file` comes to import, itself included. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(join(ROOT, file), 'utf8')
  for (const [, target = ''] of text.matchAll(/from '(\.{1,2}\/[^']+)'/g)) reach(join(dirname(file), target), seen)
  return seen
}

test.each(['bench/consensus-pool.ts', 'bench/consensus-peers.ts', 'bench/consensus-cases.ts', 'bench/consensus-executor.ts'])(
  'what selects in bench:consensus never comes near a verdict: %s',
  (file) => {
    const files = reach(file)
    expect(files.size).toBeGreaterThan(5)
    expect([...files].filter((each) => /consensus-(verdicts|score)/.test(each))).toEqual([])
  },
)

test('what selects in bench:live never comes near a hidden check', () => {
  const files = reach('bench/live-methods.ts')
  expect(files.size).toBeGreaterThan(20)
  expect([...files].filter((each) => /run-hidden-checks|load-tasks/.test(each))).toEqual([])
})
