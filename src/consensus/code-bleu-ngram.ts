import { isLeaf, isNamed, nodeCount, type SyntaxTree, textOf, typeOf } from '../domain/syntax-tree.ts'
import { type Bag, gramBag, type Hashes } from './code-bleu-bag.ts'
import { hashText, SECOND_SEED } from './stable-hash.ts'

/** A token, and whether it is a word of the language rather than of the program. */
export interface Token {
  readonly text: string
  readonly isKeyword: boolean
}

/** What the n-gram parts need to know of one text. */
export interface GramProfile {
  /** Multisets of 1-, 2-, 3- and 4-grams. */
  readonly grams: readonly Bag[]
  /** The weight of each distinct token, in the order of `grams[0].keys`. */
  readonly weights: Float64Array
  /** Σ weight · count over the tokens. */
  readonly weightTotal: number
}

/** What a token weighs that is no keyword (arXiv 2009.10297, §3.1). */
const PLAIN_WEIGHT = 0.2

/** Returns the gram profile of a token sequence. O(n log n). */
export function gramProfile(tokens: readonly Token[]): GramProfile {
  const hashes = tokenHashes(tokens.map((token) => token.text))
  const grams = [1, 2, 3, 4].map((n) => gramBag(hashes, n))
  const single = grams[0] ?? gramBag(hashes, 1)
  const keywords = tokens.filter((token) => token.isKeyword).map((token) => token.text)
  const heavy = new Set(gramBag(tokenHashes(keywords), 1).keys)
  const weights = single.keys.map((key) => (heavy.has(key) ? 1 : PLAIN_WEIGHT))
  return { grams, weights, weightTotal: weights.reduce((sum, weight, i) => sum + weight * (single.counts[i] ?? 0), 0) }
}

/** Returns the multiset of the tokens, in lower case if `foldCase`. */
export function wordBag(tokens: readonly Token[], foldCase: boolean): Bag {
  return gramBag(tokenHashes(tokens.map((token) => (foldCase ? token.text.toLowerCase() : token.text))), 1)
}

function tokenHashes(texts: readonly string[]): Hashes {
  return {
    low: Int32Array.from(texts, (text) => hashText(text)),
    high: Int32Array.from(texts, (text) => hashText(text, SECOND_SEED)),
  }
}

/** Node types that are one token whatever they hold: an interpolation is part of its string. */
const STRINGS = new Set([
  'char_literal',
  'character_literal',
  'encapsed_string',
  'heredoc',
  'interpolated_string_expression',
  'interpreted_string_literal',
  'nowdoc',
  'raw_string_literal',
  'regex',
  'rune_literal',
  'string',
  'string_literal',
  'template_string',
  'verbatim_string_literal',
])

/** Returns the leaves of `tree` as tokens, in order, without those marked in `skip`; at most `limit`. O(nodes). */
export function treeTokens(tree: SyntaxTree, skip: Uint8Array, limit: number): Token[] {
  const tokens: Token[] = []
  for (let i = 0; i < nodeCount(tree) && tokens.length < limit; ) {
    const isString = STRINGS.has(typeOf(tree, i)) && isNamed(tree, i)
    if (!skip[i] && (isString || isLeaf(tree, i))) {
      const text = textOf(tree, i)
      // A line end is a token in some grammars; how often the lines end is layout.
      if (text.trim() !== '') tokens.push({ text, isKeyword: !isNamed(tree, i) && /^\p{L}/u.test(text) })
    }
    i = isString ? (tree.next[i] ?? i + 1) : i + 1
  }
  return tokens
}

/** Returns the mean Dice coefficient over the orders 1..4 that either text has; null if both are empty. */
export function ngramSimilarity(a: GramProfile, b: GramProfile, compare: (a: Bag, b: Bag) => number | null): number | null {
  let sum = 0
  let orders = 0
  for (let n = 0; n < 4; n++) {
    const [left, right] = [a.grams[n], b.grams[n]]
    const part = left && right ? compare(left, right) : null
    if (part === null) continue
    sum += part
    orders++
  }
  return orders === 0 ? null : sum / orders
}

/** Returns Σ min(weight · count) over the tokens of both, the weight of each taken from its own text. */
export function weightedOverlap(a: GramProfile, b: GramProfile): number {
  const [x, y] = [a.grams[0], b.grams[0]]
  if (!x || !y) return 0
  let shared = 0
  for (let i = 0, j = 0; i < x.keys.length && j < y.keys.length; ) {
    const left = x.keys[i] ?? 0
    const right = y.keys[j] ?? 0
    if (left === right) {
      shared += Math.min((x.counts[i] ?? 0) * (a.weights[i] ?? 0), (y.counts[j] ?? 0) * (b.weights[j] ?? 0))
      i++
      j++
    } else if (left < right) i++
    else j++
  }
  return shared
}

/** Returns the weighted Dice coefficient of the tokens in [0, 1]; null if both are empty. */
export function weightedSimilarity(a: GramProfile, b: GramProfile): number | null {
  const total = a.weightTotal + b.weightTotal
  return total === 0 ? null : (2 * weightedOverlap(a, b)) / total
}
