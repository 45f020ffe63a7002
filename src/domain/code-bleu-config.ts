import { z } from 'zod'
import { nearestName } from './nearest-name.ts'
import { SYNTAX_LANGUAGES, syntaxLanguage } from './syntax-language.ts'

/** Returns why `name` is no language whose grammar is known, with the name that was most likely meant; null if it is one. */
export function unknownLanguage(name: string): string | null {
  if (SYNTAX_LANGUAGES.includes(syntaxLanguage(name))) return null
  const suggestion = nearestName(name.trim(), SYNTAX_LANGUAGES)
  return `knows ${SYNTAX_LANGUAGES.join(', ')} only${suggestion === null ? '' : ` (did you mean "${suggestion}"?)`}`
}

/** How CodeBLEU is measured: in a configuration, and in the run it held for. */
export const CodeBleuConfig = z.strictObject({
  /** Weights of n-gram, syntax tree and token match (three), or of the four parts of CodeBLEU; null = the measure's own. */
  weights: z
    .array(z.number().min(0).max(1_000))
    .min(3)
    .max(4)
    .refine((weights) => weights.some((weight) => weight > 0), 'one weight at least must be above 0')
    .nullable(),
  /** The language every text is read as; null = told from the answers. */
  language: z
    .string()
    .min(1)
    .max(32)
    .refine((name) => unknownLanguage(name) === null, {
      error: ({ input }) => unknownLanguage(String(input)) ?? 'is not known',
    })
    .nullable(),
  /** Fold case in the `token` part, which counts with three weights only. */
  normalize: z.boolean(),
  stripComments: z.boolean(),
  stripDocstrings: z.boolean(),
})
export type CodeBleuConfig = z.infer<typeof CodeBleuConfig>
