import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { RunCgroup } from '../limits/cgroup.ts'
import { whenGone } from '../limits/process-tree.ts'
import { FD } from './box-stdio.ts'
import type { Ended, Launched } from './launch.ts'

/** What differs between drivers in following a sandboxed process. */
export interface FollowOptions {
  readonly hasChannel: boolean
  /** Returns the host pid of the namespace's first process, from what the status pipe said so far; null while unknown. */
  findRootPid(status: string): number | null
  /** True when the status pipe says `"signal":` for a program that a signal ended; else 128 + signal is its exit code. */
  readonly reportsSignals?: boolean
  /** Called with all the status pipe has said, whenever it says more. */
  onStatus?(status: string): void
  /** The group of this run, where there are groups: its first process is moved in as soon as it is known. */
  readonly group: RunCgroup | null
  /** Called once the first process is known and in its group. Until then the driver holds the program back, where there is a group. */
  letGo?(): void
  readonly scratchPath: () => string | null
  readonly countInodes: ((rootPid: number | null) => number | null) | null
  release(): void
}

/** Follows a spawned sandbox to its end, through its status pipe and its exit. */
export function followChild(child: ChildProcess, options: FollowOptions): Launched {
  let rootPid: number | null = null
  let code: number | null = null
  let signal: number | null = null
  let status = ''
  let isGone = false
  let isReleased = false
  const statusPipe = (child.stdio as readonly unknown[])[FD.status] as Readable
  statusPipe.on('error', () => undefined)
  statusPipe.on('data', (chunk: Buffer) => {
    status = (status + chunk.toString('latin1')).slice(0, 4096)
    if (rootPid === null) {
      rootPid = options.findRootPid(status)
      if (rootPid !== null) {
        options.group?.add(rootPid)
        options.letGo?.()
      }
    }
    code ??= numberAfter(status, 'exit-code')
    signal ??= numberAfter(status, 'signal')
    options.onStatus?.(status)
  })
  child.stdin?.on('error', () => undefined)
  const ended = new Promise<Ended>((resolve) => {
    let isDone = false
    const finish = (): void => {
      if (isDone) return
      isDone = true
      // The exit code may be reported before the first process inside has gone; only then is everything inside dead.
      void whenGone(rootPid).then(() =>
        resolve({ started: rootPid !== null, code, ...(options.reportsSignals ? { signal } : {}) }),
      )
    }
    child.on('error', finish)
    child.on('close', finish)
    child.on('exit', () => {
      isGone = true
      // A pipe can outlive the process when someone else holds it; the end does not wait for that.
      setTimeout(finish, 1_500).unref()
    })
  })
  return {
    stdin: child.stdin,
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    channel: options.hasChannel ? ((child.stdio as readonly unknown[])[FD.channel] as Readable) : null,
    rootPid: () => rootPid,
    kill: () => {
      // Once reaped, the numbers may belong to somebody else.
      if (isGone) return
      options.group?.kill()
      for (const pid of [rootPid, child.pid === undefined ? null : -child.pid]) {
        try {
          if (pid !== null) process.kill(pid, 'SIGKILL')
        } catch {
          // Already gone.
        }
      }
    },
    ended,
    scratchPath: options.scratchPath,
    countInodes: options.countInodes && (() => options.countInodes?.(rootPid) ?? null),
    release: () => {
      if (!isReleased) {
        options.release()
        options.group?.remove()
      }
      isReleased = true
    },
  }
}

/** Returns the number after `"key":` in a driver's status text, or null. */
export function numberAfter(text: string, key: string): number | null {
  const found = new RegExp(`"${key}"\\s*:\\s*(\\d+)`).exec(text)?.[1]
  return found === undefined ? null : Number(found)
}
