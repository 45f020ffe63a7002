import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { CodeConductorError } from '../../../src/domain/errors.ts'
import { spawnBare } from '../../../src/sandbox/drivers/launch.ts'
import { createMountHolderSource } from '../../../src/sandbox/drivers/mount-holder.ts'

test('a program that cannot be started is an error to catch, and none that ends this process', async () => {
  const start = () => spawnBare('/nowhere/at-all', [], ['ignore', 'pipe', 'pipe'], [], {})
  expect(start).toThrow(expect.objectContaining({ code: 'SANDBOX', retryable: true }))
  // An error event that nobody heard would have come by now, and failed this file.
  await turn()
})

const openDescriptors = (): number[] => readdirSync('/proc/self/fd').map(Number)

/** Calls `work` while this process can open no more than `spare` descriptors. */
function withSpare<T>(spare: number, work: () => T): T {
  const held: number[] = []
  try {
    try {
      for (;;) held.push(openSync('/dev/null', 'r'))
    } catch {
      for (const fd of held.splice(-spare, spare)) closeSync(fd)
    }
    return work()
  } finally {
    for (const fd of held) closeSync(fd)
  }
}

const PRLIMIT = '/usr/bin/prlimit'
describe.skipIf(!existsSync(PRLIMIT))('where descriptors run out', () => {
  /** Calls `work` under a bound that is soon reached, and lifts it again. */
  async function bounded(work: () => Promise<void>): Promise<void> {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? '1024'
    const setSoft = (bound: string): void => void execFileSync(PRLIMIT, [`--pid=${process.pid}`, `--nofile=${bound}:`])
    setSoft(String(Math.max(...openDescriptors()) + 64))
    try {
      // What setting it took is closed a turn later.
      await turn()
      await work()
    } finally {
      setSoft(soft)
    }
  }

  test('a program is started or refused, whatever number is left, and no descriptor is lost', async () => {
    await bounded(async () => {
      const seen = new Set<string>()
      const before = openDescriptors().length
      for (let spare = 0; spare < 28; spare++) {
        try {
          const stdio = ['pipe', 'pipe', 'pipe', 'ignore', 'pipe', 'pipe'] as const
          const child = withSpare(spare, () => spawnBare('/bin/true', [], stdio, [], {}))
          for (const stream of child.stdio) stream?.destroy()
          await once(child, 'close')
          seen.add('started')
        } catch (error) {
          if (!(error instanceof CodeConductorError)) throw error
          expect(error).toMatchObject({ code: 'SANDBOX', retryable: true })
          seen.add('refused')
        }
        await turn()
        expect({ spare, open: openDescriptors().length }).toEqual({ spare, open: before })
      }
      expect(seen).toEqual(new Set(['refused', 'started']))
    })
  })

  test('the mount holder is refused like any other program', async () => {
    await bounded(async () => {
      const before = openDescriptors().length
      const user = { isDropped: false, ids: {} }
      for (let spare = 0; spare < 9; spare++) {
        const tools = { unshare: '/bin/false', python: '/bin/false' }
        const source = await withSpare(spare, () => createMountHolderSource(tools, '/nowhere', user))
        expect(source).toEqual({ why: expect.stringMatching(/could not be started/) })
        await turn()
        expect({ spare, open: openDescriptors().length }).toEqual({ spare, open: before })
      }
    })
  })
})
