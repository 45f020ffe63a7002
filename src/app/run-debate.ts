import { homedir } from 'node:os'
import { loadConfig, readConfigFile } from '../config/load-config.ts'
import { loadPersonas } from '../config/load-personas.ts'
import { selectAgents } from '../config/select-agents.ts'
import type { TokenDelta } from '../domain/event.ts'
import type { Persona } from '../domain/persona.ts'
import { type AgentSpec, parseRunSpec, type RunSpecInput } from '../domain/run-spec.ts'
import type { Backend } from '../ports/backend.ts'
import { compose, packagePath, requireBackend } from './compose.ts'
import { type RunHandle, type RunResult, startRun } from './start-run.ts'
import { writeArtifacts } from './write-artifacts.ts'

/** What a debate is about; everything but the prompt has the default the command line has. */
export interface DebateOptions extends Partial<Omit<RunSpecInput, 'agents' | 'prompt'>> {
  readonly prompt: string
  /** Ids of personas, or whole agents; default as configured: architect, coder, bug_hunter. */
  readonly agents?: readonly (string | AgentSpec)[]
  /** Personas to choose from, or the directory or file that holds them; default those that ship. */
  readonly personas?: readonly Persona[] | string
  /** Model by agent id; a name or a `*` pattern. */
  readonly models?: Readonly<Record<string, string>>
  /** Backends to use instead of the servers that are configured or found. */
  readonly backends?: readonly Backend[]
  readonly artifactsDir?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Aborting interrupts the run: its log is sealed, and `resumeRun` can go on from there. */
  readonly signal?: AbortSignal
  /** Text as it arrives. */
  readonly onToken?: (delta: TokenDelta) => void
}

/** A debate under way. Iterate for the events that `codeconductor run --json` prints; `result` settles when all is written. */
export interface Debate extends RunHandle {
  readonly result: Promise<RunResult & { readonly folder: string }>
}

/**
 * Starts a debate. Throws `CodeConductorError`: `NO_BACKEND` when no model server answers, `AGENT_UNKNOWN`,
 * `PERSONA_INVALID`, `CONFIG_INVALID`, `STORE_FAILED`. A run that fails is an outcome of `result`, not a rejection.
 */
export async function runDebate(options: DebateOptions): Promise<Debate> {
  const {
    prompt,
    agents,
    personas,
    models = {},
    backends,
    artifactsDir,
    cwd = process.cwd(),
    env = process.env,
    signal,
    onToken,
    ...spec
  } = options
  const loaded = await loadConfig({ cwd, env, home: homedir(), platform: process.platform, flags: [], readFile: readConfigFile })
  const config = artifactsDir === undefined ? loaded.config : { ...loaded.config, artifactsDir }
  const parsed = parseRunSpec({
    protocol: config.protocol,
    rounds: config.rounds,
    sampling: config.sampling,
    limits: config.limits,
    codeBleu: config.codebleu,
    ...spec,
    prompt,
    agents: await agentsOf(agents ?? config.agents, personas ?? config.personas ?? packagePath('personas'), models),
  })
  const conductor = await compose({
    config,
    env,
    cwd,
    ...(backends === undefined ? {} : { backends }),
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    requireBackend(conductor)
    const handle = await startRun(parsed, conductor, {
      ...(signal === undefined ? {} : { signal }),
      ...(onToken === undefined ? {} : { onToken }),
    })
    const result = handle.result
      .then(async (end) => ({ ...end, folder: (await writeArtifacts(conductor, end)).folder }))
      .finally(() => conductor.close())
    return { ...handle, result, [Symbol.asyncIterator]: handle[Symbol.asyncIterator] }
  } catch (error) {
    await conductor.close()
    throw error
  }
}

async function agentsOf(
  wanted: readonly (string | AgentSpec)[],
  from: readonly Persona[] | string,
  models: Readonly<Record<string, string>>,
): Promise<AgentSpec[]> {
  const whole = wanted.filter((agent): agent is AgentSpec => typeof agent !== 'string')
  const ids = wanted.filter((agent): agent is string => typeof agent === 'string')
  if (ids.length === 0) return [...whole]
  const personas = typeof from === 'string' ? await loadPersonas(from) : from
  return [...whole, ...selectAgents(personas, ids, models)]
}
