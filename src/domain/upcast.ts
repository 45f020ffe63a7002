import type { LogRecord } from './record.ts'

/** Lifts a record of one version to the next. Pure; a released one never changes. */
export type Upcaster = (record: LogRecord) => LogRecord

/**
 * The way from version 1 to today's: the first lifts v1 to v2, the next v2 to v3, and so on. Empty, since v1 is today's. Each
 * new one comes with a recorded run of the version before it in `tests/golden`.
 */
export const UPCASTERS: readonly Upcaster[] = []

/** Returns a record of a log of `version` as the last version of `chain` would have written it. */
export function upcastRecord(version: number, record: LogRecord, chain: readonly Upcaster[] = UPCASTERS): LogRecord {
  const last = chain.length + 1
  if (version >= last) return record
  const lifted = chain.slice(version - 1).reduce((older, lift) => lift(older), record)
  return lifted.k === 'start' ? { ...lifted, v: last } : lifted
}
