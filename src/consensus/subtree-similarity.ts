import { fieldOf, isLeaf, isNamed, NODE, nodeCount, type SyntaxTree, textOf, typeOf } from '../domain/syntax-tree.ts'
import { splitTokens } from './split-tokens.ts'
import { hashText, joinHashes, mixHash, SECOND_SEED } from './stable-hash.ts'
import { localNames, strippedNodes } from './syntax-features.ts'

/** A multiset: how often each thing occurs. */
export type Multiset<K = number | string> = ReadonlyMap<K, number>

/** Tokens that only delimit: what they delimit has a node of its own, so `(a)` and `a`, `f(x,)` and `f(x)` are one. */
const PUNCTUATION = new Set(['(', ')', '[', ']', '{', '}', ',', ';', ':', '"', "'", '`', '\n', '->'])

/** Nodes whose only content stands for them once annotations are gone. */
const TRANSPARENT = new Set(['parenthesized_expression', 'typed_parameter'])

/** A node that differs from another only by an annotation is read as that other. */
const UNANNOTATED: Readonly<Record<string, string>> = { typed_default_parameter: 'default_parameter' }

const ANNOTATIONS = new Set(['annotation', 'attribute_item', 'attribute_list', 'marker_annotation', 'type_annotation'])

/**
 * Returns the multiset of hashed syntax subtrees of a program, one per named node. Comments, docstrings and type
 * annotations are left out, names local to a function are all alike; other names, literals and operators count.
 * The hashes are equal in every process. O(nodes), no recursion.
 */
export function subtreeFeatures(tree: SyntaxTree): Multiset<number> {
  const count = nodeCount(tree)
  const left = leftOut(tree)
  const local = localNames(tree)
  const typeLow = tree.types.map((name) => hashText(UNANNOTATED[name] ?? name))
  const typeHigh = tree.types.map((name) => hashText(UNANNOTATED[name] ?? name, SECOND_SEED))
  const low = new Int32Array(count)
  const high = new Int32Array(count)
  const features = new Map<number, number>()
  // Children stand behind their parent, so that walking backwards meets them first.
  for (let i = count - 1; i >= 0; i--) {
    if (left[i]) continue
    const only = TRANSPARENT.has(typeOf(tree, i)) ? onlyChild(tree, i, left) : -1
    if (only >= 0) {
      low[i] = low[only] ?? 0
      high[i] = high[only] ?? 0
      continue
    }
    let a = typeLow[tree.type[i] ?? 0] ?? 0
    let b = typeHigh[tree.type[i] ?? 0] ?? 0
    if ((tree.flags[i] ?? 0) & NODE.missing) a = mixHash(a, MISSING)
    if (isLeaf(tree, i)) {
      const leaf = !isNamed(tree, i) || local[i] ? '' : leafText(tree, i)
      a = mixHash(a, hashText(leaf))
      b = mixHash(b, hashText(leaf, SECOND_SEED))
    } else {
      const end = tree.next[i] ?? 0
      for (let child = i + 1; child < end; child = tree.next[child] ?? end) {
        if (left[child]) continue
        a = mixHash(a, low[child] ?? 0)
        b = mixHash(b, high[child] ?? 0)
      }
    }
    low[i] = a
    high[i] = b
    if (!isNamed(tree, i)) continue
    const key = joinHashes(a, b)
    features.set(key, (features.get(key) ?? 0) + 1)
  }
  return features
}

/** Worked into the hash of a MISSING node, so that it differs from the node that was expected there. */
const MISSING = 0x4d495353

/** `'a'` and `"a"` are one string; what precedes the quote (`f`, `rb`) is kept. */
function leafText(tree: SyntaxTree, i: number): string {
  const type = typeOf(tree, i)
  const text = textOf(tree, i)
  return type === 'string_start' || type === 'string_end' ? text.replace(/["']/g, '').toLowerCase() : text
}

function leftOut(tree: SyntaxTree): Uint8Array {
  const marks = strippedNodes(tree, { comments: true, docstrings: true })
  const python = tree.language === 'python'
  for (let i = 1; i < marks.length; i++) {
    const type = typeOf(tree, i)
    const field = fieldOf(tree, i)
    const annotates = ANNOTATIONS.has(type) || (python && type === 'type' && (field === 'type' || field === 'return_type'))
    if (annotates) marks.fill(1, i, tree.next[i])
    else if (PUNCTUATION.has(type) && !isNamed(tree, i)) marks[i] = 1
  }
  return marks
}

function onlyChild(tree: SyntaxTree, i: number, left: Uint8Array): number {
  let only = -1
  const end = tree.next[i] ?? 0
  for (let child = i + 1; child < end; child = tree.next[child] ?? end) {
    if (left[child]) continue
    if (only >= 0) return -1
    only = child
  }
  return only
}

/**
 * Returns the Jaccard similarity of every two multisets, Σ min / Σ max of their counts: symmetric, 1 on the
 * diagonal, each in [0, 1] and rounded to 6 digits, so that a log reads alike everywhere. Two empty ones are equal.
 * O(n² · distinct features).
 */
export function similarityMatrix(features: readonly Multiset[]): number[][] {
  const sizes = features.map((bag) => [...bag.values()].reduce((sum, n) => sum + n, 0))
  const matrix = features.map(() => new Array<number>(features.length).fill(1))
  for (let i = 0; i < features.length; i++) {
    for (let j = i + 1; j < features.length; j++) {
      const shared = overlap(features[i] ?? new Map(), features[j] ?? new Map())
      const union = (sizes[i] ?? 0) + (sizes[j] ?? 0) - shared
      const s = union === 0 ? 1 : Math.round((shared / union) * 1e6) / 1e6
      const [a, b] = [matrix[i], matrix[j]]
      if (a && b) {
        a[j] = s
        b[i] = s
      }
    }
  }
  return matrix
}

function overlap(a: Multiset, b: Multiset): number {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a]
  let shared = 0
  for (const [key, count] of few) shared += Math.min(count, many.get(key) ?? 0)
  return shared
}

/** Returns the similarity matrix of texts in a language without grammar: Jaccard of their token 1-, 2- and 3-grams. */
export function tokenSimilarityMatrix(texts: readonly string[]): number[][] {
  return similarityMatrix(texts.map(tokenGrams))
}

function tokenGrams(text: string): Multiset {
  const tokens = splitTokens(text)
  const grams = new Map<string, number>()
  for (let n = 1; n <= 3; n++) {
    for (let i = 0; i + n <= tokens.length; i++) {
      // No token holds a blank, so that the joint is unambiguous.
      const gram = tokens.slice(i, i + n).join(' ')
      grams.set(gram, (grams.get(gram) ?? 0) + 1)
    }
  }
  return grams
}
