import { isLeaf, nodeCount, type SyntaxTree, textOf } from '../domain/syntax-tree.ts'
import { isCommentType } from './syntax-features.ts'

/** The leaves between which values flow; every array has an entry for each node of the tree. */
export interface FlowLeaves {
  /** The number of a leaf in source order, -1 for a node that is none. */
  readonly number: Int32Array
  /** The number of a leaf's text, for a leaf that is no token of the grammar (its text differs from its type), else -1. */
  readonly name: Int32Array
  /** 1 for a node that is not walked: a comment, one marked to be skipped, a token that is not a word. */
  readonly hidden: Uint8Array
  /** The texts, by number. */
  readonly names: readonly string[]
}

/** Nodes that count as one leaf whatever they hold. */
const STRING_LEAVES = new Set(['character_literal', 'string', 'string_literal'])

/** Returns the leaves of `tree`, without comments and what is marked in `skip`. O(nodes). */
export function flowLeaves(tree: SyntaxTree, skip: Uint8Array): FlowLeaves {
  const count = nodeCount(tree)
  const leaves = { number: new Int32Array(count).fill(-1), name: new Int32Array(count).fill(-1), hidden: new Uint8Array(count) }
  const numbers = new Map<string, number>()
  const isString = tree.types.map((type) => STRING_LEAVES.has(type))
  const isComment = tree.types.map(isCommentType)
  const isWord = tree.types.map((type) => /^\w/.test(type))
  let leafCount = 0
  for (let i = 0; i < count; ) {
    const type = tree.type[i] ?? 0
    const isOne = isString[type] || isLeaf(tree, i)
    if (isComment[type] || skip[i]) leaves.hidden[i] = 1
    else if (isOne) {
      leaves.number[i] = leafCount++
      const text = textOf(tree, i)
      if (text !== tree.types[type]) {
        const known = numbers.get(text) ?? numbers.size
        numbers.set(text, known)
        leaves.name[i] = known
      } else if (!isWord[type]) leaves.hidden[i] = 1
    }
    i = isOne ? (tree.next[i] ?? i + 1) : i + 1
  }
  return { ...leaves, names: [...numbers.keys()] }
}
