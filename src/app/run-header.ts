import { shortHash } from '../actors/digest.ts'
import type { RunSpec } from '../domain/run-spec.ts'
import type { Services } from './services.ts'

/** Version of what effects are asked and answer; raised when an old log's results no longer fit. */
const EFFECT_CONTRACT = 1

/** Returns who goes on with a run: kept in its `upgraded` record. */
export function runFacts(services: Services): Record<string, unknown> {
  return { product: services.productVersion, machine: services.runtime.machineHash, atMs: services.clock.wallMs() }
}

/** Returns what the start record says besides the input: who wrote the log, and hashes of what shaped it. */
export function runHeader(services: Services, spec: RunSpec): Record<string, unknown> {
  return {
    product: services.productVersion,
    effects: EFFECT_CONTRACT,
    machine: services.runtime.machineHash,
    startedMs: services.clock.wallMs(),
    personas: shortHash(JSON.stringify(spec.agents)),
  }
}
