import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunResult, Sandbox } from '../../src/ports/sandbox.ts'
import type { DriverName } from '../../src/sandbox/create-sandbox.ts'
import { createTestSandbox, whyNotHere } from '../support/this-machines-sandbox.ts'

const MIB = 1024 * 1024
/** Every program below says this when it has got what it wanted, and then holds it. */
const GOT_IT = 'import time; print("got it", flush=True); time.sleep(3)'

// Ways to hold memory that a sum of resident pages over a tree of processes does not see. Each ended as a success once.
const HIDDEN: Readonly<Record<string, string>> = {
  'socket buffers that nobody reads': `
import os, socket
def fill():
    kept = []
    for _ in range(100):
        pair = socket.socketpair()
        kept.append(pair)
        for one in pair:
            one.setblocking(False)
            try:
                while True: one.send(b'x' * 65536)
            except BlockingIOError: pass
    return kept
for _ in range(7):
    if os.fork() == 0: break
kept = fill()
${GOT_IT}`,
  'messages of senders that are closed': `
import os, socket
kept = []
for i in range(60):
    inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    inbox.bind('\\0inbox%d' % i)
    kept.append(inbox)
    for _ in range(10):
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.connect('\\0inbox%d' % i)
        try: sender.send(b'x' * 200000)
        except OSError: pass
        sender.close()
${GOT_IT}`,
  'connections over loopback': `
import socket
server = socket.create_server(('127.0.0.1', 0), backlog=100)
kept = []
for _ in range(60):
    out = socket.create_connection(server.getsockname())
    into, _ = server.accept()
    kept.append((out, into))
    for one in (out, into):
        one.setblocking(False)
        try:
            while True: one.send(b'x' * 1048576)
        except BlockingIOError: pass
${GOT_IT}`,
  'processes started by a thread': `
import os, threading, time
def start():
    for _ in range(4):
        if os.fork() == 0:
            held = bytearray(b'x') * (60 << 20)
            time.sleep(30)
    time.sleep(30)
threading.Thread(target=start).start()
time.sleep(2)
print('got it', flush=True)
os._exit(0)`,
}

// What has no cap and no owner is not to be had at all: pages stay when the mapping is given back.
const REFUSED: Readonly<Record<string, string>> = {
  'shared memory without a file': 'memory = mmap.mmap(-1, 200 << 20)',
  'a shared mapping of /dev/zero': 'memory = mmap.mmap(os.open("/dev/zero", os.O_RDWR), 200 << 20)',
}
const keep = (how: string): string => `
import mmap, os
try: ${how}
except OSError as error: print('refused', error.errno)
else:
    for at in range(0, 200 << 20, 8 << 20):
        memory[at:at + (8 << 20)] = b'x' * (8 << 20)
        memory.madvise(mmap.MADV_DONTNEED, at, 8 << 20)
    print('kept')
`

for (const driver of ['bwrap', 'unshare'] satisfies DriverName[]) {
  const why = await whyNotHere(driver)
  describe.skipIf(why !== null)(`memory under ${driver}${why === null ? '' : ` (skipped: ${why})`}`, () => {
    let sandbox: Sandbox
    beforeAll(() => {
      sandbox = createTestSandbox(driver)
    })
    afterAll(() => sandbox.dispose())
    const run = (code: string, memoryBytes = 1024 * MIB): Promise<RunResult> =>
      sandbox.run({ language: 'python', argv: ['-c', code], limits: { memoryBytes } })

    // Under unshare loopback is down, so there is nothing to connect over.
    const hidden = Object.entries(HIDDEN).filter(([name]) => driver === 'bwrap' || !name.includes('loopback'))
    test.each(hidden)('%s count, and end the run', async (_, code) => {
      const { end, stderr, peakRssBytes } = await run(code, 100 * MIB)
      expect({ end, stderr: stderr.text, seen: peakRssBytes > 100 * MIB }).toEqual({ end: 'memory', stderr: '', seen: true })
    })

    test.each(Object.entries(REFUSED))('%s is refused', async (_, how) => {
      const { stdout, stderr } = await run(keep(how))
      expect(stdout.text + stderr.text).toMatch(/^refused (1|19)\n$/)
    })

    test('a few sockets, a buffer size that is asked for, /dev/zero and multiprocessing still work', async () => {
      const code = `
import multiprocessing, os, socket
from multiprocessing import shared_memory
def add(total, n):
    with total.get_lock(): total.value += n
total = multiprocessing.Value('i', 0)
started = [multiprocessing.Process(target=add, args=(total, n)) for n in (1, 2)]
for process in started: process.start()
for process in started: process.join()
block = shared_memory.SharedMemory(create=True, size=4096)
block.buf[0] = 7
pair = socket.socketpair()
pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
out, into = socket.socketpair()
out.send(b'hello')
print(total.value, block.buf[0], pair[0].getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) < (1 << 20), into.recv(9), open('/dev/zero', 'rb').read(3))
block.close(); block.unlink()
`
      const { end, stdout, stderr } = await run(code, 200 * MIB)
      expect({ end, said: stdout.text + stderr.text }).toEqual({ end: 'exit', said: "3 7 True b'hello' b'\\x00\\x00\\x00'\n" })
    })
  })
}
