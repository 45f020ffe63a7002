import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { readTree } from '../../../src/sandbox/limits/process-tree.ts'

test.skipIf(!existsSync('/proc/self/schedstat'))(
  'a thorough look sees CPU time below a tick, which fifty processes can add up',
  async () => {
    const child = spawn('sleep', ['30'])
    try {
      const pid = child.pid ?? 0
      // Its start takes a millisecond or two, and then it takes no more.
      await vi.waitFor(() => expect(readTree(pid).cpuMs).toBeGreaterThan(0), 5_000)
      expect(readTree(pid, false).cpuMs % 10).toBe(0)
    } finally {
      child.kill('SIGKILL')
    }
  },
)
