import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { CodeConductorError } from '../domain/errors.ts'
import { type RunId, shortRunId } from '../domain/ids.ts'
import { isRunId, normalizeTypedId, RUN_ID_LENGTH } from './run-id.ts'
import { listSegments } from './segments.ts'
import { runNotFound } from './store-error.ts'

export interface FoundRun {
  /** Null for a log outside any store whose folder does not bear a run id. */
  readonly runId: RunId | null
  /** The folder with the log, absolute. */
  readonly folder: string
  /** The log file itself where one was named, else null. */
  readonly file: string | null
}

export interface FindRunOptions {
  /** The store's root, which holds `runs/`. */
  readonly root: string
  /** Against which paths are read. */
  readonly cwd: string
}

/** Letters of a short form; a prefix of an id must be longer to be taken for one. */
const SHORT_LENGTH = 4
const MAX_NAMED = 8

/**
 * Returns the run that `query` names: `last`, a full id, a short form (last four letters, in any case, with o for 0 and
 * i or l for 1), an unambiguous start of an id, or the path of a run's folder or log file. Never writes. Throws
 * `RUN_NOT_FOUND`, or `RUN_AMBIGUOUS` with the candidates, newest first.
 */
export function findRun(query: string, options: FindRunOptions): FoundRun {
  const runsFolder = resolve(options.root, 'runs')
  const ids = listIds(runsFolder)
  const found = (runId: RunId): FoundRun => ({ runId, folder: `${runsFolder}/${runId}`, file: null })
  const typed = normalizeTypedId(query.trim())
  const newest = ids.at(-1)
  if (query.trim().toLowerCase() === 'last') {
    if (newest === undefined) throw runNotFound('last')
    return found(newest)
  }
  const matches = matching(ids, typed)
  const [only, second] = matches
  if (only !== undefined && second === undefined) return found(only)
  if (matches.length > 1) throw runAmbiguous(query, matches)
  const byPath = findByPath(resolve(options.cwd, query))
  if (byPath === null) throw runNotFound(query)
  return byPath
}

/** An id that is typed in full is that one; else short forms go before starts, so that a short form always works. */
function matching(ids: readonly RunId[], typed: string): readonly RunId[] {
  if (typed.length === RUN_ID_LENGTH) return ids.filter((id) => id === typed)
  if (typed.length === SHORT_LENGTH) {
    const byShort = ids.filter((id) => id.endsWith(typed))
    if (byShort.length > 0) return byShort
  }
  return typed.length < SHORT_LENGTH ? [] : ids.filter((id) => id.startsWith(typed))
}

function listIds(runsFolder: string): readonly RunId[] {
  if (!existsSync(runsFolder)) return []
  return readdirSync(runsFolder).filter(isRunId).sort()
}

function findByPath(path: string): FoundRun | null {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return null
  if (stats.isDirectory()) return listSegments(readdirSync(path)).files.length > 0 ? atFolder(path, null) : null
  return stats.isFile() ? atFolder(dirname(path), path) : null
}

function atFolder(folder: string, file: string | null): FoundRun {
  const name = basename(folder)
  return { runId: isRunId(name) ? name : null, folder, file }
}

function runAmbiguous(query: string, ids: readonly RunId[]): CodeConductorError {
  const newestFirst = ids.toReversed()
  const named = newestFirst.slice(0, MAX_NAMED).map((id) => `${shortRunId(id)} (${id})`)
  const more = ids.length > MAX_NAMED ? ` and ${ids.length - MAX_NAMED} more` : ''
  return new CodeConductorError('RUN_AMBIGUOUS', `${JSON.stringify(query)} may be any of ${named.join(', ')}${more}.`, {
    hint: 'Type more of the id: codeconductor runs list',
    details: { query, candidates: newestFirst },
  })
}
