import { nodeCount, type SyntaxTree } from '../domain/syntax-tree.ts'
import { type Bag, overlap } from './code-bleu-bag.ts'
import { flowEdges } from './code-bleu-flow.ts'
import { flowBag } from './code-bleu-flow-bag.ts'
import { REFERENCE_FLOW } from './code-bleu-flow-table.ts'
import { REFERENCE_KEYWORDS } from './code-bleu-keywords.ts'
import { type GramProfile, gramProfile, weightedOverlap } from './code-bleu-ngram.ts'
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
  const keywords = REFERENCE_KEYWORDS[tree.language] ?? new Set()
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
  const ngram = bleu(reference, hypothesis, 'precision')
  const weighted = bleu(reference, hypothesis, 'weighted recall')
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

/** BLEU-4 of one pair: clipped precision with the usual brevity penalty, or the weighted variant's clipped recall. */
function bleu(reference: ReferenceProfile, hypothesis: ReferenceProfile, kind: 'precision' | 'weighted recall'): number {
  const isRecall = kind === 'weighted recall'
  let logs = 0
  for (let n = 0; n < 4; n++) {
    const [ours, theirs] = [hypothesis.grams.grams[n], reference.grams.grams[n]]
    if (!ours || !theirs) return 0
    const isWeighted = isRecall && n === 0
    // The weights of both sides are those of the same words, so that min(w·a, w·b) is w·min(a, b).
    const numerator = isWeighted ? weightedOverlap(reference.grams, hypothesis.grams) : overlap(ours, theirs)
    const denominator = Math.max(1, isWeighted ? reference.grams.weightTotal : isRecall ? theirs.total : ours.total)
    if (n === 0 && numerator === 0) return 0
    logs += Math.log((numerator === 0 ? EPSILON : numerator) / denominator) / 4
  }
  // The weighted variant compares with the length of the pair (tokens, weights), always 2, not of the tokens.
  return brevityPenalty(isRecall ? 2 : reference.tokenCount, hypothesis.tokenCount) * Math.exp(logs)
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
