import { expect, test } from 'vitest'
import { explainEnd } from '../../src/sandbox/session/run-program.ts'
import { explainCall, explainLoad } from '../../src/sandbox/session/session.ts'

test.each([
  [{ started: true, code: 3 }, null, 0, { end: 'exit', code: 3, signal: null }],
  [{ started: true, code: 128 + 11 }, null, 0, { end: 'signal', code: null, signal: 11 }],
  [{ started: true, code: 128 + 24 }, null, 1_000, { end: 'cpu', code: null, signal: 24 }],
  // A program may end itself with that number; one that used no time was not ended for its time.
  [{ started: true, code: 128 + 24 }, null, 0, { end: 'exit', code: 152, signal: null }],
  [{ started: true, code: 128 + 9 }, null, 2_000, { end: 'cpu', code: null, signal: 9 }],
  [{ started: true, code: 128 + 9 }, null, 100, { end: 'signal', code: null, signal: 9 }],
  [{ started: true, code: 0 }, 'output', 0, { end: 'output', code: null, signal: null }],
  [{ started: false, code: 1 }, null, 0, { end: 'sandbox-error', code: null, signal: null }],
  [{ started: true, code: null }, null, 0, { end: 'sandbox-error', code: null, signal: null }],
] as const)('%j with %s forced and %d ms used ends as %j', (ended, forced, cpuMs, expected) => {
  expect(explainEnd(ended, forced, cpuMs, 1_000)).toEqual(expected)
})

test('a sandbox that never came up is not-run, never the fault of the candidate', () => {
  const reply = {
    kind: 'ended',
    ended: { started: false, code: null },
    forced: null,
    stderr: '\nbwrap: no permission\nmore',
  } as const
  expect(explainLoad(reply)).toEqual({ kind: 'not-run', reason: 'the sandbox could not be started: bwrap: no permission' })
  expect(explainCall(reply)).toEqual({ kind: 'not-run', reason: 'the sandbox could not be started: bwrap: no permission' })
})

test('loading that is ended by a CPU signal is a time-out, by another bound a failure that names it', () => {
  const ended = (code: number | null, forced: 'memory' | 'cpu' | null) =>
    explainLoad({ kind: 'ended', ended: { started: true, code }, forced, stderr: '' })
  expect([ended(128 + 27, null), ended(128 + 24, null), ended(null, 'cpu')]).toEqual(Array(3).fill({ kind: 'timeout' }))
  expect(ended(null, 'memory')).toEqual({ kind: 'failed', error: 'LimitExceeded', message: 'memory' })
  expect(ended(0, null)).toEqual({ kind: 'failed', error: 'ProcessExit', message: 'exit code 0' })
})

test('what a broken channel or a malformed answer said counts for nothing', () => {
  expect(explainCall({ kind: 'broken', why: 'it wrote without being asked' })).toMatchObject({ kind: 'not-run' })
  expect(explainCall({ kind: 'answer', value: { kind: 'value', value: { t: 'int', v: 5 } } })).toMatchObject({ kind: 'not-run' })
  expect(explainLoad({ kind: 'answer', value: { kind: 'loaded' } })).toMatchObject({ kind: 'failed', error: 'ChannelBroken' })
})
