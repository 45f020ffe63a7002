import { z } from 'zod'
import { CodeBleuConfig } from './code-bleu-config.ts'
import { Sampling } from './message.ts'
import { SERVER_KINDS } from './model.ts'
import { Protocol, RunLimits } from './run-spec.ts'

/** The kinds of server a configuration may name. */
export const ServerKind = z.enum(SERVER_KINDS)
export type ServerKind = z.infer<typeof ServerKind>

const EnvName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of an environment variable, never a token itself')

const ServerUrl = z
  .string()
  .max(2_048)
  .refine(
    isServerUrl,
    'must be an http:// or https:// address without user, password, query or fragment (for a token use tokenEnv)',
  )

function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && !/[?#]/.test(text)
}

/** A server to use besides those that discovery finds. */
export const BackendConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._@:-]{0,63}$/, 'letters, digits and ._@:- only, at most 64')
    .optional(),
  kind: ServerKind,
  url: ServerUrl,
  /** Name of the environment variable that holds the server's API token. */
  tokenEnv: EnvName.optional(),
})
export type BackendConfig = z.infer<typeof BackendConfig>

const path = z.string().min(1).max(4_096)
const name = z.string().min(1).max(200)
const { shape: limits } = RunLimits

const ConfigLimits = z.strictObject({
  turnTimeoutSeconds: limits.turnTimeoutSeconds.unwrap(),
  queueTimeoutSeconds: limits.queueTimeoutSeconds.unwrap(),
  budgetSeconds: limits.budgetSeconds.unwrap(),
  budgetTokens: limits.budgetTokens.unwrap(),
  quorum: limits.quorum.unwrap(),
})

/** Everything a configuration decides, every field present. `BUILT_IN_CONFIG` holds the values nobody set. */
export const Config = z.strictObject({
  /** Servers named by hand. */
  backends: z.array(BackendConfig).max(64),
  /** Look for servers at their usual ports. */
  discovery: z.boolean(),
  /** Where discovery looks for Ollama; null = its usual port. */
  ollamaUrl: ServerUrl.nullable(),
  /** Kinds of server that may be asked at all, found or named. */
  engineBackends: z.array(ServerKind).max(16),
  /** Models that may be used, `*` matching any run of characters; empty = all. */
  modelAllowlist: z.array(name).max(200),
  /** The model every agent uses if it is there; null = chosen. */
  forceModel: name.nullable(),
  /** With `forceModel`: no other model, also when that one is missing. */
  strictModel: z.boolean(),
  /** What the choice of a model weighs first; `fixed` = the order in which models are preferred or named. */
  selectorPolicy: z.enum(['latency', 'context', 'quality', 'fixed']),
  /** Models in use at once; 0 = no limit of ours. */
  maxParallelModels: z.int().min(0).max(64),
  /** Overrides every persona's sampling. */
  sampling: Sampling,
  limits: ConfigLimits,
  artifactsDir: path,
  /** Directory or file of personas; null = those that ship. */
  personas: path.nullable(),
  agents: z
    .array(z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'lower-case letters, digits, _ and -, at most 32'))
    .min(1)
    .max(64),
  protocol: Protocol,
  rounds: z.int().min(1).max(1_000),
  /** Allow connections besides those to the backends. */
  allowNet: z.boolean(),
  /** Answer from the mock backend: no server and no model needed. */
  quick: z.boolean(),
  codebleu: CodeBleuConfig,
})
export type Config = z.infer<typeof Config>

/** A configuration file: any part of `Config`, nothing else. */
export const ConfigFile = Config.partial().extend({
  limits: ConfigLimits.partial().optional(),
  codebleu: CodeBleuConfig.partial().optional(),
})
export type ConfigFile = z.infer<typeof ConfigFile>

/** What holds where nothing is set. */
export const BUILT_IN_CONFIG: Config = {
  backends: [],
  discovery: true,
  ollamaUrl: null,
  engineBackends: ServerKind.options,
  modelAllowlist: [],
  forceModel: null,
  strictModel: false,
  selectorPolicy: 'latency',
  maxParallelModels: 0,
  sampling: {},
  limits: RunLimits.parse({}),
  artifactsDir: 'artifacts',
  personas: null,
  agents: ['architect', 'coder', 'bug_hunter'],
  protocol: 'evidence',
  rounds: 1,
  allowNet: false,
  quick: false,
  codebleu: { weights: null, language: null, normalize: false, stripComments: true, stripDocstrings: true },
}

/** The parts of a configuration that are set field by field; all others are set as a whole. */
export const CONFIG_GROUPS = ['sampling', 'limits', 'codebleu'] as const

/** Where a value came from; later sources win. */
export type ConfigSource = 'built-in' | 'user file' | 'project file' | 'environment' | 'flag'

export interface ConfigOrigin {
  readonly source: ConfigSource
  /** `file:line`, the variable's name or the flag; empty for what is built in. */
  readonly where: string
}

/** A configuration and the origin of each value by its dotted path (`rounds`, `limits.budgetTokens`). */
export interface LoadedConfig {
  readonly config: Config
  readonly origins: ReadonlyMap<string, ConfigOrigin>
}
