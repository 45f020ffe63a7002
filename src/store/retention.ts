import type { RunId } from '../domain/ids.ts'
import type { RunListing } from '../ports/run-store.ts'

/** What may be removed. Both limits must allow it where both are given; with neither, nothing is. */
export interface RetentionPolicy {
  /** The newest so many runs stay. */
  readonly keep?: number
  /** Runs younger than so many days stay. */
  readonly days?: number
  /** Epoch ms. */
  readonly nowMs: number
}

export interface RetentionFacts {
  readonly pinned: ReadonlySet<RunId>
  /** Runs in this process; runs another process holds are seen from their listing. */
  readonly running: ReadonlySet<RunId>
  /** Parent of each run that was forked. A parent stays as long as a fork of it stays. */
  readonly parents: ReadonlyMap<RunId, RunId>
}

export interface PrunePlan {
  /** Forks before their parents, so that a half-done prune never leaves a fork without its parent. */
  readonly prune: readonly RunId[]
  /** Runs the policy would remove, and why they stay. */
  readonly spared: readonly { readonly runId: RunId; readonly reason: 'pinned' | 'running' | 'parent' }[]
}

const DAY_MS = 86_400_000

/** Returns which of `listings` to remove. Never a pinned or running run, nor one that a staying fork needs. */
export function selectPrunable(listings: readonly RunListing[], policy: RetentionPolicy, facts: RetentionFacts): PrunePlan {
  const newestFirst = [...listings].sort((a, b) => b.createdMs - a.createdMs || (a.runId < b.runId ? 1 : -1))
  const spared: { runId: RunId; reason: 'pinned' | 'running' | 'parent' }[] = []
  const doomed = new Set<RunId>()
  for (const [index, listing] of newestFirst.entries()) {
    if (!isPastLimits(listing, index, policy)) continue
    const { runId } = listing
    if (facts.pinned.has(runId)) spared.push({ runId, reason: 'pinned' })
    else if (facts.running.has(runId) || listing.holder !== null) spared.push({ runId, reason: 'running' })
    else doomed.add(runId)
  }
  for (const listing of newestFirst) if (!doomed.has(listing.runId)) spareAncestors(listing.runId, doomed, facts, spared)
  return {
    prune: forksFirst(
      newestFirst.map((listing) => listing.runId).filter((id) => doomed.has(id)),
      facts.parents,
    ),
    spared,
  }
}

function isPastLimits(listing: RunListing, index: number, { keep, days, nowMs }: RetentionPolicy): boolean {
  if (keep === undefined && days === undefined) return false
  if (keep !== undefined && index < keep) return false
  return days === undefined || nowMs - listing.createdMs >= days * DAY_MS
}

function spareAncestors(
  runId: RunId,
  doomed: Set<RunId>,
  facts: RetentionFacts,
  spared: { runId: RunId; reason: 'parent' | 'pinned' | 'running' }[],
): void {
  const seen = new Set([runId])
  for (let parent = facts.parents.get(runId); parent !== undefined && !seen.has(parent); parent = facts.parents.get(parent)) {
    seen.add(parent)
    if (doomed.delete(parent)) spared.push({ runId: parent, reason: 'parent' })
  }
}

/** A wrong clock can make a parent look younger than its fork, so the order is by descent, not by time. */
function forksFirst(ids: readonly RunId[], parents: ReadonlyMap<RunId, RunId>): readonly RunId[] {
  const depthOf = (runId: RunId): number => {
    const seen = new Set<RunId>()
    for (let id: RunId | undefined = runId; id !== undefined && !seen.has(id); id = parents.get(id)) seen.add(id)
    return seen.size
  }
  return [...ids].sort((a, b) => depthOf(b) - depthOf(a))
}
