import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import type { Call, CallOutcome } from '../../../src/domain/value.ts'
import type { CandidateProgram } from '../../../src/ports/sandbox.ts'
import { createSlots } from '../../../src/sandbox/limits/slots.ts'
import { INCONCLUSIVE } from '../../../src/sandbox/limits/starvation.ts'
import { openSession } from '../../../src/sandbox/session/session.ts'
import { stageDriver } from '../../support/staged-driver.ts'

const program: CandidateProgram = { language: 'python', code: '', entryPoint: 'f', seed: 1 }
const call: Call = { fn: 'f', args: [] }
const loaded = { kind: 'loaded', names: ['f'] }
const value = { kind: 'value', value: { t: 'int', v: '1' } }
/** A call that ran out of wall time, of which it waited `waitedMs` for a core. */
const late = (waitedMs: number): Readonly<Record<string, unknown>> => ({ kind: 'timeout', waitedMs })

async function ask(script: readonly Readonly<Record<string, unknown>>[], calls = 1): Promise<readonly CallOutcome[]> {
  const driver = stageDriver([script])
  const session = openSession({ driver, slots: createSlots(1), parser: null }, program, {})
  const outcomes = await session.calls(
    Array.from({ length: calls }, () => call),
    { wallMs: 1_000, stopAfterTimeouts: 2 },
  )
  await session.close()
  return outcomes
}

test('a call the machine did not let run is tried once more, and its answer counts', async () => {
  expect(await ask([loaded, late(900), value])).toEqual([value])
})

test('a call that is starved twice got no verdict, is no time-out of the candidate, and later calls still run', async () => {
  expect(await ask([loaded, late(900), late(800), value], 2)).toEqual([{ kind: 'not-run', reason: INCONCLUSIVE }, value])
})

test('a call that used up its wall time with a core to itself is a time-out, at once', async () => {
  expect(await ask([loaded, late(30), value], 2)).toEqual([{ kind: 'timeout' }, value])
  expect(await ask([loaded, { kind: 'timeout' }])).toEqual([{ kind: 'timeout' }])
})

test('a machine that stays too busy is not asked for ever', async () => {
  const twice = [late(900), late(900)]
  expect((await ask([loaded, ...twice, ...twice, value], 3)).at(-1)).toEqual({
    kind: 'not-run',
    reason: 'stopped after 2 time-outs',
  })
})

test('the second try is made alone', async () => {
  const slots = createSlots(2)
  const other = await slots.take()
  const driver = stageDriver([[loaded, late(900), value]])
  const session = openSession({ driver, slots, parser: null }, program, {})
  let outcome: CallOutcome | null = null
  const done = session.call(call).then((found) => {
    outcome = found
  })
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  expect(outcome).toBeNull()
  other?.()
  await done
  expect(outcome).toEqual(value)
  await session.close()
})

test('a session leaves nothing on the signal it was given', async () => {
  const stop = new AbortController()
  for (let i = 0; i < 20; i++) {
    const parts = { driver: stageDriver([[loaded]]), slots: createSlots(1), parser: null }
    const session = openSession(parts, program, { signal: stop.signal })
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1)
    await session.close()
  }
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})

test('a session that is closed while it waits for a place starts nothing', async () => {
  const slots = createSlots(1)
  await slots.take()
  const driver = stageDriver([[loaded]])
  const session = openSession({ driver, slots, parser: null }, program, {})
  const load = session.load()
  await session.close()
  expect(await load).toEqual({ kind: 'not-run', reason: 'the session is closed' })
  expect(driver.launches()).toBe(0)
})

test('a session of a sandbox that was disposed of starts nothing and says so', async () => {
  const driver = stageDriver([[loaded]])
  const session = openSession({ driver, slots: createSlots(1), parser: null }, program, {})
  await driver.dispose()
  expect(await session.call(call)).toEqual({ kind: 'not-run', reason: 'the sandbox was disposed of' })
  expect(driver.launches()).toBe(0)
})
