import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** How a log that stands alone is named; beside others in one folder. */
const LOG_FILE = /\.log\.jsonl$/

/**
 * Returns what `query` names, as queries for one run each: the logs in a folder of logs (`*.log.jsonl` and folders of runs,
 * by name), else `query` itself.
 */
export function findLogs(query: string, cwd: string): readonly string[] {
  const path = resolve(cwd, query)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true || existsSync(join(path, 'log.jsonl'))) return [query]
  const logs = readdirSync(path)
    .sort()
    .filter((name) => LOG_FILE.test(name) || existsSync(join(path, name, 'log.jsonl')))
  return logs.length === 0 ? [query] : logs.map((name) => join(query, name))
}
