import { CodeConductorError } from '../domain/errors.ts'
import { syntaxLanguage } from '../domain/syntax-language.ts'

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

/** Weights that may be asked for by name. */
const PRESETS: Readonly<Record<string, readonly number[]>> = { seed: [0.2, 0.6, 0.2] }

/**
 * Returns weights from a list of numbers: four are n-gram, weighted n-gram, syntax and data flow; three are n-gram,
 * syntax and token. Throws `CONFIG_INVALID`, naming `source`, for another count, a negative or infinite number, or none above 0.
 */
export function codeBleuWeights(numbers: readonly number[], source: string): CodeBleuWeights {
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers
  if (numbers.length !== 3 && numbers.length !== 4) throw badSetting(source, 'must hold 3 or 4 numbers')
  if (!numbers.every((number) => Number.isFinite(number) && number >= 0)) throw badSetting(source, 'must hold numbers from 0 up')
  if (!numbers.some((number) => number > 0)) throw badSetting(source, 'must hold one number above 0 at least')
  return numbers.length === 4
    ? { ngram: first, weighted: second, ast: third, flow: fourth, token: 0 }
    : { ngram: first, weighted: 0, ast: second, flow: 0, token: third }
}

/**
 * Returns the settings that CODEBLEU_WEIGHTS, _NORMALIZE, _STRIP_COMMENTS, _STRIP_DOCSTRINGS and _LANG ask for. A
 * variable that is empty counts as not set. Throws `CONFIG_INVALID` naming the variable that cannot be understood.
 */
export function parseCodeBleuSettings(env: Readonly<Record<string, string | undefined>>): CodeBleuSettings {
  const text = (variable: string) => env[variable]?.trim() || null
  const flag = (variable: string, otherwise: boolean) => readFlag(text(variable), variable, otherwise)
  const weights = text('CODEBLEU_WEIGHTS')
  const language = text('CODEBLEU_LANG')
  return {
    weights: weights === null ? CODE_BLEU_DEFAULTS.weights : codeBleuWeights(readNumbers(weights), 'CODEBLEU_WEIGHTS'),
    normalize: flag('CODEBLEU_NORMALIZE', CODE_BLEU_DEFAULTS.normalize),
    stripComments: flag('CODEBLEU_STRIP_COMMENTS', CODE_BLEU_DEFAULTS.stripComments),
    stripDocstrings: flag('CODEBLEU_STRIP_DOCSTRINGS', CODE_BLEU_DEFAULTS.stripDocstrings),
    language: language === null ? null : syntaxLanguage(language),
  }
}

function readNumbers(text: string): readonly number[] {
  const preset = Object.hasOwn(PRESETS, text.toLowerCase()) ? PRESETS[text.toLowerCase()] : undefined
  // An empty part is not a 0: `Number('')` would make it one.
  return preset ?? text.split(/\s*[,\s]\s*/).map((part) => (part === '' ? Number.NaN : Number(part)))
}

function readFlag(text: string | null, variable: string, otherwise: boolean): boolean {
  if (text === null) return otherwise
  const word = text.toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(word)) return true
  if (['0', 'false', 'no', 'off'].includes(word)) return false
  throw badSetting(variable, 'must be 1, true, yes, on, 0, false, no or off')
}

function badSetting(source: string, problem: string): CodeConductorError {
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
