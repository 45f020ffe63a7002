import type { Conductor } from '../app/compose.ts'
import { type OpenStore, openStore } from '../app/open-store.ts'
import { loadConfig, readConfigFile } from '../config/load-config.ts'
import type { LoadedConfig } from '../domain/config.ts'
import type { CliProcess, CommandInput } from './cli-context.ts'
import { readBackendFlag, readFlagSettings } from './read-run-flags.ts'

/** Returns the configuration that holds for a command: files, environment and the flags that were typed. */
export async function loadSettings(io: CliProcess, { options }: Pick<CommandInput, 'options'>): Promise<LoadedConfig> {
  const flags = readFlagSettings(options)
  const { cwd, home, platform, env } = io
  const load = (more: typeof flags): Promise<LoadedConfig> =>
    loadConfig({ cwd, home, platform, env, flags: [...flags, ...more], readFile: readConfigFile })
  const loaded = await load([])
  const backend = readBackendFlag(options, loaded.config.backends)
  return backend.length === 0 ? loaded : load(backend)
}

/** What a command that looks after runs needs: where they are kept. */
export async function openRuns(io: CliProcess, input: Pick<CommandInput, 'options'>): Promise<OpenStore> {
  const { config } = await loadSettings(io, input)
  return openStore(config, io.cwd)
}

/** What a command that folds runs needs: the services, with no server looked for. */
export async function openConductor(io: CliProcess, input: Pick<CommandInput, 'options'>): Promise<Conductor> {
  const { config } = await loadSettings(io, input)
  const { compose } = await import('../app/compose.ts')
  return compose({ config, env: io.env, cwd: io.cwd, backends: [] })
}
