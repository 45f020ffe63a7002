import { CodeConductorError } from '../domain/errors.ts'
import type { RunId } from '../domain/ids.ts'
import { type PrunePlan, type RetentionPolicy, selectPrunable } from '../store/retention.ts'
import type { Conductor } from './compose.ts'

export interface Pruned {
  readonly removed: readonly RunId[]
  /** Runs the policy would remove, and why they stay. */
  readonly spared: readonly { readonly runId: RunId; readonly reason: string }[]
}

/** The part of a process's services that pruning needs. */
export interface PruneConductor extends Pick<Conductor, 'clock'> {
  readonly store: Pick<Conductor['store'], 'list' | 'readEnds' | 'isPinned' | 'remove'>
}

/** Returns what the limits would remove, with each run's parent taken from its start record. Removes nothing. */
export async function planPrune({ store, clock }: PruneConductor, limits: Omit<RetentionPolicy, 'nowMs'>): Promise<PrunePlan> {
  const listings = await store.list()
  const pinned = new Set<RunId>()
  const parents = new Map<RunId, RunId>()
  for (const { runId } of listings) {
    if (await store.isPinned(runId)) pinned.add(runId)
    const parent = await parentOf(store, runId)
    if (parent !== null) parents.set(runId, parent)
  }
  return selectPrunable(listings, { ...limits, nowMs: clock.wallMs() }, { pinned, running: new Set(), parents })
}

/**
 * Removes what the limits allow to remove; a run that was pinned or taken meanwhile stays, and with it the runs it was
 * forked from. Throws `STORE_FAILED` where the disk refuses.
 */
export async function pruneRuns(conductor: PruneConductor, limits: Omit<RetentionPolicy, 'nowMs'>): Promise<Pruned> {
  const { prune, spared } = await planPrune(conductor, limits)
  const removed: RunId[] = []
  const late: { runId: RunId; reason: string }[] = []
  const needed = new Set<RunId>()
  // Forks come before their parents, so one that stays is known before its parent's turn comes.
  for (const runId of prune) {
    const parent = await parentOf(conductor.store, runId)
    const reason = needed.has(runId) ? 'parent' : await tryRemove(conductor, runId)
    if (reason === null) removed.push(runId)
    else {
      late.push({ runId, reason })
      if (parent !== null) needed.add(parent)
    }
  }
  return { removed, spared: [...spared, ...late] }
}

/** Returns why the run stays; null when it is gone. */
async function tryRemove({ store }: PruneConductor, runId: RunId): Promise<string | null> {
  try {
    await store.remove(runId)
    return null
  } catch (error) {
    const code = error instanceof CodeConductorError ? error.code : ''
    if (code === 'RUN_NOT_FOUND') return null
    if (code === 'RUN_PINNED') return 'pinned'
    if (code === 'RUN_HELD') return 'running'
    throw error
  }
}

/** A log that cannot be read names no parent; it is no fork that could still be replayed. */
async function parentOf(store: PruneConductor['store'], runId: RunId): Promise<RunId | null> {
  try {
    const { first } = await store.readEnds(runId)
    const { parent } = (first?.d ?? {}) as { parent?: { runId?: unknown } }
    return typeof parent?.runId === 'string' ? parent.runId : null
  } catch (error) {
    if (error instanceof CodeConductorError) return null
    throw error
  }
}
