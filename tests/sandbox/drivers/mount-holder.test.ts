import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { findTool } from '../../../src/sandbox/drivers/detect-bwrap.ts'
import { makePrivateDir, sandboxUser } from '../../../src/sandbox/drivers/host-user.ts'
import { createMountHolderSource } from '../../../src/sandbox/drivers/mount-holder.ts'

const user = sandboxUser(process.getuid?.())
const places: string[] = []
function place(): string {
  const dir = makePrivateDir(tmpdir(), user)
  places.push(dir)
  mkdirSync(join(dir, 'hold'), { mode: 0o755 })
  return join(dir, 'hold')
}
afterAll(() => {
  for (const dir of places) rmSync(dir, { recursive: true, force: true })
})
const tools = { unshare: findTool('unshare') ?? '', python: findTool('python3') ?? '' }
const first = await createMountHolderSource(tools, place(), user)

if ('why' in first) {
  describe('mount holder', () => test.skip(`skipped: ${first.why}`, () => undefined))
} else {
  describe('mount holder', () => {
    test('gives each run an empty space of its own, which the host can look into', async () => {
      const holder = await first.get()
      const slots = await Promise.all([1, 2, 3].map(() => holder.acquire(1 << 20, 100)))
      expect(new Set(slots.map(({ path }) => path)).size).toBe(3)
      expect(slots.map(({ hostScratch }) => readdirSync(hostScratch))).toEqual([[], [], []])
      for (const slot of slots) holder.release(slot)
    })

    test('is not seen from the host but through the holder', async () => {
      const base = place()
      const source = await createMountHolderSource(tools, base, user)
      if ('why' in source) throw new Error(source.why)
      await (await source.get()).acquire(1 << 20, 100)
      expect(readdirSync(base)).toEqual([])
      source.close()
    })

    test('a holder that died is replaced, and one that is closed ends', async () => {
      const before = await first.get()
      process.kill(before.pid, 'SIGKILL')
      await vi.waitFor(() => expect(before.isAlive()).toBe(false))
      const after = await first.get()
      expect([before.isAlive(), after.isAlive(), after.pid === before.pid]).toEqual([false, true, false])
      expect(readdirSync((await after.acquire(1 << 20, 100)).hostScratch)).toEqual([])
      first.close()
      await vi.waitFor(() => expect(after.isAlive()).toBe(false))
    })

    test('a holder that could not be replaced once is replaced when asked again, and closing after a failure is quiet', async () => {
      const base = place()
      const source = await createMountHolderSource(tools, base, user)
      if ('why' in source) throw new Error(source.why)
      const before = await source.get()
      renameSync(base, `${base}-away`)
      process.kill(before.pid, 'SIGKILL')
      await vi.waitFor(() => expect(before.isAlive()).toBe(false))
      await expect(source.get()).rejects.toMatchObject({ code: 'SANDBOX', retryable: true })
      renameSync(`${base}-away`, base)
      const again = await source.get()
      expect(again.isAlive()).toBe(true)
      process.kill(again.pid, 'SIGKILL')
      await vi.waitFor(() => expect(again.isAlive()).toBe(false))
      renameSync(base, `${base}-away`)
      const last = source.get()
      source.close()
      await expect(last).rejects.toMatchObject({ code: 'SANDBOX' })
    })

    test('two that ask at once while it is gone get the same new one', async () => {
      const source = await createMountHolderSource(tools, place(), user)
      if ('why' in source) throw new Error(source.why)
      const before = await source.get()
      process.kill(before.pid, 'SIGKILL')
      await vi.waitFor(() => expect(before.isAlive()).toBe(false))
      const [one, two] = await Promise.all([source.get(), source.get()])
      source.close()
      for (const holder of [one, two]) await vi.waitFor(() => expect(holder.isAlive()).toBe(false))
      expect(two.pid).toBe(one.pid)
    })
  })
}

test('a place that cannot be mounted on is told, not thrown', async () => {
  const gone = mkdtempSync(join(tmpdir(), 'gone-'))
  rmSync(gone, { recursive: true })
  const source = await createMountHolderSource(tools, gone, user)
  expect('why' in source && source.why.length > 0).toBe(true)
})

test('a tool that cannot be started is told, not thrown', async () => {
  const source = await createMountHolderSource({ ...tools, unshare: '/nowhere/unshare' }, place(), user)
  expect(source).toEqual({ why: expect.stringMatching(/\S/) })
})
