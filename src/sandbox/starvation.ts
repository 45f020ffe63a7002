/*
 * A wall limit proves that a program does not end, unless the machine never let it run. Which of the two it was, the kernel knows: it
 * counts how long a process was ready and waited for a core. A program that sleeps waits for none, so its time-out is its own.
 */

/** What is said of a program that got no verdict because the machine was too busy, twice, the second time alone. */
export const INCONCLUSIVE = 'inconclusive-load: the machine was too busy to run it within its wall time, twice'

/** True when a program that used up `wallMs` spent at least half of it ready to run and waiting for a core. */
export function isStarved(waitedMs: number, wallMs: number): boolean {
  return waitedMs * 2 >= wallMs
}
