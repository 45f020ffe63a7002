import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'

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

/** Where to look. */
interface SearchedHost {
  readonly execPath: string
  /** The PATH variable. */
  readonly path: string
  readonly isReachable: (path: string) => boolean
  /** For tests. */
  readonly systemPythons?: readonly string[]
}

/**
 * Finds the interpreters. Those under `/usr` come first, since `/usr` is visible anyway; others are bound under `/opt`, by
 * neutral names. The one that runs this program serves JavaScript. `isReachable` says whether the unprivileged user that will
 * run the sandbox can get at a path.
 */
export function findInterpreters(host: SearchedHost): Interpreters {
  return { python: findPython(host), javascript: findNode(host) }
}

function findPython(host: SearchedHost): Interpreter | null {
  for (const command of host.systemPythons ?? ['/usr/bin/python3', '/usr/local/bin/python3'])
    if (underUsr(command)) return { command, binds: [] }
  for (const folder of host.path.split(delimiter)) {
    const found = resolveFile(join(folder, 'python3'))
    // A shim (a script that picks a version) has no library beside it and is of no use inside.
    if (!found || !host.isReachable(found)) continue
    const prefix = dirname(dirname(found))
    const name = basename(found)
    const library = join('lib', name)
    if (!existsSync(join(prefix, library))) continue
    const shown = [join('bin', name), library, ...sharedLibraries(prefix)]
    const binds = shown.map((path) => ({ hostPath: join(prefix, path), boxPath: join('/opt/python', path) }))
    return { command: `/opt/python/bin/${name}`, binds }
  }
  return null
}

/**
 * The interpreter's own shared library, where it was built with one. Nothing else of the prefix is shown: `--prefix=$HOME` is common,
 * and the whole home would be visible.
 */
function sharedLibraries(prefix: string): readonly string[] {
  try {
    return readdirSync(join(prefix, 'lib'))
      .filter((file) => /^libpython3[.\d]*\.so[.\d]*$/.test(file))
      .map((file) => join('lib', file))
  } catch {
    return []
  }
}

function findNode(host: SearchedHost): Interpreter | null {
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
