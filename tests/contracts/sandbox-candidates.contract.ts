import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CallOutcome, TypedValue } from '../../src/domain/value.ts'
import type { CandidateProgram, LoadOutcome, Sandbox } from '../../src/ports/sandbox.ts'
import { callF, int, javascript, processesWith, python } from '../support/candidates.ts'

/** What a session makes of candidates, good and bad: the second half of the contract of `ports/sandbox.ts`. */
export function candidatesContract(name: string, create: () => Sandbox): void {
  describe(`sandbox contract, candidates: ${name}`, () => {
    let sandbox: Sandbox
    beforeAll(() => {
      sandbox = create()
    })
    afterAll(() => sandbox.dispose())

    /** Loads `program`, makes calls with 0, 1, 2 …, and closes. */
    const tell = async (
      program: CandidateProgram,
      calls: number,
    ): Promise<{ readonly load: LoadOutcome; readonly outcomes: readonly CallOutcome[] }> => {
      const session = await sandbox.open(program)
      const load = await session.load()
      const outcomes = await session.calls(Array.from({ length: calls }, (_, i) => callF(int(i))))
      await session.close()
      return { load, outcomes }
    }

    test.each<[string, CandidateProgram, string]>([
      ['a syntax error', python('def f(:\n'), 'failed'],
      ['an import that fails', python('import nothing_of_that_name\n'), 'failed'],
      ['no such function', python('def g(x): return x\n'), 'no-entry-point'],
      ['a process that exits', python('import os; os._exit(0)\n'), 'failed'],
      ['top-level code that never ends', python('while True: pass\n'), 'timeout'],
      ['Windows line ends', python('def f(x):\r\n    return x\r\n'), 'loaded'],
      ['a CommonJS export', javascript('module.exports = { f: (x) => x }'), 'loaded'],
      ['an ES module that exports nothing', javascript('import fs from "node:fs"\nconst f = (x) => x\n'), 'loaded'],
      ['a default export', javascript('export default function (x) { return x }'), 'loaded'],
      ['TypeScript', { ...javascript('type N = number\nexport const f = (x: N): N => x!'), language: 'typescript' }, 'loaded'],
      ['TypeScript that does not parse', { ...javascript('const f = (x: ) => x'), language: 'typescript' }, 'failed'],
      [
        'TypeScript that needs a compiler',
        { ...javascript('enum E { A }\nconst f = (x: E) => x'), language: 'typescript' },
        'not-run',
      ],
      ['JSX', javascript('export const f = (x) => <b>{x}</b>'), 'not-run'],
      ['JSX that is not the fault', javascript('const g = () => <b/>\nconst f = (x => x'), 'failed'],
      [
        'TSX',
        { ...javascript('export function f({ x }: { x: string }) {\n  return <b>{x}</b>\n}'), language: 'typescript' },
        'not-run',
      ],
      ['the wrong language', javascript('def f(x):\n    return x\n'), 'failed'],
    ])('loading says what it found: %s', async (_, program, kind) => {
      const session = await sandbox.open(program, { load: { cpuMs: 600, wallMs: 8_000 } })
      expect((await session.load()).kind).toBe(kind)
      const outcome = await session.call(callF(int(4)))
      await session.close()
      expect(outcome.kind).toBe(kind === 'loaded' ? 'value' : 'not-run')
    })

    test('values keep their exact types across the channel, both ways', async () => {
      const values: TypedValue[] = [
        { t: 'none' },
        { t: 'bool', v: true },
        int(-5),
        { t: 'int', v: '123456789012345678901234567890' },
        { t: 'float', v: '1.5' },
        { t: 'float', v: 'inf' },
        { t: 'float', v: 'nan' },
        { t: 'str', v: 'ä\u0000\ud83d\ude00' },
        { t: 'bytes', v: 'AAEC' },
        { t: 'list', v: [int(1), { t: 'tuple', v: [int(2)] }, { t: 'set', v: [int(3)] }] },
        { t: 'dict', v: [[int(1), { t: 'list', v: [] }]] },
      ]
      const session = await sandbox.open(python('def f(x): return x\n'))
      const outcomes = await session.calls(values.map((value) => callF(value)))
      await session.close()
      expect(outcomes).toEqual(values.map((value) => ({ kind: 'value', value })))
    })

    test('a Map and an object of the same entries stay apart, both ways', async () => {
      const entries = [[{ t: 'str', v: 'a' }, int(1)]] as const
      const values: TypedValue[] = [
        { t: 'map', v: entries },
        { t: 'dict', v: entries },
        { t: 'map', v: [[int(1), { t: 'map', v: [] }]] },
      ]
      const { outcomes } = await tell(javascript('const f = (x) => x === 0 ? new Map([["a", 1]]) : { a: 1 }'), 2)
      expect(outcomes).toEqual(values.slice(0, 2).map((value) => ({ kind: 'value', value })))
      const session = await sandbox.open(javascript('const f = (x) => x'))
      expect(await session.calls(values.map((value) => callF(value)))).toEqual(values.map((value) => ({ kind: 'value', value })))
      await session.close()
    })

    test('a coroutine function is awaited in the process of its call, within its limits', async () => {
      const code = `
import asyncio
async def add(x):
    await asyncio.sleep(0)
    return x + 1
async def f(x):
    if x == 1: raise KeyError('k')
    if x == 2: await asyncio.sleep(60)
    while x == 3: pass
    both = await asyncio.gather(add(x), asyncio.create_task(add(x)))
    return both
`
      const { load, outcomes } = await tell(python(code), 5)
      expect(load.kind).toBe('loaded')
      expect(outcomes).toEqual([
        { kind: 'value', value: { t: 'list', v: [int(1), int(1)] } },
        { kind: 'raised', error: 'KeyError', message: "'k'" },
        { kind: 'timeout' },
        { kind: 'timeout' },
        { kind: 'value', value: { t: 'list', v: [int(5), int(5)] } },
      ])
    })

    test('a coroutine counts whoever made it, and needs no import', async () => {
      const wrapped = python('async def g(x): return x\ndef f(x): return g(x)\n')
      expect((await tell(wrapped, 1)).outcomes).toEqual([{ kind: 'value', value: int(0) }])
      const session = await sandbox.open(python('exec("asy" + "nc def f(x): return x")\n'))
      // What was not seen while loading is imported by the call, in its own time.
      expect(await session.call(callF(int(0)), { cpuMs: 2_000, wallMs: 8_000 })).toEqual({ kind: 'value', value: int(0) })
      await session.close()
    })

    test('an object with behaviour of its own, or one too large, degrades to other', async () => {
      const code =
        'class E(int):\n    __eq__ = lambda s, o: True\ndef f(x):\n    return [E(0), "x" * (8 << 20), __import__("decimal").Decimal(1)][x]\n'
      const session = await sandbox.open(python(code))
      const outcomes = await session.calls([0, 1, 2].map((n) => callF(int(n))))
      await session.close()
      expect(outcomes.map((outcome) => outcome.kind === 'value' && outcome.value.t)).toEqual(['other', 'other', 'other'])
    })

    test('the seed makes random numbers the same in every session', async () => {
      const draw = async (program: CandidateProgram): Promise<unknown> => {
        const session = await sandbox.open(program)
        const outcome = await session.call(callF(int(0)))
        await session.close()
        return outcome
      }
      const py = python('import random\ndef f(x): return random.random()\n')
      const js = javascript('const f = () => Math.random()')
      expect(await draw(py)).toEqual(await draw(py))
      expect(await draw(js)).toEqual(await draw(js))
      expect(await draw({ ...py, seed: 8 })).not.toEqual(await draw(py))
    })

    const FIVE_MB = 5_000_000
    test.each([
      ['python', python(`def f(x): return len("${'x'.repeat(FIVE_MB)}") + x`)],
      ['javascript', javascript(`const f = (x) => "${'x'.repeat(FIVE_MB)}".length + x`)],
    ])('a %s candidate of 5 MB on one line is loaded and called like any other', async (_, program) => {
      const { load, outcomes } = await tell(program, 2)
      expect(load).toEqual({ kind: 'loaded', names: ['f'] })
      expect(outcomes).toEqual([FIVE_MB, FIVE_MB + 1].map((n) => ({ kind: 'value', value: int(n) })))
    })

    test.each<[string, CandidateProgram, string]>([
      ['a lone surrogate in Python', python('def f(x): return "\ud800"\n'), 'failed'],
      ['a NUL in Python', python('def f(x): return x\n\0'), 'failed'],
      ['a NUL in JavaScript', javascript('const f = (x) => x\0'), 'failed'],
      ['a NUL in TypeScript', { ...javascript('const f = (x: number) => x\0'), language: 'typescript' }, 'failed'],
      ['a lone surrogate in JavaScript', javascript('const f = (x) => x + "\ud800".length'), 'loaded'],
      ['nothing at all', python(''), 'no-entry-point'],
    ])('text that is not plain is a typed outcome: %s', async (_, program, kind) => {
      const { load, outcomes } = await tell(program, 1)
      expect(load.kind).toBe(kind)
      expect(outcomes).toEqual([
        kind === 'loaded' ? { kind: 'value', value: int(1) } : expect.objectContaining({ kind: 'not-run' }),
      ])
    })

    test('a Python call that starts processes without end is an exception, and the next call goes on without them', async () => {
      const tag = `bomb-${randomBytes(6).toString('hex')}`
      const code = `
import os
def f(x):
    while x == 0:
        if os.fork() == 0: os.execv('/usr/bin/python3', ['python3', '-c', 'import time; time.sleep(60)', '${tag}'])
    return x
`
      const session = await sandbox.open(python(code))
      const outcomes = await session.calls([callF(int(0)), callF(int(1))], { cpuMs: 1_000, wallMs: 10_000 })
      expect(outcomes).toEqual([
        { kind: 'raised', error: 'BlockingIOError', message: expect.any(String) },
        { kind: 'value', value: int(1) },
      ])
      await session.close()
      expect(processesWith(tag)).toEqual([])
    })

    test('a Python call whose forks all answer for it is no value', async () => {
      const { outcomes } = await tell(python('import os\ndef f(x):\n    while True: os.fork()\n'), 1)
      expect(outcomes.map((outcome) => outcome.kind === 'value')).toEqual([false])
    })

    test('a JavaScript call that starts processes without end leaves none behind', async () => {
      const tag = `bomb-${randomBytes(6).toString('hex')}`
      const code = `
const { spawn } = require('node:child_process')
function f(x) {
  for (let i = 0; i < 200; i++) spawn('/usr/bin/python3', ['-c', 'import time; time.sleep(60)', '${tag}'], { detached: true, stdio: 'ignore' }).on('error', () => {})
  return x
}
`
      const { outcomes } = await tell(javascript(code), 1)
      expect(outcomes).toHaveLength(1)
      expect(processesWith(tag)).toEqual([])
    })

    test.each([
      [
        'in a call',
        'import os\ndef f(x):\n    for i in range(50 - 50 * x):\n        if os.fork() == 0: break\n    while x == 0: pass\n    return x\n',
      ],
      [
        'in a call that sleeps itself',
        'import os, time\ndef f(x):\n    if x == 0:\n        for i in range(50):\n            if os.fork() == 0:\n                while True: pass\n        time.sleep(60)\n    return x\n',
      ],
    ])('processes of its own that keep the machine busy are no excuse for a program: %s', async (_, code) => {
      const { outcomes } = await tell(python(code), 2)
      expect(outcomes).toEqual([{ kind: 'timeout' }, { kind: 'value', value: int(1) }])
    })

    test('a call may start as many processes as the one before it, whatever that one left behind', async () => {
      const code =
        'import os, time\ndef f(x):\n    for i in range(45):\n        if os.fork() == 0: time.sleep(60)\n    return x\n'
      const { outcomes } = await tell(python(code), 6)
      expect(outcomes).toEqual([0, 1, 2, 3, 4, 5].map((n) => ({ kind: 'value', value: int(n) })))
    })

    test('processes of its own that keep the machine busy are no excuse while loading', async () => {
      const code = 'import os, time\nfor i in range(50):\n    if os.fork() == 0:\n        while True: pass\n'
      const session = await sandbox.open(python(`${code}while True: time.sleep(1)\n`), { load: { cpuMs: 100, wallMs: 1_000 } })
      expect(await session.load()).toEqual({ kind: 'timeout' })
      await session.close()
    })

    test('a call that floods its output costs its time and, where the host would have to read it, its session', async () => {
      const inPython = await tell(
        python('import os\ndef f(x):\n    while x == 0: os.write(1, b"x" * 65536); os.write(2, b"x" * 65536)\n    return x\n'),
        2,
      )
      expect(inPython.outcomes).toEqual([{ kind: 'timeout' }, { kind: 'value', value: int(1) }])
      const code = `
const fs = require('node:fs'), block = 'x'.repeat(65536)
function f(x) {
  while (x === 0) try { fs.writeSync(1, block) } catch {}
  return x
}
`
      const { outcomes } = await tell(javascript(code), 2)
      expect(outcomes).toEqual([
        { kind: 'raised', error: 'LimitExceeded', message: 'output' },
        { kind: 'not-run', reason: 'the candidate ended its process' },
      ])
    })

    test('a daemon that a call leaves behind is killed with it, though the session goes on', async () => {
      const tag = `daemon-${randomBytes(6).toString('hex')}`
      const code = `
import os, signal
def f(x):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0: os.execv('/usr/bin/python3', ['python3', '-c', 'import time; time.sleep(60)', '${tag}'])
        os._exit(0)
    os.wait()
    return x
`
      const session = await sandbox.open(python(code))
      const outcome = await session.call(callF(int(1)))
      expect(outcome).toEqual({ kind: 'value', value: int(1) })
      // Killed before the answer was sent; the kernel may still be taking it down.
      await vi.waitFor(() => expect(processesWith(tag)).toEqual([]))
      await session.close()
    })
  })
}
