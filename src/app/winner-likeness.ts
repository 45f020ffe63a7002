import { profilePool } from '../actors/profile-pool.ts'
import { listWeights, toCodeBleuSettings } from '../consensus/code-bleu-settings.ts'
import { likenessOf } from '../consensus/pool-likeness.ts'
import type { Candidate } from '../domain/candidate.ts'
import type { CodeBleuConfig } from '../domain/code-bleu-config.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import type { WinnerLikeness } from './run-facts.ts'

/**
 * Returns how like `winner` is to the other answers of its pool by CodeBLEU, as the gate measures it, part by part; null where
 * there is no other. `config` is the run's own; null = the defaults.
 */
export async function measureLikeness(
  winner: Candidate,
  pool: readonly Candidate[],
  parser: SyntaxParser,
  config: CodeBleuConfig | null,
): Promise<WinnerLikeness | null> {
  const settings = toCodeBleuSettings(config)
  const { language, programs } = await profilePool(pool, parser, settings)
  const at = pool.findIndex(({ id }) => id === winner.id)
  const likeness = at < 0 ? null : likenessOf(at, programs, settings.weights)
  return likeness && { ...likeness, weights: shares(listWeights(settings.weights)), language }
}

function shares(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
