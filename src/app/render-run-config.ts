import { hash } from 'node:crypto'
import { RUN_CONFIG_SCHEMA_VERSION, type RunConfigArtifact } from '../domain/artifacts.ts'
import type { Config } from '../domain/config.ts'
import type { RunFacts } from './run-facts.ts'

/** Returns what decided a run besides its prompt, its personas' texts and the world. Holds no path, address or token. */
export function renderRunConfig(facts: RunFacts): RunConfigArtifact {
  const { spec, agents, order } = facts.context
  const { limits } = spec
  return {
    run_config_schema_version: RUN_CONFIG_SCHEMA_VERSION,
    run_id: facts.runId,
    product_version: facts.productVersion,
    policy: facts.config.selectorPolicy,
    env: envOf(facts.config),
    prompt_len: spec.prompt.length,
    prompt_sha: sha256(spec.prompt),
    protocol: spec.protocol,
    rounds: spec.rounds,
    seed: spec.seed,
    language: spec.language,
    limits: {
      turn_timeout_s: limits.turnTimeoutSeconds,
      queue_timeout_s: limits.queueTimeoutSeconds,
      budget_s: limits.budgetSeconds,
      budget_tokens: limits.budgetTokens,
      quorum: limits.quorum,
    },
    agents: order.flatMap((id) => {
      const agent = agents[id]?.spec
      if (agent === undefined) return []
      const { persona, model } = agent
      return [{ id, persona: persona.id, persona_sha: sha256(JSON.stringify(persona)), model }]
    }),
    backends: facts.backends.map(({ id, kind }) => ({ id, kind })),
  }
}

/** Returns `sha256:` and hex of the lines `NAME=value` of `env`, names sorted, joined by line ends. */
export function configDigest(config: Config): string {
  const lines = Object.entries(envOf(config)).map(([name, value]) => `${name}=${value}`)
  return `sha256:${sha256(lines.sort().join('\n'))}`
}

/** Returns the value in force under the name of the variable that would set it; empty where nothing is set. */
function envOf({ sampling, codebleu, ...config }: Config): Record<string, string> {
  return {
    ALLOW_NET: flag(config.allowNet),
    CC_QUICK_CI: flag(config.quick),
    CC_TEMP: text(sampling.temperature),
    CC_TOP_P: text(sampling.topP),
    CODEBLEU_LANG: text(codebleu.language),
    CODEBLEU_NORMALIZE: flag(codebleu.normalize),
    CODEBLEU_STRIP_COMMENTS: flag(codebleu.stripComments),
    CODEBLEU_STRIP_DOCSTRINGS: flag(codebleu.stripDocstrings),
    CODEBLEU_WEIGHTS: codebleu.weights?.join(',') ?? '',
    DISCOVERY_DISABLE: flag(!config.discovery),
    ENGINE_BACKENDS: config.engineBackends.join(','),
    ENGINE_MODEL_ALLOWLIST: config.modelAllowlist.join(','),
    FORCE_MODEL: text(config.forceModel),
    MAX_PARALLEL_MODELS: text(config.maxParallelModels),
    MAX_TOKENS: text(sampling.maxTokens),
    MODEL_SELECTOR_STRICT: flag(config.strictModel),
    SELECTOR_POLICY: config.selectorPolicy,
  }
}

function flag(value: boolean): string {
  return value ? '1' : '0'
}

function text(value: string | number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value)
}

function sha256(value: string): string {
  return hash('sha256', value, 'hex')
}
