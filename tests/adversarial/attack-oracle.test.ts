import { expect, test } from 'vitest'
import { everythingOut, type HostMemory, holdsSecret, judgeMemory, judgeRun } from '../support/attack-oracle.ts'

const captured = (text: string) => ({ text, totalBytes: text.length, truncated: false })
type Judged = Parameters<typeof judgeRun>[1]
const run = (stdout: string, more: Partial<Judged> = {}): Judged => ({
  ...{ end: 'exit', code: 0, stdout: captured(stdout), stderr: captured(''), files: [], refusedFiles: [] },
  ...more,
})
const facts = { canary: 'CANARY-0123456789', mark: 'STARTED 1' }
const judge = (result: Judged, program: { expect_kill?: boolean; crash?: boolean } = {}) => judgeRun(program, result, facts)

test('a program that was refused in its own words, or stopped by a bound, was held', () => {
  expect(judge(run('STARTED 1\nBLOCKED: tcp ECONNREFUSED\n'))).toEqual([])
  for (const end of ['cpu', 'wall', 'memory', 'output', 'inodes', 'signal'] as const)
    expect(judge(run('STARTED 1\n', { end, code: null }), { expect_kill: true })).toEqual([])
  expect(judge(run('STARTED 1\n', { code: 134 }), { crash: true })).toEqual([])
})

test('a program that never ran was not held, whatever it was meant to do', () => {
  const missing = captured("Traceback (most recent call last):\nModuleNotFoundError: No module named 'no_such_helper'\n")
  for (const program of [{}, { expect_kill: true }, { crash: true }]) {
    expect(judge(run('', { code: 1, stderr: missing }), program)).toEqual([
      "the program did not run: ModuleNotFoundError: No module named 'no_such_helper'",
    ])
    expect(judge(run('STARTED 1\n', { code: 1, stderr: missing }), program)).toHaveLength(1)
    expect(judge(run('BLOCKED: forged by a stale file\n'), program)).toHaveLength(1)
  }
})

test('an exit code of its own is neither a stop nor a refusal', () => {
  expect(judge(run('STARTED 1\n', { code: 1 }), { expect_kill: true })).toEqual(['it was not stopped'])
  expect(judge(run('STARTED 1\n', { code: 2 }))).toEqual(['it broke before it was refused: STARTED 1'])
  const traceback = captured('Traceback (most recent call last):\nZeroDivisionError: division by zero\n')
  expect(judge(run('STARTED 1\n', { code: 1, stderr: traceback }))).toHaveLength(1)
  expect(judge(run('STARTED 1\n'))).toEqual(['it said nothing of what it tried'])
})

test('the planted secret is seen wherever it comes out, and dressed as it may be', () => {
  const { canary } = facts
  const ways: Partial<Judged>[] = [
    { stdout: captured(`STARTED 1\nBLOCKED: x ${canary}`) },
    { stderr: captured(canary) },
    { refusedFiles: [`${canary}: a link`] },
    { files: [{ path: canary, content: new Uint8Array() }] },
    { files: [{ path: 'a', content: Buffer.from(canary) }] },
  ]
  for (const way of ways)
    expect(judge(run('STARTED 1\nBLOCKED: x\n', way)), JSON.stringify(way)).toEqual(['a planted secret came out'])
  for (const dressed of [
    Buffer.from(canary).toString('hex'),
    Buffer.from(canary).toString('base64'),
    [...canary].reverse().join(''),
  ])
    expect(holdsSecret(`a${dressed}b`, canary), dressed).toBe(true)
  expect(holdsSecret(everythingOut(run('CANARY-')), canary)).toBe(false)
})

test('memory is measured against the limit of a run, shared pages too, and what stays behind counts', () => {
  const gib = 1024 * 1024
  const idle: HostMemory = { availableKb: 8 * gib, sharedKb: 0.1 * gib }
  expect(judgeMemory(idle, { availableKb: 6.9 * gib, sharedKb: 1.2 * gib }, idle)).toEqual([])
  expect(judgeMemory(idle, { ...idle, availableKb: 6 * gib }, idle)).toEqual(['memory fell by 2048 MiB, of 1792 allowed'])
  expect(judgeMemory(idle, { ...idle, sharedKb: 2.1 * gib }, idle)).toEqual(['shared memory grew by 2048 MiB, of 1792 allowed'])
  expect(judgeMemory(idle, idle, { ...idle, sharedKb: 1.1 * gib })).toEqual(['1024 MiB of shared memory were left behind'])
})
