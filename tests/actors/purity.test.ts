import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRunRuntime } from '../../src/actors/effect-actor.ts'
import { RunFold } from '../../src/actors/run-fold.ts'
import { startRun } from '../../src/app/start-run.ts'
import type { LogRecord } from '../../src/domain/record.ts'
import { recordsOf, spec, testServices } from '../support/test-services.ts'

/*
 * A transition that reads a clock, draws a number, sets a timer or opens a connection replays to something else, on some
 * day. Here each of these throws while inputs are applied. This file alone patches globals: what it looks for can be seen in
 * no other way. XState's own scheduler notes a wall-clock time nobody reads; calls from its package pass.
 */

type Poisoned =
  | 'Date'
  | 'Math.random'
  | 'performance.now'
  | 'fetch'
  | 'setTimeout'
  | 'setInterval'
  | 'setImmediate'
  | 'queueMicrotask'

const touched: string[] = []
let isApplying = false
const restores: (() => void)[] = []

function isOfXstate(): boolean {
  const [, , , caller = ''] = (new Error().stack ?? '').split('\n')
  return caller.includes('/node_modules/xstate/')
}

/** Puts a trap in the place of `owner[name]`; outside of transitions it does what it always did. */
function poison(owner: object, name: string, what: Poisoned): void {
  const target = owner as Record<string, unknown>
  const original = target[name] as (...args: unknown[]) => unknown
  const trap = new Proxy(original, {
    apply: (call, self, args) => {
      if (isApplying && !isOfXstate()) touched.push(what)
      return Reflect.apply(call, self, args)
    },
    construct: (make, args, kind) => {
      // A date made of a given time is arithmetic; one made of nothing is the clock.
      if (isApplying && args.length === 0 && !isOfXstate()) touched.push(what)
      return Reflect.construct(make, args, kind)
    },
  })
  target[name] = trap
  restores.push(() => {
    target[name] = original
  })
}

beforeAll(() => {
  poison(Date, 'now', 'Date')
  poison(globalThis, 'Date', 'Date')
  poison(Math, 'random', 'Math.random')
  poison(performance, 'now', 'performance.now')
  for (const name of ['fetch', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'] as const)
    poison(globalThis, name, name)
})
afterAll(() => {
  for (const restore of restores.reverse()) restore()
})

/** Applies records one by one with the traps set, and returns what was touched. */
function touchedBy(records: readonly LogRecord[], between: () => void = () => {}): readonly string[] {
  touched.length = 0
  const fold = new RunFold(createRunRuntime())
  for (const record of records) {
    isApplying = true
    try {
      fold.apply(record)
      between()
    } finally {
      isApplying = false
    }
  }
  return [...touched]
}

const GOOD = 'A sum.\n```python\ndef add(a, b):\n    return a + b\n```\n'

test.each([
  ['evidence', spec({ rounds: 3, prompt: 'Write add(a, b) in Python. add(1, 2) == 3' })],
  ['classic', spec({ protocol: 'classic', rounds: 2 })],
  ['solo', spec({ protocol: 'solo', ids: ['coder'] })],
] as const)('a %s run touches no clock, no chance, no timer and no network while it folds', async (_name, runSpec) => {
  let failed = 0
  const services = testServices({
    mock: {
      // One failure that is asked again, so that back-off and its timer are walked through, too.
      script: (request) => {
        if (request.requestId !== 'run/coder#1') return null
        failed += 1
        return failed === 1 ? [{ do: 'error', failure: 'backend-crashed' }] : [{ do: 'text', text: GOOD }]
      },
    },
  })
  const handle = await startRun(runSpec, services)
  await services.clock.advanceAsync(60_000)
  await handle.result
  const records = await recordsOf(services, handle.runId)
  expect(records.map(({ k }) => k)).toContain('tick')
  expect(touchedBy(records)).toEqual([])
})

test('the traps are sharp: what they look for is seen when it happens', async () => {
  const services = testServices()
  const { runId } = await (await startRun(spec({ ids: ['coder'] }), services)).result
  const [start] = await recordsOf(services, runId)
  const seen = touchedBy(start === undefined ? [] : [start], () => {
    Math.random()
    Date.now()
    new Date()
    new Date(0)
    performance.now()
    clearTimeout(setTimeout(() => {}, 0))
    queueMicrotask(() => {})
  })
  expect(seen).toEqual(['Math.random', 'Date', 'Date', 'performance.now', 'setTimeout', 'queueMicrotask'])
})
