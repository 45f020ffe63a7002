import { randomBytes } from 'node:crypto'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRunRuntime } from '../actors/effect-actor.ts'
import { createExecuteExecutor } from '../actors/execute-executor.ts'
import { createGateExecutor } from '../actors/gate-executor.ts'
import { createGatherExecutor } from '../actors/gather-executor.ts'
import { ModelPool } from '../actors/model-pool.ts'
import { createSuiteExecutor } from '../actors/suite-executor.ts'
import { discoverBackends, type Probe } from '../backends/discovery.ts'
import { createMock } from '../backends/mock.ts'
import type { Config } from '../domain/config.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { ModelInfo } from '../domain/model.ts'
import type { Backend } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import type { Sandbox } from '../ports/sandbox.ts'
import { createTreeSitterParser } from '../project/tree-sitter-parser.ts'
import { createSandbox } from '../sandbox/create-sandbox.ts'
import { createSuiteJudge } from '../sandbox/suite/judge.ts'
import { matchesPattern } from '../selection/assign-models.ts'
import { createFileStore, type FileStore } from '../store/file-store.ts'
import { createRunId, RUN_ID_RANDOM_BYTES } from '../store/run-id.ts'
import { createSystemClock } from '../system/system-clock.ts'
import { openNotes } from './note-error.ts'
import { productVersion } from './product-version.ts'
import type { Services } from './services.ts'

/** Where the package's own data lies: `personas/`, `schemas/`, `examples/`. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A process's services, with the parts that commands look at directly. */
export interface Conductor extends Services {
  readonly config: Config
  readonly store: FileStore
  readonly pool: ModelPool
  readonly sandbox: Sandbox
  readonly backends: readonly Backend[]
  readonly probes: readonly Probe[]
  readonly artifactsDir: string
  close(): Promise<void>
}

export interface ComposeOptions {
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Instead of the servers that are configured and found. */
  readonly backends?: readonly Backend[]
  readonly clock?: Clock
  readonly signal?: AbortSignal
}

/** Builds everything a run needs. The only place that names concrete adapters. Opens sockets only to look for servers. */
export async function compose(options: ComposeOptions): Promise<Conductor> {
  const { config, env, cwd } = options
  const clock = options.clock ?? createSystemClock()
  const { backends, probes } = await chooseBackends(options, clock)
  const pool = new ModelPool({ backends, clock, isAllowed: allowed(config), maxParallelModels: config.maxParallelModels })
  const artifactsDir = resolve(cwd, config.artifactsDir)
  const store = createFileStore({ root: artifactsDir, clock })
  const parser = createTreeSitterParser()
  const sandbox = createSandbox({
    cacheDir: cacheDir(env),
    tmpDir: tmpdir(),
    parser,
    logger: openNotes(artifactsDir, env).logger,
  })
  return {
    config,
    runtime: createRunRuntime(),
    store,
    pool,
    sandbox,
    backends,
    probes,
    artifactsDir,
    clock,
    productVersion: productVersion(),
    createRunId: () => createRunId(clock.wallMs(), randomBytes(RUN_ID_RANDOM_BYTES)),
    executors: {
      model: pool.execute,
      gather: createGatherExecutor(pool),
      gate: createGateExecutor(parser),
      execute: createExecuteExecutor(sandbox, Math.max(1, availableParallelism() - 1)),
      suite: createSuiteExecutor(sandbox, createSuiteJudge({ sandbox, parser, projectDir: cwd })),
    },
    close: async () => {
      await pool.close()
      await sandbox.dispose()
      await store.close()
    },
  }
}

async function chooseBackends(
  options: ComposeOptions,
  clock: Clock,
): Promise<{ backends: readonly Backend[]; probes: readonly Probe[] }> {
  if (options.backends !== undefined) return { backends: options.backends, probes: [] }
  const { config, env } = options
  if (config.quick) return { backends: [createMock({ clock })], probes: [] }
  return discoverBackends({
    clock,
    signal: options.signal ?? new AbortController().signal,
    enabledKinds: config.engineBackends,
    isDiscoveryDisabled: !config.discovery,
    ...(config.ollamaUrl === null ? {} : { ollamaHost: config.ollamaUrl }),
    configured: config.backends.map(({ name, kind, url, tokenEnv }) => {
      const apiKey = tokenEnv === undefined ? undefined : env[tokenEnv]
      return { kind, url, ...(name === undefined ? {} : { id: name }), ...(apiKey === undefined ? {} : { apiKey }) }
    }),
  })
}

/** Throws `NO_BACKEND` with what was looked for where, when no server answered. */
export function requireBackend(conductor: Conductor): void {
  if (conductor.backends.length > 0) return
  const lines = conductor.probes.map((probe) => `  ${probe.name.padEnd(10)} ${probe.url}  ${probe.detail}`)
  throw new CodeConductorError('NO_BACKEND', ['no model server found', ...lines].join('\n'), {
    hint: 'codeconductor demo',
    details: { checked: conductor.probes },
  })
}

function allowed(config: Config): (model: ModelInfo) => boolean {
  const { modelAllowlist, forceModel, strictModel } = config
  return (model) => {
    if (strictModel && forceModel !== null && !matchesPattern(model.name, forceModel)) return false
    return modelAllowlist.length === 0 || modelAllowlist.some((pattern) => matchesPattern(model.name, pattern))
  }
}

function cacheDir(env: ComposeOptions['env']): string {
  const base = env['XDG_CACHE_HOME'] ?? (env['HOME'] === undefined ? tmpdir() : join(env['HOME'], '.cache'))
  return join(base, 'codeconductor')
}

/** Returns a path inside the package. */
export function packagePath(...parts: readonly string[]): string {
  return join(PACKAGE_ROOT, ...parts)
}
