import { readFileSync } from 'node:fs'

/*
 * What the sockets of a sandbox hold in the kernel, which no rlimit counts and no process shows. A sandbox has a network namespace of its
 * own, so the namespace's counters are the sandbox's. The filter keeps buffers at their default size; a sender may exceed that by
 * one message, hence twice. A closed socket counts until what it sent has been read or thrown away, one on its way in a message
 * too. TCP grows its buffers by itself; what waits in them is read from its table, which is slow, so only where there is TCP.
 */
const DEFAULT_BUFFER_BYTES = 212_992

/** Returns an upper bound, in bytes, of what the sockets in the network namespace of `pid` hold; 0 when it has gone. */
export function readSocketBytes(pid: number, bufferBytes: number = defaultBufferBytes()): number {
  const table = read(`/proc/${pid}/net/sockstat`)
  const sockets = countAfter(table, /^sockets: used (\d+)/m)
  if (sockets === 0) return 0
  const tcp = countAfter(table, /^TCP: inuse (\d+)/m) + countAfter(read(`/proc/${pid}/net/sockstat6`), /^TCP6: inuse (\d+)/m)
  const queued = tcp === 0 ? 0 : sumQueues(read(`/proc/${pid}/net/tcp`)) + sumQueues(read(`/proc/${pid}/net/tcp6`))
  return 2 * (sockets * bufferBytes + queued)
}

/** Returns the bytes waiting in both queues of all sockets of a `/proc/PID/net/tcp` table. */
export function sumQueues(table: string): number {
  let bytes = 0
  for (const [, out, into] of table.matchAll(/^\s*\d+: \S+ \S+ \S\S ([0-9A-F]{8}):([0-9A-F]{8}) /gm)) {
    bytes += Number.parseInt(out ?? '0', 16) + Number.parseInt(into ?? '0', 16)
  }
  return bytes
}

/** The system's default size of a socket's buffer. */
export function defaultBufferBytes(): number {
  const sizes = ['wmem_default', 'rmem_default'].map((name) => Number(read(`/proc/sys/net/core/${name}`)))
  return Math.max(DEFAULT_BUFFER_BYTES, ...sizes.filter(Number.isSafeInteger))
}

function countAfter(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
