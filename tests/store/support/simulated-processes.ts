import type { ProcessTable } from '../../../src/store/process-table.ts'

/** Processes of one machine, for tests: which run, and in which boot. */
export interface SimulatedMachine {
  /** Starts a process and returns the table as it sees it. */
  start(): ProcessTable & { readonly pid: number }
  kill(pid: number): void
  /** Ends all processes; those to come belong to another boot. */
  reboot(): void
}

export function createSimulatedMachine(): SimulatedMachine {
  const running = new Map<number, string>()
  let boots = 1
  let nextPid = 100
  const bootName = (boot: number) => boot.toString(16).padStart(8, '0')

  return {
    start: () => {
      const pid = nextPid++
      const identity = { pid, startTicks: String(pid * 7), boot: bootName(boots), place: 'aaaaaaaa' }
      running.set(pid, identity.startTicks)
      return {
        pid,
        self: () => identity,
        hostName: () => 'desk',
        isRunning: (other) => other.boot === bootName(boots) && running.get(other.pid) === other.startTicks,
        isThisBoot: (other) => other.boot === identity.boot,
      }
    },
    kill: (pid) => void running.delete(pid),
    reboot: () => {
      running.clear()
      boots += 1
    },
  }
}
