import { CODE_BLEU_PRESETS } from '../consensus/code-bleu-settings.ts'
import { ServerKind } from '../domain/config.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { nearestName } from '../domain/nearest-name.ts'
import { syntaxLanguage } from '../domain/syntax-language.ts'

/** Environment variables as given by the caller; nothing here reads the process's own. */
export type Env = Readonly<Record<string, string | undefined>>

/** A value that an environment variable or a flag gives to one field. */
export interface Setting {
  /** Dotted path in `Config`. */
  readonly path: string
  readonly value: unknown
  /** The variable's name, or the flag. */
  readonly where: string
}

type Read = (text: string, variable: string) => unknown

/** Per field the variables that set it, in order of precedence: the first one that is set wins. */
const VARIABLES: readonly (readonly [path: string, read: Read, ...variables: string[]])[] = [
  ['discovery', (text, variable) => !readTruth(text, variable), 'DISCOVERY_DISABLE'],
  ['ollamaUrl', readOllamaHost, 'OLLAMA_HOST'],
  ['modelAllowlist', readList, 'ENGINE_MODEL_ALLOWLIST'],
  ['forceModel', (text) => text, 'FORCE_MODEL', 'WINNER_MODEL'],
  ['strictModel', readTruth, 'MODEL_SELECTOR_STRICT'],
  ['selectorPolicy', (text) => text.toLowerCase(), 'SELECTOR_POLICY'],
  ['maxParallelModels', readNumber, 'MAX_PARALLEL_MODELS'],
  ['sampling.temperature', readNumber, 'CC_TEMP', 'TEMP'],
  ['sampling.topP', readNumber, 'CC_TOP_P', 'TOP_P'],
  ['sampling.maxTokens', readNumber, 'MAX_TOKENS'],
  ['artifactsDir', (text) => text, 'ARTIFACTS_DIR'],
  ['allowNet', readTruth, 'ALLOW_NET'],
  ['quick', readTruth, 'CC_QUICK_CI'],
  ['codebleu.weights', readWeights, 'CODEBLEU_WEIGHTS'],
  ['codebleu.language', (text) => syntaxLanguage(text), 'CODEBLEU_LANG', 'CODEBLEU_LANGUAGE'],
  ['codebleu.normalize', readTruth, 'CODEBLEU_NORMALIZE'],
  ['codebleu.stripComments', readTruth, 'CODEBLEU_STRIP_COMMENTS'],
  ['codebleu.stripDocstrings', readTruth, 'CODEBLEU_STRIP_DOCSTRINGS'],
]

/** Variables that take a kind of server away, whatever named it. */
const DISABLING: Readonly<Record<string, ServerKind>> = { LMSTUDIO_DISABLE: 'lmstudio', OLLAMA_DISABLE: 'ollama' }

/**
 * Returns what the environment sets, one setting a field. An empty variable counts as not set.
 * Throws `CONFIG_INVALID` naming the variable, never its value, for one that cannot be understood.
 */
export function readEnv(env: Env): Setting[] {
  return VARIABLES.flatMap(([path, read, ...variables]) => {
    const variable = variables.find((one) => textOf(env, one) !== null)
    return variable === undefined ? [] : [{ path, value: read(textOf(env, variable) ?? '', variable), where: variable }]
  })
}

/**
 * Returns the kinds of server that may be asked: those of ENGINE_BACKENDS, else `configured`, without those disabled; and the
 * variables that had a say.
 */
export function readEngineBackends(env: Env, configured: readonly ServerKind[]) {
  const named = textOf(env, 'ENGINE_BACKENDS')
  const kinds = named === null ? configured : readList(named).map((kind) => readKind(kind, 'ENGINE_BACKENDS'))
  const disabling = Object.keys(DISABLING).filter((variable) => readTruth(textOf(env, variable) ?? '', variable))
  return {
    kinds: [...new Set(kinds)].filter((kind) => !disabling.some((variable) => DISABLING[variable] === kind)),
    variables: [...(named === null ? [] : ['ENGINE_BACKENDS']), ...disabling],
  }
}

