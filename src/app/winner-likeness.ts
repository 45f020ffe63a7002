import { type CodeBleuParts, type CodeProfile, codeBleu, codeProfile, normaliseCode } from '../consensus/code-bleu.ts'
import {
  CODE_BLEU_DEFAULTS,
  type CodeBleuSettings,
  codeBleuWeights,
  comparisonLanguage,
} from '../consensus/code-bleu-settings.ts'
import type { Candidate } from '../domain/candidate.ts'
import type { Config } from '../domain/config.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import type { WinnerLikeness } from './run-facts.ts'

const PARTS = ['ngram', 'weighted', 'ast', 'flow', 'token'] as const

/**
 * Returns how like `winner` is to the other answers of its pool by CodeBLEU, each answer counted once; null where there is no
 * other. An answer with the very same program counts as like it in every part.
 */
export async function measureLikeness(
  winner: Candidate,
  pool: readonly Candidate[],
  parser: SyntaxParser,
  config: Config['codebleu'],
): Promise<WinnerLikeness | null> {
  const others = pool.filter((candidate) => candidate.id !== winner.id)
  const answers = winner.duplicates.length + others.reduce((count, { duplicates }) => count + 1 + duplicates.length, 0)
  if (answers === 0) return null
  const settings = toSettings(config)
  const language = comparisonLanguage({ configured: settings.language, tags: [winner.language] })
  const profile = async ({ program }: Candidate): Promise<CodeProfile> => {
    const text = normaliseCode(program)
    return codeProfile(text, language === null ? null : await parser.parse(language, text), settings)
  }
  const own = await profile(winner)
  const compared = [
    { weight: winner.duplicates.length, result: codeBleu(own, own, settings.weights) },
    ...(await Promise.all(
      others.map(async (other) => ({
        weight: 1 + other.duplicates.length,
        result: codeBleu(own, await profile(other), settings.weights),
      })),
    )),
  ].filter(({ weight }) => weight > 0)
  const mean = (of: (result: { readonly score: number; readonly parts: CodeBleuParts }) => number | null): number | null => {
    let [sum, weight] = [0, 0]
    for (const each of compared) {
      const value = of(each.result)
      if (value === null) continue
      sum += value * each.weight
      weight += each.weight
    }
    return weight === 0 ? null : Math.min(1, sum / weight)
  }
  const [ngram = null, weighted = null, ast = null, flow = null, token = null] = PARTS.map((part) =>
    mean(({ parts }) => parts[part]),
  )
  return {
    score: mean(({ score }) => score) ?? 0,
    parts: { ngram, weighted, ast, flow, token },
    weights: shares(config.weights ?? [0.25, 0.25, 0.25, 0.25]),
    language,
  }
}

function toSettings(config: Config['codebleu']): CodeBleuSettings {
  const { weights, normalize, stripComments, stripDocstrings, language } = config
  return {
    weights: weights === null ? CODE_BLEU_DEFAULTS.weights : codeBleuWeights(weights, 'codebleu.weights'),
    normalize,
    stripComments,
    stripDocstrings,
    language,
  }
}

function shares(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
