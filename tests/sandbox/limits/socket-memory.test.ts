import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { readTree } from '../../../src/sandbox/limits/process-tree.ts'
import { readSocketBytes, sumQueues } from '../../../src/sandbox/limits/socket-memory.ts'

test('what waits in TCP queues is summed, both ways, whatever the state', () => {
  const head =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n'
  const row = (queues: string, state: string): string =>
    `   0: 0100007F:B2A5 0100007F:9C40 ${state} ${queues} 01:00000014 00000000  1000        0 3467 1 0000000000000000 20 4 30 10 -1\n`
  expect(sumQueues(head)).toBe(0)
  expect(sumQueues(head + row('0000000A:00000000', '01') + row('00000000:00100000', '04'))).toBe(10 + 1024 * 1024)
})

test('a process that has gone holds nothing', () => {
  expect(readSocketBytes(2 ** 22 + 1)).toBe(0)
})

test('page tables count: a large range that is only read has no resident memory', async () => {
  // One page in every two MiB is read, so each costs a page of the table and none of memory.
  const code = `
import mmap
m = mmap.mmap(-1, 16 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
m.madvise(15)
for at in range(0, 16 << 30, 2 << 20): m[at]
print('done', flush=True)
input()`
  const child = spawn('/usr/bin/python3', ['-c', code])
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const { memoryBytes } = readTree(child.pid ?? 0)
  child.stdin.end('\n')
  await new Promise((resolve) => child.once('close', resolve))
  expect(memoryBytes).toBeGreaterThan(32 << 20)
})
