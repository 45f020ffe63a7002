import { type CodeBleuParts, type CodeBleuResult, type CodeProfile, codeBleu } from './code-bleu.ts'
import { CODE_BLEU_PARTS, type CodeBleuWeights } from './code-bleu-settings.ts'

/** A program of a pool, and how many answers gave it. All profiles of a pool are of one language, under one setting. */
export interface PoolProgram {
  readonly profile: CodeProfile
  readonly count: number
}

/** How like a program is to all other answers of its pool: means in [0, 1], each answer counted once. */
export interface Likeness {
  readonly score: number
  /** Null where no answer has anything to compare in that part. */
  readonly parts: CodeBleuParts
  /** What befell any of the comparisons, sorted, each once. */
  readonly flags: readonly string[]
}

type Compare = (a: number, b: number) => CodeBleuResult

/**
 * Returns how like program `own` is to the other answers of `pool`; null where there is no other. An answer that gave the very
 * same program is one of the others, and like it in every part. O(programs) comparisons.
 */
export function likenessOf(own: number, pool: readonly PoolProgram[], weights: CodeBleuWeights): Likeness | null {
  return meanOf(own, pool, comparing(pool, weights))
}

/**
 * Returns the likeness of each program of `pool` to the other answers, in order, rounded to 6 digits, so that a log reads alike
 * everywhere; null where there is but one answer. Each two programs are compared once: O(programs²) comparisons.
 */
export function poolLikeness(pool: readonly PoolProgram[], weights: CodeBleuWeights): readonly number[] | null {
  const compare = comparing(pool, weights)
  const known = new Map<number, CodeBleuResult>()
  const once: Compare = (a, b) => {
    // CodeBLEU is symmetric here, so that the pair is asked for in one order only.
    const pair = Math.min(a, b) * pool.length + Math.max(a, b)
    const result = known.get(pair) ?? compare(Math.min(a, b), Math.max(a, b))
    known.set(pair, result)
    return result
  }
  const means = pool.map((_, own) => meanOf(own, pool, once))
  return means.some((mean) => mean === null) || means.length === 0
    ? null
    : means.map((mean) => Math.round((mean?.score ?? 0) * 1e6) / 1e6)
}

function comparing(pool: readonly PoolProgram[], weights: CodeBleuWeights): Compare {
  return (a, b) => {
    const [left, right] = [pool[a], pool[b]]
    if (left === undefined || right === undefined) throw new RangeError(`there is no program ${a} or ${b} in the pool`)
    return codeBleu(left.profile, right.profile, weights)
  }
}

function meanOf(own: number, pool: readonly PoolProgram[], compare: Compare): Likeness | null {
  const compared = pool.flatMap(({ count }, other) => {
    const weight = other === own ? count - 1 : count
    return weight > 0 ? [{ weight, result: compare(own, other) }] : []
  })
  if (compared.length === 0) return null
  const mean = (of: (result: CodeBleuResult) => number | null): number | null => {
    const known = compared.flatMap(({ weight, result }) => {
      const value = of(result)
      return value === null ? [] : [{ weight, share: value * weight }]
    })
    // Summed from the smallest up: in the pool's order, the last bit, and so the rounded figure, would hang on that order.
    const shares = known.map(({ share }) => share).sort((a, b) => a - b)
    const total = known.reduce((sum, { weight }) => sum + weight, 0)
    return total === 0 ? null : Math.min(1, shares.reduce((sum, share) => sum + share, 0) / total)
  }
  const [ngram = null, weighted = null, ast = null, flow = null, token = null] = CODE_BLEU_PARTS.map((part) =>
    mean(({ parts }) => parts[part]),
  )
  return {
    score: mean(({ score }) => score) ?? 0,
    parts: { ngram, weighted, ast, flow, token },
    flags: [...new Set(compared.flatMap(({ result }) => result.flags))].sort(),
  }
}
