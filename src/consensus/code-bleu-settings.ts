import type { CodeBleuConfig } from '../domain/code-bleu-config.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { syntaxLanguage } from '../domain/syntax-language.ts'

/** The parts of CodeBLEU, in the order they are written down. */
export const CODE_BLEU_PARTS = ['ngram', 'weighted', 'ast', 'flow', 'token'] as const

/** How much each part of CodeBLEU counts; only the ratios matter. */
export interface CodeBleuWeights {
  readonly ngram: number
  readonly weighted: number
  readonly ast: number
  readonly flow: number
  readonly token: number
}

export interface CodeBleuSettings {
  readonly weights: CodeBleuWeights
  /** Fold case, in the `token` part alone. */
  readonly normalize: boolean
  readonly stripComments: boolean
  readonly stripDocstrings: boolean
  /** The language of every text, whatever else says; null = to be found out. */
  readonly language: string | null
}

/** What holds where nothing is set: the four parts of the paper in equal shares (arXiv 2009.10297, §4). */
export const CODE_BLEU_DEFAULTS: CodeBleuSettings = {
  weights: { ngram: 0.25, weighted: 0.25, ast: 0.25, flow: 0.25, token: 0 },
  normalize: false,
  stripComments: true,
  stripDocstrings: true,
  language: null,
}

/** Weights that may be asked for by name: `seed` is the mix of n-gram, syntax and token match this product began with. */
export const CODE_BLEU_PRESETS: ReadonlyMap<string, readonly number[]> = new Map([['seed', [0.2, 0.6, 0.2]]])

/**
 * Returns weights from a list of numbers: four are n-gram, weighted n-gram, syntax and data flow; three are n-gram,
 * syntax and token. Throws `CONFIG_INVALID`, naming `source`, for another count, a negative or infinite number, or none above 0.
 */
export function codeBleuWeights(numbers: readonly number[], source: string): CodeBleuWeights {
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers
  if (numbers.length !== 3 && numbers.length !== 4) throw badWeights(source, 'must hold 3 or 4 numbers')
  if (!numbers.every((number) => Number.isFinite(number) && number >= 0)) throw badWeights(source, 'must hold numbers from 0 up')
  if (!numbers.some((number) => number > 0)) throw badWeights(source, 'must hold one number above 0 at least')
  return numbers.length === 4
    ? { ngram: first, weighted: second, ast: third, flow: fourth, token: 0 }
    : { ngram: first, weighted: 0, ast: second, flow: 0, token: third }
}

/** Returns weights as the list `codeBleuWeights` makes them from: three numbers where tokens count, else four. */
export function listWeights({ ngram, weighted, ast, flow, token }: CodeBleuWeights): readonly number[] {
  return token > 0 ? [ngram, ast, token] : [ngram, weighted, ast, flow]
}

/** Returns what a configuration asks for; null asks for the defaults. Throws `CONFIG_INVALID` as `codeBleuWeights` does. */
export function toCodeBleuSettings(config: CodeBleuConfig | null): CodeBleuSettings {
  if (config === null) return CODE_BLEU_DEFAULTS
  const { weights, normalize, stripComments, stripDocstrings, language } = config
  return {
    weights: weights === null ? CODE_BLEU_DEFAULTS.weights : codeBleuWeights(weights, 'codebleu.weights'),
    normalize,
    stripComments,
    stripDocstrings,
    language: language === null ? null : syntaxLanguage(language),
  }
}

function badWeights(source: string, problem: string): CodeConductorError {
  return new CodeConductorError('CONFIG_INVALID', `${source} ${problem}`, {
    hint: `unset ${source}, or set it as in CODEBLEU_WEIGHTS=0.25,0.25,0.25,0.25`,
  })
}

/** What is known of the language of texts to be compared. */
export interface LanguageEvidence {
  /** What the caller said. */
  readonly argument?: string | null
  /** `CodeBleuSettings.language`. */
  readonly configured?: string | null
  /** Fence tags, or endings of paths, of the texts. */
  readonly tags: readonly string[]
  /** Syntax errors of all texts together when parsed as a language; null = it has no grammar. */
  readonly errorsAs?: (language: string) => number | null
}

/**
 * Returns the one language in which all texts of a comparison are read: what the caller said, else the setting, else
 * the tag they agree on, else the tag whose grammar finds the fewest errors (ties: first by name), else null.
 */
export function comparisonLanguage(evidence: LanguageEvidence): string | null {
  const told = evidence.argument || evidence.configured
  if (told) return syntaxLanguage(told)
  const tags = [...new Set(evidence.tags.map(syntaxLanguage).filter((tag) => tag !== ''))].sort()
  const errors = tags.map((tag) => (tags.length > 1 ? evidence.errorsAs?.(tag) : 0) ?? Number.POSITIVE_INFINITY)
  return tags[errors.indexOf(Math.min(...errors))] ?? null
}
