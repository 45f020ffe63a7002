import { readdirSync, readFileSync } from 'node:fs'

/** What a tree of processes uses now. Dead children count through the parent that reaped them. */
export interface TreeUsage {
  readonly processes: number
  readonly cpuMs: number
  /** Anonymous and shared memory, resident or swapped out, and page tables, summed; pages of files are not counted. */
  readonly memoryBytes: number
  /**
   * Longest time any of them was ready to run and waited for a core, since it was started; 0 where the kernel does not count it, and
   * where the look was not thorough.
   */
  readonly waitedMs: number
}

const TICK_MS = 10 // USER_HZ is 100 on every Linux Node runs on

/** More than any sandbox's process limit. */
const MAX_PROCESSES = 512

/**
 * Returns the usage of `rootPid` and all it descends to. A process that has gone counts nothing. Only a look that `isThorough` finds
 * processes that another thread than the first has started; Node has a dozen threads, so it takes three times as long.
 */
export function readTree(rootPid: number, isThorough = true): TreeUsage {
  let cpuMs = 0
  let memoryBytes = 0
  let waitedMs = 0
  const queue = [rootPid]
  let at = 0
  for (; at < queue.length && at < MAX_PROCESSES; at++) {
    const pid = queue[at] ?? 0
    const status = read(`/proc/${pid}/status`)
    const schedule = isThorough ? readSchedule(pid) : NOT_READ
    cpuMs += readCpuMs(pid, schedule.ranMs)
    memoryBytes += sumMemory(status)
    waitedMs = Math.max(waitedMs, schedule.waitedMs)
    const hasThreads = isThorough && !/^Threads:\s+1$/m.test(status)
    queue.push(...(hasThreads ? readChildrenOfThreads(pid) : readChildren(pid)))
  }
  return { processes: at, cpuMs: Math.ceil(cpuMs), memoryBytes, waitedMs }
}

/** CPU time of `rootPid`'s tree in ms; cheaper than `readTree`. */
export function readTreeCpuMs(rootPid: number): number {
  let cpuMs = 0
  const queue = [rootPid]
  for (let at = 0; at < queue.length && at < MAX_PROCESSES; at++) {
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

/** CPU time of `pid` and of the dead children it reaped. Ticks are coarse: fifty processes hide half a second in them, hence `ranMs`. */
function readCpuMs(pid: number, ranMs = 0): number {
  const stat = read(`/proc/${pid}/stat`)
  // The name in parentheses may hold anything; fields count from the last one. utime, stime, cutime, cstime are 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [own, system, ofChildren, systemOfChildren] = [11, 12, 13, 14].map((index) => Number(fields[index] ?? 0) * TICK_MS)
  return Math.max((own ?? 0) + (system ?? 0), ranMs) + (ofChildren ?? 0) + (systemOfChildren ?? 0)
}

/** Of the first thread, where candidates run. The file holds nanoseconds on a core, nanoseconds waited for one, and turns. */
function readSchedule(pid: number): { readonly ranMs: number; readonly waitedMs: number } {
  const [ran = 0, waited = 0] = read(`/proc/${pid}/schedstat`).split(' ').map(Number)
  return { ranMs: ran / 1e6, waitedMs: waited / 1e6 }
}

const NOT_READ = { ranMs: 0, waitedMs: 0 }

/**
 * Swap counts, for a program can push its own memory out; so do page tables, which grow without resident memory when a large range is
 * only looked at; and huge pages, which the other fields leave out.
 */
function sumMemory(status: string): number {
  let kib = 0
  for (const match of status.matchAll(/^(?:RssAnon|RssShmem|VmPTE|VmSwap|HugetlbPages):\s+(\d+)/gm)) kib += Number(match[1])
  return kib * 1024
}

function readChildren(pid: number, thread = pid): number[] {
  return read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number)
}

/** A process started by another thread than the first is that thread's child, and in no other list. */
function readChildrenOfThreads(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => readChildren(pid, Number(thread)))
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
