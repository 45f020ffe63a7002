import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

export interface SourceModule {
  /** Path below src, POSIX. */
  readonly path: string
  readonly folder: string
  readonly text: string
  readonly lines: number
  /** Paths below src of the modules it imports, types included. */
  readonly imports: readonly string[]
  /** Packages and built-ins it imports. */
  readonly packages: readonly string[]
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]|(?:^|\n)\s*import\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g

/** Reads every module under src with what it imports, dynamic imports included. */
export function readHouse(): SourceModule[] {
  return readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => readModule(join(entry.parentPath, entry.name)))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function readModule(file: string): SourceModule {
  const text = readFileSync(file, 'utf8')
  const path = relative(SRC, file).replaceAll('\\', '/')
  const found = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
  const own = found
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(SRC, resolve(dirname(file), name)).replaceAll('\\', '/'))
  return {
    path,
    folder: path.includes('/') ? (path.split('/')[0] ?? '') : '',
    text,
    lines: text.split('\n').length,
    imports: own,
    packages: found.filter((name) => !name.startsWith('.')),
  }
}

const PURE = ['domain', 'prompts', 'consensus', 'selection', 'machines']
const ADAPTERS = ['backends', 'store', 'sandbox', 'project', 'memory', 'knowledge', 'bundle', 'telemetry', 'system', 'config']
const BELOW_APP = ['domain', 'prompts', 'consensus', 'selection', 'machines', 'ports', 'actors']

/** Who may import whom, besides itself. A folder that is not here may not exist. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  prompts: ['domain'],
  consensus: ['domain'],
  selection: ['domain'],
  machines: ['domain', 'prompts', 'consensus', 'selection'],
  ports: ['domain'],
  ...Object.fromEntries(ADAPTERS.map((folder) => [folder, ['domain', 'ports', 'prompts', 'consensus', 'selection', 'machines']])),
  actors: ['domain', 'prompts', 'consensus', 'selection', 'machines', 'ports'],
  app: [...BELOW_APP, ...ADAPTERS],
  cli: ['app', 'domain', 'ports', 'config'],
  server: ['app', 'domain', 'ports'],
  mcp: ['app', 'domain', 'ports'],
  acp: ['app', 'domain', 'ports'],
  '': ['app', 'domain', 'ports', 'config'],
}

/** Files of `app` besides compose that may name an adapter, each with the reason. */
export const APP_EXCEPTIONS: Readonly<Record<string, string>> = {
  'app/demo.ts': 'the demo is a composition of its own: recordings instead of servers',
  'app/artifact-tools.ts': 'validators and probes are loaded when a run has ended, not when a process starts',
  'app/run-debate.ts': 'the library reads configuration and personas as the command line does',
  'app/record-run.ts': 'what it records is the exchange with a backend',
  'app/test-backends.ts': 'it hands the two backends that need no server to whoever writes tests',
  'app/compare-code.ts': 'comparing two texts takes a parser alone; composing a process for it costs more than the answer',
  'app/note-error.ts': 'it opens the log of faults where there may be no composed process',
  'app/solve-task.ts': 'a bench task is solved with the personas that ship',
  'app/write-artifacts.ts': 'it names the kinds of artifact that have a schema',
  'app/find-run.ts': 'a log named by its path is read without a store, which would write',
  'app/open-store.ts': 'looking after runs takes a store alone; composing a process to run them costs more than the answer',
  'app/prune-runs.ts': 'which runs may go is decided beside the store, and needs what only use cases know',
  'app/record-proxy.ts': 'what it records is the exchange with a server, in the words of its backend',
}

export const PURE_FOLDERS: readonly string[] = PURE
export const ADAPTER_FOLDERS: readonly string[] = ADAPTERS
