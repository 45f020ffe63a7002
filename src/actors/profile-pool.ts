import { type CodeProfile, codeProfile, normaliseCode } from '../consensus/code-bleu.ts'
import { type CodeBleuSettings, comparisonLanguage } from '../consensus/code-bleu-settings.ts'
import type { PoolProgram } from '../consensus/pool-likeness.ts'
import type { Candidate } from '../domain/candidate.ts'
import { syntaxLanguage } from '../domain/syntax-language.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'

/** The programs of a pool, ready to be compared, in the order given. */
export interface ProfiledPool {
  /** The one language all were read as; null where none was told. A language without a grammar is compared by tokens. */
  readonly language: string | null
  readonly programs: readonly PoolProgram[]
}

/** Returns `candidates` as CodeBLEU compares them, each parsed once: in one language, what `settings` say, else the one that fits best. */
export async function profilePool(
  candidates: readonly Pick<Candidate, 'program' | 'language' | 'duplicates'>[],
  parser: SyntaxParser,
  settings: CodeBleuSettings,
): Promise<ProfiledPool> {
  const texts = candidates.map(({ program }) => normaliseCode(program))
  const errors = new Map<string, number>()
  const tags = [...new Set(candidates.map(({ language }) => syntaxLanguage(language)))]
  // Programs of a pool are nearly always of one language, and then nothing has to be tried.
  for (const tag of settings.language === null && tags.length > 1 ? tags : []) {
    const trees = await Promise.all(texts.map((text) => parser.parse(tag, text)))
    if (trees.every((tree) => tree !== null)) errors.set(tag, sum(trees.map((tree) => tree.errorCount)))
  }
  const language = comparisonLanguage({
    configured: settings.language,
    tags,
    errorsAs: (tag) => errors.get(tag) ?? null,
  })
  const programs = await Promise.all(
    texts.map(async (text, i) => ({
      profile: await profileText(text, language, parser, settings),
      count: 1 + (candidates[i]?.duplicates.length ?? 0),
    })),
  )
  return { language, programs }
}

/** Returns the profile of `text`, which `normaliseCode` returned, read as `language`. */
export async function profileText(
  text: string,
  language: string | null,
  parser: SyntaxParser,
  settings: CodeBleuSettings,
): Promise<CodeProfile> {
  return codeProfile(text, language === null ? null : await parser.parse(language, text), settings)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
