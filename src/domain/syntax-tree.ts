/**
 * A concrete syntax tree as plain data: parallel arrays over the nodes in pre-order, so that pure code can walk a
 * program without a parser. Node 0 is the root; the children of `i` are found with `childrenOf` (start at `i + 1`,
 * jump by `next`). Every array has one entry per node.
 */
export interface SyntaxTree {
  /** The language it was parsed as, one of the parser's `languages()`. */
  readonly language: string
  /** The parsed text; `start` and `end` index it in UTF-16 code units. */
  readonly text: string
  /** Names of node types; `type[i]` indexes it. Anonymous nodes are named by their token (`"+"`). */
  readonly types: readonly string[]
  /** Names of fields; `field[i]` indexes it; `fields[0]` is `''`, no field. */
  readonly fields: readonly string[]
  readonly type: Uint16Array
  readonly field: Uint16Array
  readonly start: Uint32Array
  readonly end: Uint32Array
  /** The index just after the last descendant of `i`; `i + 1` for a leaf. */
  readonly next: Uint32Array
  /** Bits of `NODE`. */
  readonly flags: Uint8Array
  /** How many ERROR and MISSING nodes there are; 0 means that the text parses. */
  readonly errorCount: number
  /** Where the first of them starts, both counted from 1, `column` in UTF-16 code units. */
  readonly firstError: { readonly line: number; readonly column: number } | null
  /** Names of the functions and classes defined at the top level, in order, each once. */
  readonly definitions: readonly string[]
}

/** Bits of `SyntaxTree.flags`. */
export const NODE = { named: 1, error: 2, missing: 4 } as const

/** Returns the number of nodes. */
export function nodeCount(tree: SyntaxTree): number {
  return tree.type.length
}

/** Returns the number of nodes that are rules of the grammar, bare tokens and comments left out. */
export function namedNodeCount(tree: SyntaxTree): number {
  let count = 0
  for (let i = 0; i < tree.type.length; i += 1) if (isNamed(tree, i) && typeOf(tree, i) !== 'comment') count += 1
  return count
}

/** Returns the type name of node `i`. */
export function typeOf(tree: SyntaxTree, i: number): string {
  return tree.types[tree.type[i] ?? 0] ?? ''
}

/** Returns the field name under which node `i` hangs below its parent, `''` if none. */
export function fieldOf(tree: SyntaxTree, i: number): string {
  return tree.fields[tree.field[i] ?? 0] ?? ''
}

/** Returns the source text of node `i`. */
export function textOf(tree: SyntaxTree, i: number): string {
  return tree.text.slice(tree.start[i], tree.end[i])
}

/** True if node `i` is a rule of the grammar, false if it is a bare token. */
export function isNamed(tree: SyntaxTree, i: number): boolean {
  return ((tree.flags[i] ?? 0) & NODE.named) !== 0
}

/** True if node `i` has no children. */
export function isLeaf(tree: SyntaxTree, i: number): boolean {
  return tree.next[i] === i + 1
}

/** Returns the children of node `i`, anonymous ones included, in order. O(children). */
export function childrenOf(tree: SyntaxTree, i: number): number[] {
  const children: number[] = []
  const end = tree.next[i] ?? 0
  for (let child = i + 1; child < end; child = tree.next[child] ?? end) children.push(child)
  return children
}

/** Returns the first child of node `i` under field `name`, or -1. O(children). */
export function childByField(tree: SyntaxTree, i: number, name: string): number {
  const end = tree.next[i] ?? 0
  for (let child = i + 1; child < end; child = tree.next[child] ?? end) if (fieldOf(tree, child) === name) return child
  return -1
}
