import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { checkBoxPath, checkHostDirectory } from '../policy.ts'
import { type LaunchPlan, openMountedFile } from './launch.ts'

/** Descriptors every Linux driver hands to what it spawns. */
export const FD = { seccomp: 3, status: 4, args: 5, channel: 6, firstFile: 7 } as const

export interface BoxStdio {
  readonly stdio: readonly (number | 'pipe' | 'ignore')[]
  /** Files to be made inside, with the descriptor their content comes from. */
  readonly files: readonly { readonly fd: number; readonly boxPath: string }[]
  /** Writes the contents that are text, and ends their pipes. */
  feed(child: ChildProcess): void
  /** Closes what was opened here; after the spawn the child has its own. */
  close(): void
}

/** Opens what `plan` needs: the filter, the channel and one descriptor a file. Throws `POLICY_REFUSED`; nothing is left open then. */
export function openBoxStdio(plan: LaunchPlan, filterPath: string): BoxStdio {
  const opened: number[] = []
  const close = (): void => {
    for (const fd of opened.splice(0)) closeSync(fd)
  }
  try {
    const filter = openSync(filterPath, 'r')
    opened.push(filter)
    const stdio: (number | 'pipe' | 'ignore')[] = [plan.hasStdin ? 'pipe' : 'ignore', 'pipe', 'pipe', filter, 'pipe', 'pipe']
    stdio.push(plan.hasChannel ? 'pipe' : 'ignore')
    const texts: { readonly fd: number; readonly text: string }[] = []
    const files: { readonly fd: number; readonly boxPath: string }[] = []
    for (const mount of plan.mounts) {
      checkBoxPath(mount.boxPath)
      if (mount.kind === 'directory') {
        checkHostDirectory(mount.hostPath)
        continue
      }
      files.push({ fd: stdio.length, boxPath: mount.boxPath })
      if (mount.kind === 'text') {
        texts.push({ fd: stdio.length, text: mount.text })
        stdio.push('pipe')
      } else {
        const fd = openMountedFile(mount.hostPath)
        opened.push(fd)
        stdio.push(fd)
      }
    }
    return { stdio, files, close, feed: (child) => texts.forEach(({ fd, text }) => void feedPipe(child, fd, text)) }
  } catch (error) {
    close()
    throw error
  }
}

/** Writes `text` to the child's pipe `fd`; ends it unless `isOpen`. */
export function feedPipe(child: ChildProcess, fd: number, text: string, isOpen = false): Writable {
  const pipe = (child.stdio as readonly unknown[])[fd] as Writable
  pipe.on('error', () => undefined)
  if (isOpen) pipe.write(text)
  else pipe.end(text)
  return pipe
}
