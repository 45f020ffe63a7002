/*
 * How a result that comes a candidate at a time stands in the log: each row is a chunk, told as soon as it is there, and the
 * `ok` says only what the rows do not. Logs from before rows were told have them in the `ok`.
 */

/** Payload of a `chunk` record of an effect whose result has rows. */
export interface RowChunk {
  readonly row: { readonly candidate: string }
}

type Row = RowChunk['row']

/** Returns a result's payload as its `ok` says it, and the rows that have yet to be told before it. */
export function packRows(
  result: unknown,
  told: ReadonlySet<string>,
): { readonly untold: readonly Row[]; readonly facts: unknown } {
  const { rows, ...facts } = result as { readonly rows?: readonly Row[] }
  if (rows === undefined) return { untold: [], facts: result }
  return { untold: rows.filter(({ candidate }) => !told.has(candidate)), facts }
}

/** Returns the whole result from its records: rows that came as chunks, put in the order in which `request` names the candidates. */
export function unpackRows(record: unknown, request: unknown, told: readonly Row[]): unknown {
  const { candidates = [] } = request as { readonly candidates?: readonly { readonly id: string }[] }
  const byCandidate = new Map(told.map((row) => [row.candidate, row]))
  return { rows: candidates.flatMap(({ id }) => byCandidate.get(id) ?? []), ...(record as object) }
}

/** True for effects whose results have rows. */
export function hasRows(effect: string): boolean {
  return effect === 'execute' || effect === 'suite'
}
