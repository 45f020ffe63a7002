import { existsSync, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** An interpreter as it is seen inside, and what must be bound, read-only, for it to be there. */
interface Interpreter {
  readonly command: string
  readonly binds: readonly { readonly hostPath: string; readonly boxPath: string }[]
}

/** Interpreters found on this machine; null when there is none the sandbox could show. */
export interface Interpreters {
  readonly python: Interpreter | null
  readonly javascript: Interpreter | null
}

/**
 * Finds the interpreters. Those under `/usr` come first, since `/usr` is visible anyway; others are bound under `/opt`, by
 * neutral names. The one that runs this program serves JavaScript. `isReachable` says whether the unprivileged user that will
 * run the sandbox can get at a path.
 */
export function findInterpreters(host: { execPath: string; path: string; isReachable: (path: string) => boolean }): Interpreters {
  return { python: findPython(host), javascript: findNode(host) }
}

function findPython(host: { path: string; isReachable: (path: string) => boolean }): Interpreter | null {
  for (const command of ['/usr/bin/python3', '/usr/local/bin/python3']) if (underUsr(command)) return { command, binds: [] }
  for (const folder of host.path.split(delimiter)) {
    const found = resolveFile(join(folder, 'python3'))
    // A shim (a script that picks a version) has no library beside it and is of no use inside.
    if (!found || !host.isReachable(found)) continue
    const prefix = dirname(dirname(found))
    const name = found.slice(dirname(found).length + 1)
    if (!existsSync(join(prefix, 'lib', name))) continue
    return { command: `/opt/python/bin/${name}`, binds: [{ hostPath: prefix, boxPath: '/opt/python' }] }
  }
  return null
}

function findNode(host: { execPath: string; isReachable: (path: string) => boolean }): Interpreter | null {
  const found = resolveFile(host.execPath)
  if (found && underUsr(found)) return { command: found, binds: [] }
  if (found && host.isReachable(found))
    return { command: '/opt/node/bin/node', binds: [{ hostPath: found, boxPath: '/opt/node/bin/node' }] }
  for (const command of ['/usr/bin/node', '/usr/local/bin/node']) if (underUsr(command)) return { command, binds: [] }
  return null
}

function underUsr(path: string): boolean {
  return resolveFile(path)?.startsWith('/usr/') ?? false
}

function resolveFile(path: string): string | null {
  try {
    const real = realpathSync(path)
    return statSync(real).isFile() ? real : null
  } catch {
    return null
  }
}
