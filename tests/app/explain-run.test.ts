import { afterAll, expect, test } from 'vitest'
import { explainRun } from '../../src/app/explain-run.ts'
import { createRoot, program, runWithArtifacts } from './artifact-run.ts'

const root = createRoot()
afterAll(() => root.remove())

test('a run that agreed is explained: the winner, why, what would have changed it, the dissent, the grade', async () => {
  const { result } = await runWithArtifacts(root.path)
  const lines = explainRun(result.context, result.events)
  const text = lines.join('\n')
  expect(lines[0]).toMatch(/^architect\.1 .*2 of 2 examples.*2 of 2 assertions.*2 of 3 answers/)
  expect(text).toContain('Leaving out any one kind of evidence gives the same winner.')
  expect(text).toMatch(/bug_hunter\.1 .*add\(1, 2\).*-1.*3/)
  expect(text).toContain('Grade: verified: executed')
  expect(text).not.toContain('It ended as')
})

test('a pool in which nothing passes is not called a solution, and the rounds that were held are told', async () => {
  const wrong = program('a - b')
  const { result } = await runWithArtifacts(root.path, { said: { architect: wrong, bug_hunter: wrong, coder: wrong } })
  const lines = explainRun(result.context, result.events)
  expect(lines[0]).toBe('No program is called a solution: no candidate passes any example.')
  expect(lines[1]).toMatch(/^architect\.1 .* came first: /)
  expect(lines).toContain('It ended as noConsensus: no program does what was asked.')
  expect(lines.some((line) => /^Round 2 was held to repair what fails: add\(1, 2\) gives -1, not 3/.test(line))).toBe(true)
})

test('a run that ended before anything was judged says why, and who dropped out', async () => {
  const fail = [{ do: 'error', failure: 'protocol', message: 'garb\x1bage' }] as const
  const { result } = await runWithArtifacts(root.path, { said: { architect: fail, bug_hunter: fail, coder: fail, tester: fail } })
  const lines = explainRun(result.context, result.events)
  expect(lines[0]).toMatch(/^Nothing was judged\. It ended as failed: too few agents are left to decide\./)
  expect(lines.filter((line) => line.includes('took no further part: garb␛age'))).not.toEqual([])
  expect(explainRun(null, [])).toEqual(['Nothing was judged. The run has not ended.'])
})
