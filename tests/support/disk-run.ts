import type { RunEvent } from '../../src/domain/event.ts'
import type { RunContext } from '../../src/machines/run-context.ts'
import { createFileStore, type FileStore } from '../../src/store/file-store.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { runIdAt } from '../store/support/records.ts'
import type { SimulatedDisk } from '../store/support/simulated-disk.ts'
import type { SimulatedMachine } from '../store/support/simulated-processes.ts'
import { spec, type TestServices, testServices } from './test-services.ts'

/** The run that is held on simulated disks: two agents, a few turns, a few KiB. */
export const DISK_RUN = runIdAt(1)
export const DISK_SPEC = spec({ ids: ['architect', 'coder'], protocol: 'classic', rounds: 3 })

/** A store on a simulated disk, in a process of its own. WALs and segments are short, so that both change within a run. */
export function storeOn(disk: SimulatedDisk, machine: SimulatedMachine): FileStore {
  return createFileStore({
    root: '/artifacts',
    clock: createSimulatedClock(),
    fs: disk.fs,
    processes: machine.start(),
    maxSegmentBytes: 3_000,
    maxWalBytes: 4_000,
  })
}

/** Services whose runs are logged in `store`; `onAsked` sees every model effect that starts. */
export function servicesOn(store: FileStore, onAsked: (id: string) => void = () => {}): TestServices {
  const services = testServices({ store })
  return {
    ...services,
    createRunId: () => DISK_RUN,
    executors: {
      ...services.executors,
      model: (effect, sink, signal) => {
        onAsked(effect.id)
        services.pool.execute(effect, sink, signal)
      },
    },
  }
}

/** What a run said and decided, without when. */
export function transcript(events: readonly RunEvent[], context: RunContext | null): unknown {
  const answers = Object.entries(context?.agents ?? {}).map(([id, agent]) => [
    id,
    agent.answers.map(({ turn, answer }) => [turn, answer.text]),
  ])
  const verdict = events.find((event) => event.type === 'verdict.reached')
  return { answers, verdict: verdict?.type === 'verdict.reached' ? verdict.verdict : null }
}
