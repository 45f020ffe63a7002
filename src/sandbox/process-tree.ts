import { readFileSync } from 'node:fs'

/** What a tree of processes uses now. Dead children count through the parent that reaped them. */
export interface TreeUsage {
  readonly processes: number
  readonly cpuMs: number
  /** Anonymous and shared resident memory, summed; pages of files are not counted. */
  readonly memoryBytes: number
}

const TICK_MS = 10 // USER_HZ is 100 on every Linux Node runs on

/** Returns the usage of `rootPid` and all it descends to, at most `maxProcesses` of them. A process that has gone counts nothing. */
export function readTree(rootPid: number, maxProcesses = 512): TreeUsage {
  let cpuMs = 0
  let memoryBytes = 0
  const queue = [rootPid]
  let at = 0
  for (; at < queue.length && at < maxProcesses; at++) {
    const pid = queue[at] ?? 0
    cpuMs += readCpuMs(pid)
    memoryBytes += readMemory(pid)
    queue.push(...readChildren(pid))
  }
  return { processes: at, cpuMs, memoryBytes }
}

/** CPU time of `rootPid`'s tree in ms; cheaper than `readTree`. */
export function readTreeCpuMs(rootPid: number): number {
  let cpuMs = 0
  const queue = [rootPid]
  for (let at = 0; at < queue.length && at < 512; at++) {
    const pid = queue[at] ?? 0
    cpuMs += readCpuMs(pid)
    queue.push(...readChildren(pid))
  }
  return cpuMs
}

/**
 * Resolves when nothing of the pid namespace whose first process is `rootPid` is left to run. That process ends only after all others;
 * it may still be taking its mounts down, which takes milliseconds, but with its memory gone and no child left it is an empty shell.
 * At most two seconds, should a process hang in the kernel.
 */
export async function whenGone(rootPid: number | null): Promise<void> {
  if (rootPid === null) return
  for (let i = 0; i < 500; i++) {
    const stat = read(`/proc/${rootPid}/stat`)
    if (stat === '' || /\) [ZX] /.test(stat)) return
    if (isEmptyShell(rootPid)) return
    // It is mostly a matter of microseconds, for which a timer is too coarse.
    await new Promise((resolve) => (i < 20 ? setImmediate(resolve) : setTimeout(resolve, i < 200 ? 1 : 6)))
  }
}

function isEmptyShell(pid: number): boolean {
  try {
    // Memory first: once it is gone the process runs no code of its own, so no child can appear after the second look.
    return (
      readFileSync(`/proc/${pid}/cmdline`, 'latin1') === '' && readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1') === ''
    )
  } catch {
    return false
  }
}

function readCpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  // The name in parentheses may hold anything; fields count from the last one. utime, stime, cutime, cstime are 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  let ticks = 0
  for (const index of [11, 12, 13, 14]) ticks += Number(fields[index] ?? 0)
  return ticks * TICK_MS
}

function readMemory(pid: number): number {
  let kib = 0
  for (const match of read(`/proc/${pid}/status`).matchAll(/^Rss(?:Anon|Shmem):\s+(\d+)/gm)) kib += Number(match[1])
  return kib * 1024
}

function readChildren(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
