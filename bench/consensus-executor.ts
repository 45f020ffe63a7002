import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionRow, LoadResult } from '../src/consensus/execution-matrix.ts'
import type { Call, CallOutcome } from '../src/domain/value.ts'
import { createSandbox } from '../src/sandbox/create-sandbox.ts'

/** Runs programs on calls in the product's sandbox and keeps the results on disk, by content and policy. */
export interface BenchExecutor {
  /** One row per program, `candidate` being its place as text. `isFresh` runs again what is already known. */
  execute(programs: readonly string[], entryPoint: string, calls: readonly Call[], isFresh?: boolean): Promise<ExecutionRow[]>
  /** Programs and calls run so far, those answered from disk left out. */
  counts(): { programs: number; calls: number }
  readonly driver: string
  close(): Promise<void>
}

type Kept = { readonly load: LoadResult; readonly outcomes: readonly CallOutcome[] }

/** Programs at a time while decisions are timed: one a core of the machine the target is for. */
const TIMED_PARALLEL = 2
const LOAD = { cpuMs: 2000, wallMs: 10_000 }
const CALL = { cpuMs: 100, wallMs: 1000, stopAfterTimeouts: 4 }

/** Opens the sandbox; throws `NO_SANDBOX` at the first program where none holds. */
export async function createBenchExecutor(): Promise<BenchExecutor> {
  const folder = join(tmpdir(), 'codeconductor-bench-consensus')
  mkdirSync(folder, { recursive: true })
  const sandbox = createSandbox({ cacheDir: folder, tmpDir: tmpdir() })
  const { driver, policyHash } = await sandbox.probe()
  const done = { programs: 0, calls: 0 }

  async function run(program: string, entryPoint: string, calls: readonly Call[]): Promise<Kept> {
    const session = await sandbox.open({ language: 'python', code: program, entryPoint, seed: 0 }, { load: LOAD })
    try {
      const load = await session.load()
      const outcomes = load.kind === 'loaded' ? await session.calls(calls, CALL) : []
      done.programs += 1
      done.calls += outcomes.length
      return { load, outcomes }
    } finally {
      await session.close()
    }
  }

  async function kept(program: string, entryPoint: string, calls: readonly Call[], isFresh: boolean): Promise<Kept> {
    const key = createHash('sha256')
      .update(JSON.stringify([policyHash, program, entryPoint, calls]))
      .digest('hex')
    const path = join(folder, `${key}.json`)
    if (!isFresh && existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Kept
    const result = await run(program, entryPoint, calls)
    writeFileSync(path, JSON.stringify(result))
    return result
  }

  return {
    driver,
    execute: async (programs, entryPoint, calls, isFresh = false) => {
      const rows: ExecutionRow[] = []
      const queue = programs.map((program, index) => ({ program, index }))
      const worker = async (): Promise<void> => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const { load, outcomes } = await kept(next.program, entryPoint, calls, isFresh)
          rows[next.index] = { candidate: String(next.index), load, outcomes }
        }
      }
      const parallel = isFresh ? TIMED_PARALLEL : Math.max(TIMED_PARALLEL, availableParallelism())
      await Promise.all(Array.from({ length: parallel }, worker))
      return rows
    },
    counts: () => ({ ...done }),
    close: () => sandbox.dispose(),
  }
}
