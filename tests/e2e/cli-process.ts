import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const MAIN = join(import.meta.dirname, '../../dist/cli/main.js')

/** Why these tests do not run here; null where they do. */
export const WHY_NOT = existsSync(MAIN) ? null : 'dist is missing: npm run build'

export interface CliRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliChild {
  readonly child: ChildProcess
  readonly ended: Promise<CliRun>
  /** Resolves when stderr or stdout holds `text`. */
  shows(text: string): Promise<void>
}

export interface CliFolder {
  readonly path: string
  /** Starts the built command line in this folder, with nothing of the environment but PATH and HOME. */
  start(args: readonly string[], options?: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string }): CliChild
  run(
    args: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string },
  ): Promise<CliRun>
  remove(): void
}

/** Returns an empty folder to run the command line in. */
export function createCliFolder(): CliFolder {
  const path = mkdtempSync(join(tmpdir(), 'cli-e2e-'))
  const start: CliFolder['start'] = (args, options = {}) =>
    follow(
      spawn(process.execPath, [MAIN, ...args], {
        cwd: path,
        env: { PATH: process.env['PATH'] ?? '', HOME: path, ...options.env },
        stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      }),
      options.stdin,
    )
  return {
    path,
    start,
    run: (args, options) => start(args, options).ended,
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** Follows what a child writes. */
export function follow(child: ChildProcess, stdin?: string): CliChild {
  let [stdout, stderr] = ['', '']
  let waiting: { text: string; resolve: () => void; reject: (error: Error) => void }[] = []
  const look = (): void => {
    waiting = waiting.filter(({ text, resolve }) => {
      const isShown = stdout.includes(text) || stderr.includes(text)
      if (isShown) resolve()
      return !isShown
    })
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    look()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    look()
  })
  child.stdin?.on('error', () => {})
  if (stdin !== undefined) child.stdin?.end(stdin)
  const ended = new Promise<CliRun>((resolve) => {
    child.on('close', (code) => {
      for (const { text, reject } of waiting) reject(new Error(`it ended without showing ${text}: ${stderr}`))
      resolve({ code, stdout, stderr })
    })
  })
  return {
    child,
    ended,
    shows: (text) =>
      new Promise((resolve, reject) => {
        waiting.push({ text, resolve, reject })
        look()
      }),
  }
}

/** Returns the values of JSON Lines. Throws on a line that is none. */
export function jsonLines(text: string): Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}