/**
 * Returns the truth of a switch: 1, true, yes and on are true, 0, false, no, off and nothing at all are false, in any case.
 * Throws `CONFIG_INVALID`, naming the variable, for anything else.
 */
export function readTruth(text: string, variable: string): boolean {
  const word = text.trim().toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(word)) return true
  if (['0', 'false', 'no', 'off', ''].includes(word)) return false
  throw badVariable(variable, 'must be 1, true, yes, on, 0, false, no or off')
}

/** Returns the error for a variable that cannot be understood. */
export function badVariable(variable: string, message: string): CodeConductorError {
  return new CodeConductorError('CONFIG_INVALID', `environment variable ${variable}: ${message}`, {
    hint: `correct it, or run \`unset ${variable}\``,
    details: { variable },
  })
}

/** The text of a variable; null where it is not set, empty, or means something else on this system. */
function textOf(env: Env, variable: string): string | null {
  const text = (Object.hasOwn(env, variable) ? (env[variable] ?? '') : '').trim()
  if (text === '') return null
  // TEMP is the folder for temporary files on Windows and in some shells; a temperature never holds a separator or a colon.
  return variable === 'TEMP' && /[\\/:%~]/.test(text) ? null : text
}

function readList(text: string): string[] {
  return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
}

function readNumber(text: string, variable: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)) throw badVariable(variable, 'must be a number')
  return Number(text)
}

/** Three or four numbers, or the name of a set of them. An empty place is not a 0: somebody forgot a number. */
function readWeights(text: string, variable: string): readonly number[] {
  const preset = CODE_BLEU_PRESETS.get(text.toLowerCase())
  if (preset !== undefined) return preset
  const parts = text.split(',').map((part) => part.trim())
  if (parts.includes('')) throw badVariable(variable, 'has an empty place; it must hold 3 or 4 numbers, or be "seed"')
  if (parts.length !== 3 && parts.length !== 4) throw badVariable(variable, 'must hold 3 or 4 numbers, or be "seed"')
  const weights = parts.map((part) => readNumber(part, variable))
  if (weights.some((weight) => weight < 0)) throw badVariable(variable, 'must hold numbers from 0 up')
  return weights
}

function readKind(text: string, variable: string): ServerKind {
  const parsed = ServerKind.safeParse(text.toLowerCase())
  if (parsed.success) return parsed.data
  const suggestion = nearestName(text, ServerKind.options)
  throw badVariable(
    variable,
    `knows ${ServerKind.options.join(', ')} only${suggestion === null ? '' : ` (did you mean "${suggestion}"?)`}`,
  )
}

/**
 * Ollama's own rule: `host`, `host:port` or a whole address; port 11434 unless a scheme is given, then that scheme's own. The
 * address a server listens on everywhere (0.0.0.0, ::) is reached at the loopback one.
 */
function readOllamaHost(text: string, variable: string): string {
  const hasScheme = /^https?:\/\//i.test(text)
  const bare = hasScheme || text.startsWith('[') || text.split(':').length <= 2 ? text : `[${text}]`
  const address = hasScheme ? bare : `http://${bare.startsWith(':') ? `127.0.0.1${bare}` : bare}`
  if (!URL.canParse(address)) throw badVariable(variable, 'must be host, host:port or an http:// address')
  const url = new URL(address)
  const host = url.hostname === '0.0.0.0' ? '127.0.0.1' : url.hostname === '[::]' ? '[::1]' : url.hostname
  if (url.username !== '' || url.password !== '') throw badVariable(variable, 'must not hold a user name or password')
  // A URL drops the port that is its scheme's own, so ":80" has to be looked for in the text.
  const port = url.port !== '' ? `:${url.port}` : hasScheme ? '' : /:80(\/|$)/.test(bare) ? ':80' : ':11434'
  return `${url.protocol}//${host}${port}${url.pathname.replace(/\/+$/, '')}`
}
