import { CodeConductorError } from '../domain/errors.ts'
import type { RunId } from '../domain/ids.ts'
import type { LeaseHolder } from '../ports/run-store.ts'
import { errorCode } from './file-system.ts'

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some disk space, then run: codeconductor resume last',
  EDQUOT: 'Free some of your disk quota, then run: codeconductor resume last',
  EACCES: 'Choose a writable folder with --out DIR',
  EPERM: 'Choose a writable folder with --out DIR',
  EROFS: 'Choose a writable folder with --out DIR',
  EMFILE: 'Raise the limit of open files: ulimit -n 4096',
}

const SAYINGS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  EIO: 'the disk reports an error',
}

/** Returns `STORE_FAILED` for what went wrong while `doing` (a gerund phrase without paths). */
export function storeFailed(doing: string, cause: unknown, details: Readonly<Record<string, unknown>> = {}): CodeConductorError {
  if (cause instanceof CodeConductorError) return cause
  const code = errorCode(cause)
  const reason = typeof cause === 'string' ? cause : code === null ? 'unexpected failure' : (SAYINGS[code] ?? code)
  return new CodeConductorError('STORE_FAILED', `Failed ${doing}: ${reason}.`, {
    hint: HINTS[code ?? ''] ?? 'codeconductor doctor',
    retryable: code === 'ENOSPC' || code === 'EDQUOT' || code === 'EMFILE',
    cause: typeof cause === 'string' ? undefined : cause,
    details: { ...details, ...(code === null ? {} : { errno: code }) },
  })
}

/** Returns `RUN_HELD` naming who holds the run. */
export function runHeld(runId: RunId, holder: LeaseHolder): CodeConductorError {
  const since = new Date(holder.sinceMs).toISOString()
  return new CodeConductorError('RUN_HELD', `Run ${runId} belongs to process ${holder.pid} on ${holder.host} since ${since}.`, {
    hint: `Stop that process, or fork the run: codeconductor fork ${runId}`,
    details: { runId, pid: holder.pid, host: holder.host, sinceMs: holder.sinceMs },
  })
}

/** Returns `RUN_NOT_FOUND` for an id, or whatever was typed for one. */
export function runNotFound(name: string): CodeConductorError {
  return new CodeConductorError('RUN_NOT_FOUND', `There is no run ${JSON.stringify(name)} here.`, {
    hint: 'codeconductor runs list',
  })
}

/** Returns `RUN_PINNED`. */
export function runPinned(runId: RunId): CodeConductorError {
  return new CodeConductorError('RUN_PINNED', `Run ${runId} is pinned.`, { hint: `codeconductor runs unpin ${runId}` })
}
