import { nodeCount, type SyntaxTree } from '../domain/syntax-tree.ts'
import { type Bag, overlap } from './code-bleu-bag.ts'
import { flowEdges } from './code-bleu-flow.ts'
import { flowBag } from './code-bleu-flow-bag.ts'
import { REFERENCE_FLOW } from './code-bleu-flow-table.ts'
import { REFERENCE_KEYWORDS } from './code-bleu-keywords.ts'
import { type GramProfile, gramProfile, wordOverlap } from './code-bleu-ngram.ts'
import { subtreeBag } from './code-bleu-tree.ts'

/**
 * CodeBLEU as published (arXiv 2009.10297) and as its widely used implementation computes it, oddities included: a
 * directed score of a hypothesis against a reference. For parity tests and comparisons with the literature; candidates
 * are compared by `codeBleu`. Where the implementation depends on the order of a hash table, the order is first come.
 */
export interface ReferenceProfile {
  readonly grams: GramProfile
  readonly tokenCount: number
  readonly ast: Bag
  /** Null where the language has no table, or the walk spent its budget. */
  readonly flow: Bag | null
}

/** Each part in [0, 1]; `flow` null where there is none to match, which is not the same as matching none of it. */
export interface ReferenceScore {
  readonly score: number
  readonly parts: { readonly ngram: number; readonly weighted: number; readonly ast: number; readonly flow: number | null }
}

/** Returns the profile of a text. `tree` is what a parser made of `referenceSource(text, language)`. */
export function referenceProfile(text: string, tree: SyntaxTree): ReferenceProfile {
  const keywords = REFERENCE_KEYWORDS[tree.language] ?? new Set<string>()
  const words = text
    .trim()
    .split(/\s+/u)
    .filter((word) => word !== '')
  const nothing = new Uint8Array(nodeCount(tree))
  const table = Object.hasOwn(REFERENCE_FLOW, tree.language) ? REFERENCE_FLOW[tree.language] : undefined
  const edges = table ? flowEdges(tree, nothing, table) : null
  return {
    grams: gramProfile(words.map((word) => ({ text: word, isKeyword: keywords.has(word) }))),
    tokenCount: words.length,
    ast: subtreeBag(tree, nothing, true),
    flow: edges && flowBag(edges),
  }
}

/**
 * Returns the score of `hypothesis` against `reference`, each part a quarter. With `compat: 'k4black'` a data flow of 0,
 * or none, counts as 1, as it does there; else a data flow that is not there does not count.
 */
export function referenceCodeBleu(
  reference: ReferenceProfile,
  hypothesis: ReferenceProfile,
  options: { readonly compat?: 'k4black' } = {},
): ReferenceScore {
  const { ngram, weighted } = bleus(reference, hypothesis)
  const ast = matchedAnywhere(reference.ast, hypothesis.ast) / reference.ast.total
  const flow =
    reference.flow && hypothesis.flow && reference.flow.total > 0
      ? overlap(reference.flow, hypothesis.flow) / reference.flow.total
      : null
  const shown = options.compat === 'k4black' ? flow || 1 : flow
  const score = shown === null ? (ngram + weighted + ast) / 3 : (ngram + weighted + ast + shown) / 4
  return { score, parts: { ngram, weighted, ast, flow } }
}

/** What stands for a numerator of 0 (smoothing method 1 of Chen and Cherry, WMT 2014). */
const EPSILON = 0.1

/**
 * Returns BLEU-4 of one pair from what its 1- to 4-grams share: clipped precision with the usual brevity penalty, and the
 * weighted variant, a clipped recall whose single words are weighted.
 */
function bleus(reference: ReferenceProfile, hypothesis: ReferenceProfile): { ngram: number; weighted: number } {
  const words = wordOverlap(reference.grams, hypothesis.grams)
  if (words.count === 0) return { ngram: 0, weighted: 0 }
  // Both sides weigh a word alike, so that min(weight · a, weight · b) is weight · min(a, b).
  let precision = logShare(words.count, hypothesis.grams.words.total)
  let recall = logShare(words.weight, reference.grams.weightTotal)
  for (let n = 1; n < 4; n++) {
    const [ours, theirs] = [hypothesis.grams.grams[n], reference.grams.grams[n]]
    if (!ours || !theirs) continue
    const shared = overlap(ours, theirs)
    precision += logShare(shared, ours.total)
    recall += logShare(shared, theirs.total)
  }
  const { tokenCount } = hypothesis
  return {
    ngram: brevityPenalty(reference.tokenCount, tokenCount) * Math.exp(precision / 4),
    // The weighted variant compares with the length of the pair (tokens, weights), always 2, not of the tokens.
    weighted: brevityPenalty(2, tokenCount) * Math.exp(recall / 4),
  }
}

function logShare(shared: number, total: number): number {
  return Math.log((shared === 0 ? EPSILON : shared) / Math.max(1, total))
}

function brevityPenalty(referenceLength: number, hypothesisLength: number): number {
  if (hypothesisLength === 0) return 0
  return hypothesisLength > referenceLength ? 1 : Math.exp(1 - referenceLength / hypothesisLength)
}

/** Returns how many of the subtrees of `reference`, repetitions counted, occur in `hypothesis` at all. */
function matchedAnywhere(reference: Bag, hypothesis: Bag): number {
  let matched = 0
  for (let i = 0, j = 0; i < reference.keys.length && j < hypothesis.keys.length; ) {
    const left = reference.keys[i] ?? 0
    const right = hypothesis.keys[j] ?? 0
    if (left === right) matched += reference.counts[i] ?? 0
    if (left <= right) i++
    if (right <= left) j++
  }
  return matched
}
