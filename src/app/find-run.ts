import { readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { CodeConductorError } from '../domain/errors.ts'
import type { RunId } from '../domain/ids.ts'
import type { LogRecord } from '../domain/record.ts'
import { createNodeFileSystem } from '../store/file-system.ts'
import { type FoundRun, findRun } from '../store/find-run.ts'
import { readRunFiles } from '../store/load-run.ts'
import { decodeLog } from '../store/record-codec.ts'
import type { Conductor } from './compose.ts'

export type { FoundRun } from '../store/find-run.ts'

/** Returns the run that `query` names among the runs of `conductor`, or by its path; see `findRun`. */
export function locateRun(conductor: Pick<Conductor, 'artifactsDir'>, query: string, cwd: string): FoundRun {
  return findRun(query, { root: conductor.artifactsDir, cwd })
}

/** Returns the id of the run that `query` names among those of `conductor`. Throws `RUN_NOT_FOUND` for a log elsewhere, too. */
export function locateOwnRun(conductor: Pick<Conductor, 'artifactsDir' | 'store'>, query: string, cwd: string): RunId {
  const { runId, folder } = locateRun(conductor, query, cwd)
  if (runId !== null && conductor.store.folderOf(runId) === folder) return runId
  throw new CodeConductorError('RUN_NOT_FOUND', `${query} is not among the runs of ${conductor.artifactsDir}`, {
    hint: 'codeconductor runs list',
  })
}

/**
 * Returns the records of a run that was located: through the store where it is one of its runs, else from its folder or
 * from the one file that was named. Never writes. Throws `LOG_CORRUPT`; a line cut off at the end is left out.
 */
export async function readLocated(conductor: Pick<Conductor, 'store'>, found: FoundRun): Promise<readonly LogRecord[]> {
  const { runId, folder, file } = found
  if (runId !== null && conductor.store.folderOf(runId) === folder) return (await conductor.store.read(runId)).records
  // A file with the name a store gives belongs to a folder that may hold its other segments and long payloads.
  const log = file === null || /^log(\.\d+)?\.jsonl$/.test(basename(file)) ? readFolder(folder) : readLogFile(file)
  if (log.isBad) {
    throw new CodeConductorError('LOG_CORRUPT', `the log is damaged after its record ${log.records.length - 1}`, {
      hint: 'use another copy of this log',
      details: { records: log.records.length },
    })
  }
  return log.records
}

interface ReadLog {
  readonly records: readonly LogRecord[]
  readonly isBad: boolean
}

function readFolder(folder: string): ReadLog {
  const { records, bad, isTorn } = readRunFiles(createNodeFileSystem(), folder)
  return { records, isBad: bad !== null && !isTorn }
}

function readLogFile(file: string): ReadLog {
  const { records, bad } = decodeLog(readFileSync(file), 0, null)
  const parted = records.find(({ d }) =>
    Object.values((d ?? {}) as object).some((part) => typeof part === 'string' && /^@sha256:[0-9a-f]{64}$/.test(part)),
  )
  if (parted !== undefined) {
    throw new CodeConductorError(
      'LOG_CORRUPT',
      `record ${parted.seq} keeps a long payload in blobs/ beside its log, and only the log is here`,
      {
        hint: 'name the run or its folder; `codeconductor record` writes logs of one file',
      },
    )
  }
  return { records, isBad: bad !== null && bad.problem !== 'torn' }
}

/** Returns the records of the run `query` names (an id, `last`, a path) and the folder they lie in. Never writes. */
export async function readLocatedRun(
  query: string,
  options: { readonly artifactsDir?: string; readonly cwd?: string },
): Promise<{ readonly records: readonly LogRecord[]; readonly folder: string }> {
  const cwd = options.cwd ?? process.cwd()
  const found = findRun(query, { root: resolve(cwd, options.artifactsDir ?? 'artifacts'), cwd })
  const log =
    found.file === null || /^log(\.\d+)?\.jsonl$/.test(basename(found.file)) ? readFolder(found.folder) : readLogFile(found.file)
  if (log.isBad) {
    throw new CodeConductorError('LOG_CORRUPT', `the log is damaged after its record ${log.records.length - 1}`, {
      hint: 'use another copy of this log',
      details: { records: log.records.length },
    })
  }
  return { records: log.records, folder: found.folder }
}
