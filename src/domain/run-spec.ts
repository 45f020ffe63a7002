import { z } from 'zod'
import { CodeBleuConfig } from './code-bleu-config.ts'
import { CodeConductorError } from './errors.ts'
import { Sampling } from './message.ts'
import { Persona } from './persona.ts'
import { TestSuite } from './suite.ts'

/**
 * `evidence`: blind drafts, judged; a debate round only where that leaves the matter open.
 * `classic`: propose, rebut × rounds, finalize, each agent seeing the others' full texts.
 * `solo`: one agent, one draft.
 */
export const Protocol = z.enum(['evidence', 'classic', 'solo'])
export type Protocol = z.infer<typeof Protocol>

const seconds = z.number().gt(0).max(2_592_000)

/** Limits of a run. Seconds are wall time as the run's clock sees it; tokens are input plus output as reported. */
export const RunLimits = z.strictObject({
  /** From the slot being granted to the end of the answer. */
  turnTimeoutSeconds: seconds.default(300),
  /** From being asked for to the slot being granted. */
  queueTimeoutSeconds: seconds.default(3_600),
  budgetSeconds: seconds.nullable().default(null),
  budgetTokens: z.int().min(1).nullable().default(null),
  /** Agents that must still stand for the run to go on; null = 2, or 1 where one was asked for. */
  quorum: z.int().min(1).max(64).nullable().default(null),
})
export type RunLimits = z.infer<typeof RunLimits>

/** An agent of a run: a persona under a name, with the model it must use if the user said so. */
export const AgentSpec = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/),
  persona: Persona,
  /** Exact model name or `*` pattern from `--model role=name`; null = chosen by preference and availability. */
  model: z.string().min(1).max(200).nullable().default(null),
})
export type AgentSpec = z.infer<typeof AgentSpec>

/** Characters a prompt may have: more than any local window holds. */
export const MAX_PROMPT_CHARS = 1_048_576

/** All that decides a run besides what the world answers. It is the payload of the `start` record. */
export const RunSpec = z.strictObject({
  prompt: z.string().min(1).max(MAX_PROMPT_CHARS),
  protocol: Protocol.default('evidence'),
  /** `classic`: rebuttal rounds. `evidence`: rounds in all, the drafts being the first; above 1 asks for debate. */
  rounds: z.int().min(1).max(1_000).default(1),
  agents: z.array(AgentSpec).min(1).max(64),
  /** Language of the code asked for, e.g. `python`; null = told from the prompt and the answers. */
  language: z.string().max(32).nullable().default(null),
  /** The user's own tests, which the program has to pass; null = none. */
  suite: TestSuite.nullable().default(null),
  /** Overrides every persona's sampling. */
  sampling: Sampling.default({}),
  seed: z.int().min(0).max(4_294_967_295).default(0),
  limits: RunLimits.default(RunLimits.parse({})),
  /** How likeness of programs is measured; null = as `CODE_BLEU_DEFAULTS` says. */
  codeBleu: CodeBleuConfig.nullable().default(null),
  /** Tokens of window assumed where a backend does not say. */
  assumedContextTokens: z.int().min(512).max(1_048_576).default(8_192),
})
export type RunSpec = z.infer<typeof RunSpec>
export type RunSpecInput = z.input<typeof RunSpec>

/** Returns a spec as a log holds it, with the fields that were added since it was written as they were then: not there. */
export function withLaterFields(spec: RunSpec): RunSpec {
  return { ...LATER_FIELDS, ...spec }
}

const LATER_FIELDS = { suite: null } as const

/** Returns `input` as a spec with every default in place. Throws `PROMPT_TOO_LARGE`, or `USAGE` naming the first bad field. */
export function parseRunSpec(input: RunSpecInput): RunSpec {
  if (input.prompt.length > MAX_PROMPT_CHARS) {
    throw new CodeConductorError(
      'PROMPT_TOO_LARGE',
      `the prompt has ${input.prompt.length} characters; ${MAX_PROMPT_CHARS} are the most`,
      {
        hint: 'shorten the prompt, or name files instead of pasting them',
      },
    )
  }
  const parsed = RunSpec.safeParse(input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new CodeConductorError('USAGE', `${issue?.path.join('.') || 'run'}: ${issue?.message ?? 'is not valid'}`, {
    hint: 'codeconductor run --help',
  })
}
