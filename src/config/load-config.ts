import { posix, win32 } from 'node:path'
import type { z } from 'zod'
import { BUILT_IN_CONFIG, Config, ConfigFile, type ConfigOrigin, type ConfigSource, type LoadedConfig } from '../domain/config.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { fromEntries, toEntries } from './config-entries.ts'
import { badVariable, type Env, readEngineBackends, readEnv, type Setting } from './env-config.ts'
import { describeIssue, explainIssues, type Problem, renderProblem } from './explain-issues.ts'
import { refuseInProject } from './project-trust.ts'
import { readTextFile, UnreadableFile } from './read-text-file.ts'
import { parseYaml, type YamlDocument, YamlProblem } from './yaml-source.ts'

const MAX_CONFIG_FILE_BYTES = 256 * 1024
const PROJECT_FILE = '.codeconductor/config.yaml'

/** All a configuration depends on; given by the caller, so that nothing here reads the process or the machine. */
export interface ConfigSources {
  /** Folder the command runs in; the project file is looked for here. */
  readonly cwd: string
  readonly home: string
  readonly platform: NodeJS.Platform
  readonly env: Env
  /** What flags set; `where` is the flag, e.g. `--rounds`. */
  readonly flags: readonly Setting[]
  /** Returns a file's text, null if it does not exist; `readConfigFile` outside of tests. */
  readonly readFile: (path: string) => Promise<string | null>
}

/**
 * Returns the configuration with the origin of every value. Later sources win, field by field within `sampling`, `limits` and
 * `codebleu`: built in, user file, project file (`.codeconductor/config.yaml`), environment, flags. Lists are replaced, never
 * joined. Of a project file, which may come with a stranger's repository, nothing is accepted that would send prompts or
 * tokens off the machine or reach out of the project (see `refuseInProject`).
 *
 * Throws `CONFIG_INVALID` for a file (with `details.problems`) or variable, `USAGE` for a flag.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const values = new Map<string, unknown>()
  const origins = new Map<string, ConfigOrigin>()
  const set = (source: ConfigSource, settings: readonly Setting[]) => {
    for (const { path, value, where } of settings) {
      values.set(path, value)
      origins.set(path, { source, where })
    }
  }
  const paths = sources.platform === 'win32' ? win32 : posix
  set(
    'built-in',
    toEntries(BUILT_IN_CONFIG).map((setting) => ({ ...setting, where: '' })),
  )
  const userFile = userConfigPath(sources)
  set('user file', await readSettings(sources, userFile, shorten(userFile, sources.home), () => []))
  set('project file', await readSettings(sources, paths.join(sources.cwd, PROJECT_FILE), PROJECT_FILE, refuseInProject))
  set(
    'environment',
    checked(readEnv(sources.env), (setting, message) => badVariable(setting.where, message)),
  )
  const { kinds, variables } = readEngineBackends(sources.env, Config.shape.engineBackends.parse(values.get('engineBackends')))
  if (variables.length > 0) set('environment', [{ path: 'engineBackends', value: kinds, where: variables.join(', ') }])
  set('flag', checked(sources.flags, badFlag))
  return { config: Config.parse(fromEntries([...values].map(([path, value]) => ({ path, value })))), origins }
}

/** Returns where the user's own file is: $XDG_CONFIG_HOME, %APPDATA% or ~/Library/Application Support, then codeconductor/config.yaml. */
export function userConfigPath({ env, home, platform }: Pick<ConfigSources, 'env' | 'home' | 'platform'>): string {
  const file = ['codeconductor', 'config.yaml']
  if (platform === 'win32') return win32.join(env['APPDATA'] || win32.join(home, 'AppData', 'Roaming'), ...file)
  const xdg = env['XDG_CONFIG_HOME'] ?? ''
  // The XDG base directory specification asks for relative paths to be ignored.
  if (posix.isAbsolute(xdg)) return posix.join(xdg, ...file)
  return platform === 'darwin'
    ? posix.join(home, 'Library', 'Application Support', ...file)
    : posix.join(home, '.config', ...file)
}

/** Returns a configuration file's text, null if there is none. Throws `UnreadableFile` for what is not a regular file of at most 256 KiB. */
export async function readConfigFile(path: string): Promise<string | null> {
  try {
    return await readTextFile(path, MAX_CONFIG_FILE_BYTES)
  } catch (error) {
    if (error instanceof UnreadableFile && error.reason === 'absent') return null
    throw error
  }
}

type Refuse = (config: ConfigFile) => readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]

async function readSettings(sources: ConfigSources, path: string, file: string, refuse: Refuse): Promise<Setting[]> {
  const document = await readDocument(sources, path, file)
  if (document === null || document.value === null) return []
  const parsed = ConfigFile.safeParse(document.value)
  if (!parsed.success) throw invalid(explainIssues(parsed.error, ConfigFile, { file, document }))
  const refused = refuse(parsed.data).map(({ path: at, message }) => ({
    file,
    line: document.lineOf(at),
    field: at.map(String).join('.'),
    message,
    suggestion: null,
  }))
  if (refused.length > 0) throw invalid(refused)
  return toEntries(parsed.data).map(({ path: at, value }) => ({
    path: at,
    value: at === 'personas' || at === 'artifactsDir' ? expandHome(value, sources.home) : value,
    where: `${file}:${document.lineOf(at.split('.'))}`,
  }))
}

async function readDocument(sources: ConfigSources, path: string, file: string): Promise<YamlDocument | null> {
  try {
    const text = await sources.readFile(path)
    return text === null ? null : parseYaml(text)
  } catch (error) {
    if (error instanceof YamlProblem)
      throw invalid([{ file, line: error.line, field: '', message: error.message, suggestion: null }])
    if (error instanceof UnreadableFile)
      throw invalid([{ file, line: null, field: '', message: error.message, suggestion: null }])
    throw error
  }
}

/** Returns the settings with their values as the schema reads them. */
function checked(settings: readonly Setting[], toError: (setting: Setting, message: string) => CodeConductorError): Setting[] {
  return settings.map((setting) => {
    const parsed = ConfigFile.safeParse(fromEntries([setting]))
    if (!parsed.success) throw toError(setting, firstMessage(parsed.error, setting.value))
    return { ...setting, value: toEntries(parsed.data)[0]?.value }
  })
}

function firstMessage(error: z.ZodError, value: unknown): string {
  const [issue] = error.issues
  if (issue === undefined) return 'is not valid'
  return issue.code === 'invalid_value' ? `must be one of ${issue.values.map(String).join(', ')}` : describeIssue(issue, value)
}

function badFlag(setting: Setting, message: string): CodeConductorError {
  return new CodeConductorError('USAGE', `${setting.where}: ${message}`, { hint: 'run `codeconductor run --help`' })
}

function invalid(problems: readonly Problem[]): CodeConductorError {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new CodeConductorError(
    'CONFIG_INVALID',
    first === undefined ? 'the configuration is not valid' : `${renderProblem(first)}${more}`,
    {
      hint: 'correct the file, then run `codeconductor config show --origin`',
      details: { problems: problems.slice(0, 20) },
    },
  )
}

function expandHome(value: unknown, home: string): unknown {
  return typeof value === 'string' && /^~[\\/]/.test(value) ? `${home}${value.slice(1)}` : value
}

function shorten(path: string, home: string): string {
  return home !== '' && /^[\\/]/.test(path.slice(home.length)) && path.startsWith(home) ? `~${path.slice(home.length)}` : path
}
