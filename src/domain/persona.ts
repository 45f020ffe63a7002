import { z } from 'zod'
import { Sampling } from './message.ts'

/** What a persona can be asked to do in a run. */
export const PersonaRole = z.enum(['draft', 'write_tests', 'critique', 'judge'])
export type PersonaRole = z.infer<typeof PersonaRole>

/** How a persona attacks a problem. Different methods on one model help nearly as much as different models. */
export const Method = z.enum(['direct', 'plan', 'edges', 'analogy', 'brute', 'decompose', 'contract', 'measure'])
export type Method = z.infer<typeof Method>

/** What the supervisor does when a persona's turn fails for a transport reason (child spec as in Erlang/OTP). */
export const RestartPolicy = z.strictObject({
  /** `transient`: restart after a transport failure; `temporary`: never restart. */
  strategy: z.enum(['transient', 'temporary']).default('transient'),
  /** Restarts allowed within `periodSeconds`; one more and the persona abstains. */
  intensity: z.int().min(0).max(20).default(3),
  periodSeconds: z.number().gt(0).max(86_400).default(300),
  backoffSeconds: z.number().min(0).max(600).default(0.5),
  maxBackoffSeconds: z.number().min(0).max(3_600).default(8),
})
export type RestartPolicy = z.infer<typeof RestartPolicy>

const text = z.string().trim().min(1).max(4_000)

/** A role in a debate, as data: one YAML file. Texts are short, for local models of 1 to 8 B parameters. */
export const Persona = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'lower-case letters, digits, _ and -, at most 32'),
  title: z.string().trim().min(1).max(80),
  /** Who it is, in a phrase; goes into the prompt. */
  style: text,
  rules: z.array(text).max(12).default([]),
  method: Method.default('direct'),
  /** How it works, sent before the instruction of each turn; empty = the method's own text. */
  instructions: z.string().trim().max(4_000).default(''),
  roles: z.array(PersonaRole).min(1).default(['draft']),
  /** Model names in order of preference; `*` matches any run of characters. Empty = any. */
  models: z.array(z.string().min(1).max(200)).max(20).default([]),
  sampling: Sampling.default({}),
  limits: z
    .strictObject({
      turnTimeoutSeconds: z.number().gt(0).max(86_400).optional(),
      /** Tokens of prompt this persona may be sent. */
      promptTokens: z.int().min(256).max(1_048_576).optional(),
    })
    .default({}),
  restart: RestartPolicy.default(RestartPolicy.parse({})),
})
export type Persona = z.infer<typeof Persona>
