/*
 * A wall limit proves that a program does not end, unless the machine never let it run. Which of the two it was, the kernel knows: it
 * counts how long a process was ready and waited for a core. A program that sleeps waits for none, so its time-out is its own; and so is
 * that of one whose own processes kept the cores busy: a tree that has used the CPU time it may use was let run.
 */

/** What is said of a program that got no verdict because the machine was too busy, twice, the second time alone. */
export const INCONCLUSIVE = 'inconclusive-load: the machine was too busy to run it within its wall time, twice'

/** What was seen of a program: how long its longest-waiting process waited for a core, and the CPU time of all of them. */
interface Seen {
  readonly waitedMs: number
  readonly cpuMs: number
}

/**
 * True when a program that used up its wall time spent at least half of it ready to run and waiting for a core, and all its processes
 * together used less than the CPU time one may use.
 */
export function isStarved({ waitedMs, cpuMs }: Seen, limits: { readonly wallMs: number; readonly cpuMs: number }): boolean {
  return waitedMs * 2 >= limits.wallMs && cpuMs < limits.cpuMs
}
