import { readFileSync, readlinkSync, realpathSync } from 'node:fs'

/** True for a process that this one started, or whose starter is gone: other test files have sandboxes of their own. */
export function isOursOrNobodys(pid: string): boolean {
  for (let at = pid; at !== '1' && at !== '0'; at = parentOf(at)) {
    if (at === String(process.pid)) return true
    if (isNode(at)) return false
  }
  return true
}

function parentOf(pid: string): string {
  try {
    return /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? '0'
  } catch {
    return '0'
  }
}

function isNode(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === realpathSync(process.execPath)
  } catch {
    return false
  }
}
