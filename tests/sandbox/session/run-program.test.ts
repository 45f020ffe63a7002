import { expect, test } from 'vitest'
import type { RunResult } from '../../../src/ports/sandbox.ts'
import { boxPriority, type Driver } from '../../../src/sandbox/drivers/launch.ts'
import { createSlots } from '../../../src/sandbox/limits/slots.ts'
import { isStarved } from '../../../src/sandbox/limits/starvation.ts'
import { explainEnd, runProgram } from '../../../src/sandbox/session/run-program.ts'
import { stageDriver } from '../../support/staged-driver.ts'

/** Runs a program that never ends, on a machine where it waits for a core `waitedMs` of its 40 ms, try by try. */
async function runLate(waitedMs: readonly number[], cpuMs = 1): Promise<{ end: RunResult['end']; tries: number }> {
  const staged = stageDriver([])
  const driver: Driver = {
    ...staged,
    launch: async (plan) => ({ ...(await staged.launch(plan)), rootPid: () => process.pid }),
  }
  const readUsage = () => ({ processes: 1, cpuMs, memoryBytes: 0, waitedMs: waitedMs[staged.launches() - 1] ?? 0 })
  const parts = { driver, hashFor: () => 'p', slots: createSlots(1), readUsage }
  const { end } = await runProgram(parts, { language: 'python', argv: [], limits: { wallMs: 40, cpuMs: 1_000 } })
  return { end, tries: staged.launches() }
}

test('a run ended by wall time is tried again only when it was the machine that took the time', async () => {
  expect(await runLate([0])).toEqual({ end: 'wall', tries: 1 })
  expect(await runLate([30, 0])).toEqual({ end: 'wall', tries: 2 })
  expect(await runLate([30, 30])).toEqual({ end: 'inconclusive-load', tries: 2 })
})

test('a run whose own processes kept the cores busy is not tried again', async () => {
  expect(await runLate([30], 1_500)).toEqual({ end: 'wall', tries: 1 })
})

test('half of the time waiting for a core is what starved means', () => {
  const limits = { wallMs: 1_000, cpuMs: 100 }
  expect([500, 499, 0, -1].map((waitedMs) => isStarved({ waitedMs, cpuMs: 0 }, limits))).toEqual([true, false, false, false])
})

test('nobody is starved who used the CPU time a program may use', () => {
  const limits = { wallMs: 1_000, cpuMs: 100 }
  expect([99, 100, 900].map((cpuMs) => isStarved({ waitedMs: 1_000, cpuMs }, limits))).toEqual([true, false, false])
})

test('a run that is cancelled while it waits for a place is not started', async () => {
  const slots = createSlots(1)
  await slots.take()
  const driver = stageDriver([])
  const stop = new AbortController()
  const run = runProgram({ driver, hashFor: () => 'p', slots }, { language: 'python', argv: [], signal: stop.signal })
  stop.abort()
  expect(await run).toMatchObject({ end: 'cancelled', code: null, driver: 'staged', policyHash: 'p' })
  expect(driver.launches()).toBe(0)
})

test.each([
  // A driver that can tell says which it was.
  ['exit 137 told apart', { code: 137, signal: null }, 0, { end: 'exit', code: 137, signal: null }],
  ['exit 152 told apart', { code: 152, signal: null }, 5_000, { end: 'exit', code: 152, signal: null }],
  ['SIGKILL', { code: null, signal: 9 }, 0, { end: 'signal', code: null, signal: 9 }],
  ['SIGKILL at the limit', { code: null, signal: 9 }, 5_000, { end: 'cpu', code: null, signal: 9 }],
  ['SIGXCPU', { code: null, signal: 24 }, 0, { end: 'cpu', code: null, signal: 24 }],
  // One that folds signals into codes is read as a shell would read it, with what was measured.
  ['152 without the CPU time', { code: 152 }, 100, { end: 'exit', code: 152, signal: null }],
  ['152 with it', { code: 152 }, 4_800, { end: 'cpu', code: null, signal: 24 }],
  ['137 with it', { code: 137 }, 4_800, { end: 'cpu', code: null, signal: 9 }],
  ['139', { code: 139 }, 0, { end: 'signal', code: null, signal: 11 }],
  ['a code no ending signal has', { code: 145 }, 0, { end: 'exit', code: 145, signal: null }],
  ['a code above all signals', { code: 255 }, 0, { end: 'exit', code: 255, signal: null }],
  ['disposed of', { code: null, isDisposed: true }, 0, { end: 'cancelled', code: null, signal: null }],
  ['disposed of, killed by an engine', { code: 137, isDisposed: true }, 0, { end: 'cancelled', code: null, signal: null }],
  ['nothing reported', { code: null }, 0, { end: 'sandbox-error', code: null, signal: null }],
  ['nothing reported by one that can tell', { code: null, signal: null }, 0, { end: 'sandbox-error', code: null, signal: null }],
] as const)('an end is explained by code, signal and CPU time: %s', (_, ended, cpuMs, end) => {
  expect(explainEnd({ started: true, ...ended }, null, cpuMs, 5_000)).toEqual(end)
})

test('sandboxed programs stand back by ten, or with this program where it stands back further', () => {
  expect([boxPriority(0), boxPriority(-5), boxPriority(15)]).toEqual([10, 10, 15])
})
