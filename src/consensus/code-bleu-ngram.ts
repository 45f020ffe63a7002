import { isLeaf, isNamed, nodeCount, type SyntaxTree, textOf, typeOf } from '../domain/syntax-tree.ts'
import { type Bag, dice, gramBags } from './code-bleu-bag.ts'
import { hashTexts } from './stable-hash.ts'

/** A token, and whether it is a word of the language rather than of the program. */
export interface Token {
  readonly text: string
  readonly isKeyword: boolean
}

/** What the n-gram parts need to know of one text. */
export interface GramProfile {
  /** Multisets of 1-, 2-, 3- and 4-grams. */
  readonly grams: readonly Bag[]
  /** `grams[0]`: the tokens themselves. */
  readonly words: Bag
  /** The weight of each distinct token, in the order of `words.keys`. */
  readonly weights: Float64Array
  /** Σ weight · count over the tokens. */
  readonly weightTotal: number
}

/** What a token weighs that is no keyword (arXiv 2009.10297, §3.1). */
const PLAIN_WEIGHT = 0.2

/** Returns the gram profile of a token sequence. O(n log n). */
export function gramProfile(tokens: readonly Token[]): GramProfile {
  const grams = gramBags(hashTexts(tokens.map((token) => token.text)), 4)
  const heavy = new Set(wordBag(tokens.filter((token) => token.isKeyword)).keys)
  const words = grams[0] ?? wordBag(tokens)
  const weights = words.keys.map((key) => (heavy.has(key) ? 1 : PLAIN_WEIGHT))
  return { grams, words, weights, weightTotal: weights.reduce((sum, weight, i) => sum + weight * (words.counts[i] ?? 0), 0) }
}

/** Returns the multiset of the tokens, in lower case with `foldCase`. */
export function wordBag(tokens: readonly Token[], foldCase = false): Bag {
  const texts = tokens.map((token) => (foldCase ? token.text.toLowerCase() : token.text))
  return gramBags(hashTexts(texts), 1)[0] ?? { keys: new Float64Array(0), counts: new Float64Array(0), total: 0 }
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

/** What two token sequences share. */
export interface WordOverlap {
  /** Σ min of the counts. */
  readonly count: number
  /** Σ min(weight · count), the weight of each token taken from its own text. */
  readonly weight: number
  /** How many distinct tokens are in both. */
  readonly distinct: number
}

/** Returns what the tokens of two texts share, in one pass. O(distinct tokens). */
export function wordOverlap(a: GramProfile, b: GramProfile): WordOverlap {
  const [x, y] = [a.words, b.words]
  let count = 0
  let weight = 0
  let distinct = 0
  for (let i = 0, j = 0; i < x.keys.length && j < y.keys.length; ) {
    const left = x.keys[i] ?? 0
    const right = y.keys[j] ?? 0
    if (left === right) {
      const [m, n] = [x.counts[i] ?? 0, y.counts[j] ?? 0]
      count += Math.min(m, n)
      weight += Math.min(m * (a.weights[i++] ?? 0), n * (b.weights[j++] ?? 0))
      distinct++
    } else if (left < right) i++
    else j++
  }
  return { count, weight, distinct }
}

/**
 * Returns the mean Dice coefficient over the orders 1..4 that either text has, null if both are empty; `shared` is the
 * `count` of their `wordOverlap`.
 */
export function ngramSimilarity(a: GramProfile, b: GramProfile, shared: number): number | null {
  const single = a.words.total + b.words.total
  if (single === 0) return null
  let sum = (2 * shared) / single
  let orders = 1
  for (let n = 1; n < 4; n++) {
    const [left, right] = [a.grams[n], b.grams[n]]
    const part = left && right ? dice(left, right) : null
    // A text too short for an order is too short for all that follow; where both are, the order says nothing.
    if (part === null) break
    sum += part
    orders++
  }
  return sum / orders
}
