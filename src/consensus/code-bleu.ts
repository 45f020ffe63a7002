import { NODE, nodeCount, type SyntaxTree } from '../domain/syntax-tree.ts'
import { type Bag, dice } from './code-bleu-bag.ts'
import { flowEdges } from './code-bleu-flow.ts'
import { flowBag } from './code-bleu-flow-bag.ts'
import { CONSENSUS_FLOW } from './code-bleu-flow-table.ts'
import {
  type GramProfile,
  gramProfile,
  ngramSimilarity,
  type Token,
  treeTokens,
  wordBag,
  wordOverlap,
} from './code-bleu-ngram.ts'
import { CODE_BLEU_PARTS, type CodeBleuSettings, type CodeBleuWeights } from './code-bleu-settings.ts'
import { subtreeBag } from './code-bleu-tree.ts'
import { splitTokens } from './split-tokens.ts'
import { strippedNodes } from './syntax-features.ts'

/** All that comparing a text needs to know of it: made once, compared with many. */
export interface CodeProfile {
  readonly grams: GramProfile
  /** The tokens with their case folded, for the `token` part; null where that is not asked for. */
  readonly folded: Bag | null
  /** Shapes of subtrees; null where there is no grammar or the text is too large. */
  readonly ast: Bag | null
  /** Data flow; null also where the language has no table or the walk its budget spent. */
  readonly flow: Bag | null
  readonly errorCount: number
  readonly flags: readonly ProfileFlag[]
}

/** `no_grammar`: tokens only; `truncated`: tokens of the first part only; `budget`: a walk or parse was given up. */
export type ProfileFlag = 'budget' | 'no_grammar' | 'truncated'

/** Each part in [0, 1]; null where neither text has anything to compare. */
export type CodeBleuParts = { readonly [part in keyof CodeBleuWeights]: number | null }

export interface CodeBleuResult {
  /** In [0, 1]: agreement, not correctness. It must never outvote a test. */
  readonly score: number
  readonly parts: CodeBleuParts
  /** `degenerate`: both texts are empty. */
  readonly flags: readonly (ProfileFlag | 'degenerate')[]
  /** Syntax errors in either text; a text with errors is scored on what could be parsed. */
  readonly errorsA: number
  readonly errorsB: number
}

/** Beyond either, a text is compared by its first tokens alone. */
const MAX_CODE_BLEU_TEXT = 256 * 1024
const MAX_TOKENS = 50_000

/**
 * Returns `text` as it is compared, and as it is to be parsed: Unicode NFC, line ends LF, no blanks at line ends, none
 * around the whole.
 */
export function normaliseCode(text: string): string {
  // Line by line: a pattern for blanks before a line end would try every blank of a long run that ends otherwise.
  const lines = text.normalize('NFC').replace(/\r\n?/g, '\n').split('\n')
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()
}

/**
 * Returns the profile of a text for `codeBleu`. `tree` is what a parser made of `normaliseCode(text)`, null without
 * grammar; all texts of one comparison are to be parsed as one language. O(n log n) time, O(n) space, no recursion.
 */
export function codeProfile(text: string, tree: SyntaxTree | null, settings: CodeBleuSettings): CodeProfile {
  const given = tree !== null && isGivenUp(tree)
  const usable = tree === null || given ? null : tree
  const strip = { comments: settings.stripComments, docstrings: settings.stripDocstrings }
  const skip = usable ? strippedNodes(usable, strip) : new Uint8Array(0)
  const all = usable ? treeTokens(usable, skip, MAX_TOKENS + 1) : plainTokens(text)
  const isLong = text.length > MAX_CODE_BLEU_TEXT || all.length > MAX_TOKENS
  const tokens = all.slice(0, MAX_TOKENS)
  const table = usable && Object.hasOwn(CONSENSUS_FLOW, usable.language) ? CONSENSUS_FLOW[usable.language] : undefined
  const edges = usable && table && !isLong ? flowEdges(usable, skip, table) : null
  const flags: ProfileFlag[] = []
  if (tree === null) flags.push('no_grammar')
  if (isLong) flags.push('truncated')
  if (given || (table && !isLong && !edges)) flags.push('budget')
  const grams = gramProfile(tokens)
  return {
    grams,
    folded: settings.normalize ? wordBag(tokens, true) : null,
    ast: usable && !isLong ? subtreeBag(usable, skip) : null,
    flow: edges && flowBag(edges),
    errorCount: tree?.errorCount ?? 0,
    flags,
  }
}

/** A text the parser gave up has one ERROR for a tree, which says nothing. */
function isGivenUp(tree: SyntaxTree): boolean {
  return nodeCount(tree) === 1 && ((tree.flags[0] ?? 0) & NODE.error) !== 0
}

function plainTokens(text: string): Token[] {
  // No token is longer than the text, and no more than MAX_TOKENS are used: the first part is all that is read.
  return splitTokens(text.slice(0, MAX_CODE_BLEU_TEXT)).map((token) => ({ text: token, isKeyword: false }))
}

/**
 * Returns how far two texts agree: symmetric, in [0, 1], 1 for equal texts, 0 if just one is empty. The score is the
 * mean of the parts that are there, by `weights`; if none of them counts, their token part alone.
 * O(distinct features).
 */
export function codeBleu(a: CodeProfile, b: CodeProfile, weights: CodeBleuWeights): CodeBleuResult {
  const shared = wordOverlap(a.grams, b.grams)
  const weightTotal = a.grams.weightTotal + b.grams.weightTotal
  const distinct = a.grams.words.keys.length + b.grams.words.keys.length
  const parts: CodeBleuParts = {
    ngram: ngramSimilarity(a.grams, b.grams, shared.count),
    weighted: weightTotal === 0 ? null : (2 * shared.weight) / weightTotal,
    ast: a.ast && b.ast && dice(a.ast, b.ast),
    flow: a.flow && b.flow && dice(a.flow, b.flow),
    // Of sets, not multisets: how often a token occurs is the n-grams' part.
    token:
      a.folded && b.folded ? jaccard(a.folded, b.folded) : distinct === 0 ? null : shared.distinct / (distinct - shared.distinct),
  }
  const isEmptyA = a.grams.words.total === 0
  const isEmptyB = b.grams.words.total === 0
  const score = isEmptyA || isEmptyB ? Number(isEmptyA === isEmptyB) : weightedMean(parts, weights)
  const flags = a.flags.length + b.flags.length === 0 ? [] : [...new Set([...a.flags, ...b.flags])].sort()
  return {
    score,
    parts,
    flags: isEmptyA && isEmptyB ? ['degenerate', ...flags] : flags,
    errorsA: a.errorCount,
    errorsB: b.errorCount,
  }
}

function weightedMean(parts: CodeBleuParts, weights: CodeBleuWeights): number {
  let sum = 0
  let total = 0
  for (const part of CODE_BLEU_PARTS) {
    const value = parts[part]
    if (value === null) continue
    sum += weights[part] * value
    total += weights[part]
  }
  // Only weights of parts that are missing here: tokens are always there.
  return total === 0 ? (parts.token ?? 0) : sum / total
}

/** Returns the share of the distinct keys of either that are in both. */
function jaccard(a: Bag, b: Bag): number | null {
  const union = a.keys.length + b.keys.length
  if (union === 0) return null
  let shared = 0
  for (let i = 0, j = 0; i < a.keys.length && j < b.keys.length; ) {
    const left = a.keys[i] ?? 0
    const right = b.keys[j] ?? 0
    if (left <= right) i++
    if (right <= left) j++
    if (left === right) shared++
  }
  return shared / (union - shared)
}
