import { startRun } from '../src/app/start-run.ts'
import type { LogRecord } from '../src/domain/record.ts'
import type { RunSpec } from '../src/domain/run-spec.ts'
import { encodeRecord } from '../src/store/record-codec.ts'
import { createSystemClock } from '../src/system/system-clock.ts'
import { createMemoryLogStore, debateServices, debateSpec, PERSONAS } from './runtime-debate.ts'

/** The log of a debate of the replay bench, as records and as the lines a file holds. */
export interface BenchLog {
  readonly turns: number
  readonly records: readonly LogRecord[]
  readonly bytes: Buffer
}

/** Holds a debate of `phases` phases over the model that answers at once, and returns its log. */
export async function holdDebate(phases: number): Promise<BenchLog> {
  const kept: LogRecord[] = []
  const { stopReason } = await (await startRun(specOf(phases), debateServices(createMemoryLogStore(kept), createSystemClock())))
    .result
  if (stopReason !== 'no-candidate') throw new Error(`a bench run ended with ${stopReason}`)
  return { turns: phases * PERSONAS.length, records: kept, bytes: Buffer.from(kept.map(encodeRecord).join('')) }
}

/** A user may ask for 1,000 rounds at most; the machines have no such limit. */
export function specOf(phases: number): RunSpec {
  return { ...debateSpec(Math.min(phases, 1_000)), rounds: phases - 2 }
}

/** CPU of this process for `work`, ms a time. */
export async function cpuOf(times: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < times; i += 1) await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / times
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
