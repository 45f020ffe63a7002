import { CodeConductorError } from '../domain/errors.ts'
import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import { RunSpec } from '../domain/run-spec.ts'

/** A run in a few words, from its first and last record; null what cannot be told. */
export interface RunSummary {
  readonly prompt: string | null
  readonly protocol: string | null
  readonly agents: readonly string[]
  /** How it ended; null for one that has not, or whose log cannot be read. */
  readonly outcome: string | null
  readonly stopReason: string | null
  /** Digest the log ends in; null for a run that has not ended. */
  readonly digest: string | null
  /** Why the log cannot be read; null when it can. */
  readonly damage: string | null
}

/** Where the ends of a log are read; the file store is one. */
interface EndsReader {
  readEnds(runId: RunId): Promise<{ readonly first: LogRecord | null; readonly last: LogRecord | null }>
}

/**
 * Returns what the ends of a run's log say, without reading what lies between them. Damage that shows there is told in
 * `damage`, not thrown; `runs verify` looks everywhere.
 */
export async function summarizeRun({ store }: { readonly store: EndsReader }, runId: RunId): Promise<RunSummary> {
  try {
    const { first, last } = await store.readEnds(runId)
    const spec = RunSpec.safeParse(field(first?.d, 'spec'))
    const end = last?.k === 'end' ? last.d : null
    return {
      prompt: spec.success ? spec.data.prompt : null,
      protocol: spec.success ? spec.data.protocol : null,
      agents: spec.success ? spec.data.agents.map(({ id }) => id) : [],
      outcome: text(field(end, 'outcome')),
      stopReason: text(field(end, 'stopReason')),
      digest: last?.k === 'end' ? (last.h ?? null) : null,
      damage: null,
    }
  } catch (error) {
    if (!(error instanceof CodeConductorError)) throw error
    return { prompt: null, protocol: null, agents: [], outcome: null, stopReason: null, digest: null, damage: error.message }
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
