import type { RunEnd, RunLimits } from '../../ports/sandbox.ts'
import type { Launched } from '../drivers/launch.ts'
import { readTree, type TreeUsage } from './process-tree.ts'
import { defaultBufferBytes, readSocketBytes } from './socket-memory.ts'

const EVERY_MS = 50
/** Every so many looks are thorough. */
const THOROUGH_EVERY = 4

export interface Watch {
  /** What was seen at most so far. */
  readonly seen: { cpuMs: number; peakRssBytes: number; waitedMs: number }
  /** Looks now, thoroughly. */
  look(): void
  stop(): void
}

/**
 * Watches what no rlimit sums up: memory, that of sockets included, and CPU over all processes of a run, and inodes where the cap is not hard. Calls
 * `onOver` once, with the bound that was crossed. CPU is per process by rlimit; the sum may reach twice that before it ends here.
 * `readUsage` is for tests.
 */
export function watch(
  launched: Launched,
  limits: RunLimits,
  onOver: (end: RunEnd) => void,
  readUsage: (rootPid: number, isThorough: boolean) => TreeUsage = readTree,
): Watch {
  const seen = { cpuMs: 0, peakRssBytes: 0, waitedMs: 0 }
  const bufferBytes = defaultBufferBytes()
  const look = (isThorough: boolean): void => {
    const rootPid = launched.rootPid()
    if (rootPid === null) return
    const usage = readUsage(rootPid, isThorough)
    const memoryBytes = usage.memoryBytes + readSocketBytes(rootPid, bufferBytes)
    seen.cpuMs = Math.max(seen.cpuMs, usage.cpuMs)
    seen.peakRssBytes = Math.max(seen.peakRssBytes, memoryBytes)
    seen.waitedMs = Math.max(seen.waitedMs, usage.waitedMs)
    if (memoryBytes > limits.memoryBytes) onOver('memory')
    else if (usage.cpuMs > 2 * limits.cpuMs) onOver('cpu')
    else if ((launched.countInodes?.() ?? 0) > limits.inodes) onOver('inodes')
  }
  let looks = 0
  const timer = setInterval(() => look(looks++ % THOROUGH_EVERY === 0), EVERY_MS)
  return { seen, look: () => look(true), stop: () => clearInterval(timer) }
}
