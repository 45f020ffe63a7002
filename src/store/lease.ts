import type { RunId } from '../domain/ids.ts'
import type { LeaseHolder } from '../ports/run-store.ts'
import { errorCode, type FileSystem, writeFully } from './file-system.ts'
import { type ProcessTable, parseOwnerTag } from './process-table.ts'
import { runHeld } from './store-error.ts'

/**
 * A run belongs to the process whose `lease.<owner tag>` lies in the run's folder.
 * 1. Publish, then look: a contender first writes its own file, then reads the folder, and withdraws if anyone living is
 *    there. Whoever publishes second sees the first, so two never both hold a run. Both may withdraw; they try again.
 * 2. No two leases share a name, so removing a dead one can never remove a living one, and no takeover lock is needed.
 * 3. A lease has no expiry: it ends with its process, judged by pid, start time and boot. A process that was stopped and
 *    goes on still holds its runs; one that was killed holds nothing.
 * 4. A process that only tidies up after a dead one says so in its lease; whoever wants the run waits for it to be done.
 */
export interface Lease {
  /** False once someone removed the file: this process must write no more. */
  isHeld(): boolean
  release(): void
}

export interface LeaseContext {
  readonly fs: FileSystem
  readonly processes: ProcessTable
  /** Tag of the store that asks. */
  readonly tag: string
  wallMs(): number
  /** Waits a few ms before another try; random, so that two contenders part. */
  pause(): Promise<void>
}

const PREFIX = 'lease.'
const TRIES = 4
/** Pauses for which a process that tidies up is waited for: a second or two. */
const PATIENCE = 150

/** Returns where the lease of the store with `tag` on the run in `folder` lies. */
export function leasePath(folder: string, tag: string): string {
  return `${folder}/${PREFIX}${tag}`
}

/**
 * Takes the lease of the run in `folder`. Throws `RUN_HELD` naming the living holder; removes what the dead left. With
 * `isPassing` it is taken to tidy up and given back at once.
 */
export async function acquireLease(context: LeaseContext, folder: string, runId: RunId, isPassing = false): Promise<Lease> {
  const { fs, tag } = context
  const path = leasePath(folder, tag)
  let waited = 0
  for (let tries = 1; ; tries++) {
    // Who was there first holds the run, or is about to; only one that came while we published may withdraw as we do.
    let holder = livingRival(context, folder, '')
    for (; holder?.isPassing === true && !isPassing && waited < PATIENCE; waited += 1) {
      await context.pause()
      holder = livingRival(context, folder, '')
    }
    if (holder !== null) throw runHeld(runId, holder.holder)
    publish(context, path, isPassing)
    const rival = livingRival(context, folder, path)
    if (rival === null) return { isHeld: () => fs.exists(path), release: () => removeIfThere(fs, path) }
    removeIfThere(fs, path)
    if (tries === TRIES) throw runHeld(runId, rival.holder)
    await context.pause()
  }
}

function publish(context: LeaseContext, path: string, isPassing: boolean): void {
  const { fs } = context
  const fd = fs.open(path, 'wx')
  try {
    const { processes } = context
    const who = { pid: processes.self().pid, host: processes.hostName(), sinceMs: context.wallMs() }
    const note = isPassing ? { ...who, isPassing } : who
    writeFully(fs, fd, Buffer.from(JSON.stringify(note)), 0)
  } catch (error) {
    removeIfThere(fs, path)
    throw error
  } finally {
    fs.close(fd)
  }
}

/** Returns a living holder other than the lease at `own`, and removes the leases of the dead. */
function livingRival(context: LeaseContext, folder: string, own: string): LivingHolder | null {
  let rival: LivingHolder | null = null
  for (const name of context.fs.list(folder)) {
    const path = `${folder}/${name}`
    if (!name.startsWith(PREFIX) || path === own) continue
    const holder = livingHolder(context, folder, name)
    if (holder === null) removeIfThere(context.fs, path)
    else rival = holder
  }
  return rival
}

/** Returns who holds the run in `folder`, or null. Never writes. `names` spares a second listing. */
export function leaseHolder(
  context: Pick<LeaseContext, 'fs' | 'processes'>,
  folder: string,
  names = context.fs.list(folder),
): LeaseHolder | null {
  for (const name of names) {
    if (!name.startsWith(PREFIX)) continue
    const living = livingHolder(context, folder, name)
    if (living !== null) return living.holder
  }
  return null
}

interface LivingHolder {
  readonly holder: LeaseHolder
  /** True for one that tidies up, and for one that has not written its note yet: both are worth another look. */
  readonly isPassing: boolean
}

function livingHolder(context: Pick<LeaseContext, 'fs' | 'processes'>, folder: string, name: string): LivingHolder | null {
  const identity = parseOwnerTag(name.slice(PREFIX.length))
  if (identity === null || !context.processes.isRunning(identity)) return null
  const noted = readNote(context.fs, `${folder}/${name}`)
  const holder = { pid: identity.pid, host: noted.host ?? 'an unnamed host', sinceMs: noted.sinceMs ?? 0 }
  return { holder, isPassing: noted.isPassing ?? noted.host === undefined }
}

/** The note serves messages only; a torn one must not free or block a run. */
function readNote(
  fs: FileSystem,
  path: string,
): { readonly host?: string; readonly sinceMs?: number; readonly isPassing?: true } {
  try {
    const note: unknown = JSON.parse(fs.read(path).toString())
    if (typeof note !== 'object' || note === null) return {}
    return {
      ...('host' in note && typeof note.host === 'string' ? { host: note.host } : {}),
      ...('sinceMs' in note && typeof note.sinceMs === 'number' ? { sinceMs: note.sinceMs } : {}),
      ...('isPassing' in note && note.isPassing === true ? { isPassing: true } : {}),
    }
  } catch {
    return {}
  }
}

function removeIfThere(fs: FileSystem, path: string): void {
  try {
    fs.unlink(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
