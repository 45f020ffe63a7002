import { z } from 'zod'
import type { RunEvent } from '../domain/event.ts'
import { createArtifactDir } from './artifact-dir.ts'

/*
 * What a fold of the log said, kept beside it so that a long run need not be folded to be shown. A cache, never the
 * truth: it counts only for the digest it was written under, and nothing is resumed, forked or replayed from it.
 */

const FILE = 'snapshot.json'

const Snapshot = z.object({
  v: z.literal(1),
  digest: z.string().min(1),
  events: z.array(z.looseObject({ type: z.string(), seq: z.int(), t: z.number() })),
})

/** Returns the events of a run's snapshot; null where there is none, it cannot be read, or its digest is not the log's. */
export function readSnapshot(folder: string, digest: string): readonly RunEvent[] | null {
  const text = createArtifactDir(folder).read(FILE)
  if (text === null) return null
  try {
    const snapshot = Snapshot.safeParse(JSON.parse(text))
    return snapshot.success && snapshot.data.digest === digest ? (snapshot.data.events as unknown as RunEvent[]) : null
  } catch {
    // A torn or edited cache is no cache.
    return null
  }
}
