import { expect, test } from 'vitest'
import { isolationFix } from '../../src/app/isolation-fix.ts'
import type { ExecuteResult } from '../../src/machines/effects.ts'

const execution = (more: Partial<ExecuteResult>): ExecuteResult => ({
  ...{ rows: [], driver: 'none', isolation: 'none', policyHash: '', why: 'no driver' },
  ...more,
})

test('the command is told where nothing could be executed, by whichever effect found that out', () => {
  const missing = execution({ fix: 'sudo apt-get install bubblewrap' })
  expect(isolationFix({ execution: missing, suite: null })).toBe('sudo apt-get install bubblewrap')
  expect(isolationFix({ execution: null, suite: { ...missing, rows: [] } })).toBe('sudo apt-get install bubblewrap')
})

test('there is no command where code was executed, where nothing was to be, and in logs from before it was told', () => {
  const inUse = execution({ isolation: 'partial', driver: 'container', fix: 'sudo apt-get install bubblewrap' })
  for (const judgement of [
    null,
    { execution: null, suite: null },
    { execution: inUse, suite: null },
    { execution: execution({}), suite: null },
  ])
    expect(isolationFix(judgement)).toBeNull()
})
