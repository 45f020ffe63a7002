import { isLeaf, isNamed, NODE, nodeCount, type SyntaxTree } from '../domain/syntax-tree.ts'
import { type Bag, makeBag } from './code-bleu-bag.ts'
import { hashTexts, joinHashes, mixHash } from './stable-hash.ts'

/**
 * Returns the multiset of the shapes of a tree's subtrees: one for the root and for every node that has a child, made
 * of types and fields of named nodes only, so that names and literals do not count. A MISSING node is a shape of its
 * own. With `literal`, as in comparing tree-sitter's S-expressions: what stopped the parser counts too, and so does a
 * token made of several (`is not`).
 * Nodes marked in `skip` are left out. O(nodes), no recursion.
 */
export function subtreeBag(tree: SyntaxTree, skip: Uint8Array, literal = false): Bag {
  const count = nodeCount(tree)
  const low = new Int32Array(count)
  const high = new Int32Array(count)
  const types = hashTexts(tree.types)
  const fields = hashTexts(tree.fields)
  const keys = new Float64Array(count)
  let size = 0
  for (let i = count - 1; i >= 0; i--) {
    if (skip[i] && i > 0) continue
    const flags = tree.flags[i] ?? 0
    let a = types.low[tree.type[i] ?? 0] ?? 0
    let b = types.high[tree.type[i] ?? 0] ?? 0
    if (flags & NODE.missing) a = mixHash(a, MISSING)
    if (literal && flags & NODE.error && isLeaf(tree, i)) a = mixHash(a, tree.text.codePointAt(tree.start[i] ?? 0) ?? 0)
    let hasChild = false
    const end = tree.next[i] ?? 0
    for (let child = i + 1; child < end; child = tree.next[child] ?? end) {
      if (skip[child]) continue
      hasChild = true
      if (((tree.flags[child] ?? 0) & (NODE.named | NODE.missing)) === 0) continue
      const field = fields.low[tree.field[child] ?? 0] ?? 0
      a = mixHash(mixHash(a, field), low[child] ?? 0)
      b = mixHash(mixHash(b, field), high[child] ?? 0)
    }
    low[i] = a
    high[i] = b
    if (i === 0 || (hasChild && (literal || isNamed(tree, i)))) keys[size++] = joinHashes(a, b)
  }
  return makeBag(keys.subarray(0, size))
}

/** Worked into the hash of a MISSING node, so that it differs from the node that was expected there. */
const MISSING = 0x4d495353
