import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunLimits } from '../../ports/sandbox.ts'

/*
 * Cgroup v2, where the user was given a part of it (a systemd user session is). An upgrade, never a precondition: rlimits and the
 * watchdog hold without it. What it adds: memory of all processes of a run is capped by the kernel, page cache of its scratch space
 * included, and none can leave.
 */

/** The group of one run. */
export interface RunCgroup {
  /** Moves the first process of a run in; what it starts from then on is in too. Returns false when it is not in there afterwards. */
  add(pid: number): boolean
  kill(): void
  /** Removes the group; nothing may be left in it. */
  remove(): void
}

/**
 * Returns the directory in which this process may make groups with memory and process limits; null when there is none. `self` is the
 * content of /proc/self/cgroup. A group that holds processes cannot hand controllers down, so it is mostly the parent of ours.
 */
export function findCgroupHome(root: string, self: string): string | null {
  const own = /^0::(\/[^\n]*)$/m.exec(self)?.[1]
  if (own === undefined || own.includes('..')) return null
  let at = join(root, own)
  for (let i = 0; i < 3 && at.length >= root.length; i++, at = dirname(at)) {
    try {
      const handedDown = readFileSync(join(at, 'cgroup.subtree_control'), 'utf8').split(/\s+/)
      if (!handedDown.includes('memory') || !handedDown.includes('pids')) continue
      for (const path of [at, join(at, 'cgroup.procs')]) accessSync(path, constants.W_OK)
      return at
    } catch {
      // Not ours to write, or not there.
    }
  }
  return null
}

/** Makes the groups of all runs, and knows whether that worked. */
export interface RunCgroups {
  /** Makes the group of one run; null when the kernel did not take all its limits. */
  open(name: string, limits: RunLimits): RunCgroup | null
  /** True when every run so far was in a group of its own before its program started; null when there was none. */
  held(): boolean | null
}

/** Creates the groups below `home`. `readGroups` is for tests. */
export function createRunCgroups(home: string, readGroups: (pid: number) => string = readGroupsOf): RunCgroups {
  let held: boolean | null = null
  return {
    open: (name, limits) => {
      const group = openRunCgroup(home, name, limits, readGroups)
      if (group === null) held = false
      return (
        group && {
          ...group,
          add: (pid) => {
            const isIn = group.add(pid)
            held = isIn && held !== false
            return isIn
          },
        }
      )
    },
    held: () => held,
  }
}

/** Makes a group with the limits of a run below `home`. Null when the kernel did not take them all: half a limit is none. */
function openRunCgroup(home: string, name: string, limits: RunLimits, readGroups: (pid: number) => string): RunCgroup | null {
  const path = join(home, name)
  const set = (file: string, value: string): void => writeFileSync(join(path, file), value)
  const remove = (): void => {
    try {
      rmdirSync(path)
    } catch {
      // Something of it is still being taken down; an empty group costs nothing.
    }
  }
  try {
    mkdirSync(path)
  } catch {
    return null
  }
  try {
    set('memory.max', String(limits.memoryBytes + limits.scratchBytes))
    set('pids.max', String(limits.processes + 8)) // the driver's own processes are in it too
    set('memory.oom.group', '1')
  } catch {
    remove()
    return null
  }
  const attempt = (file: string, value: string): void => {
    try {
      set(file, value)
    } catch {
      // Gone already, or a kernel without this file.
    }
  }
  attempt('memory.swap.max', '0')
  const isIn = (pid: number): boolean => /^0::(.*)$/m.exec(readGroups(pid))?.[1]?.endsWith(`/${name}`) ?? false
  const add = (pid: number): boolean => {
    attempt('cgroup.procs', String(pid))
    return isIn(pid)
  }
  return { add, kill: () => attempt('cgroup.kill', '1'), remove }
}

/** Returns the content of /proc/PID/cgroup; empty when the process has gone. */
function readGroupsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    return ''
  }
}
