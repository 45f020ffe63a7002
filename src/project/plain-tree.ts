import type { Tree, TreeCursor } from 'web-tree-sitter'
import { NODE, type SyntaxTree } from '../domain/syntax-tree.ts'
import { topLevelDefinitions } from './top-level-definitions.ts'

/**
 * Copies a tree of web-tree-sitter into plain data in one pass of a cursor. The names of types and fields are
 * numbered by first appearance, so nothing depends on the numbering of a grammar's release. O(nodes); no recursion.
 */
export function plainTree(language: string, text: string, tree: Tree): SyntaxTree {
  const cursor = tree.walk()
  try {
    const nodes = copyNodes(cursor, tree)
    const plain = { language, text, ...nodes, definitions: [] }
    return { ...plain, definitions: topLevelDefinitions(plain) }
  } finally {
    cursor.delete()
  }
}

type Nodes = Omit<SyntaxTree, 'language' | 'text' | 'definitions'>

function copyNodes(cursor: TreeCursor, tree: Tree): Nodes {
  const count = tree.rootNode.descendantCount
  const nodes = {
    type: new Uint16Array(count),
    field: new Uint16Array(count),
    start: new Uint32Array(count),
    end: new Uint32Array(count),
    next: new Uint32Array(count),
    flags: new Uint8Array(count),
  }
  const types = new Names()
  const fields = new Names()
  fields.number(0, () => '')
  let errorCount = 0
  let firstError: SyntaxTree['firstError'] = null
  const open: number[] = []
  const named = new Map<number, boolean>()
  for (let i = 0; i < count; i++) {
    const typeId = cursor.nodeTypeId
    nodes.type[i] = types.number(typeId, () => cursor.nodeType)
    nodes.field[i] = fields.number(cursor.currentFieldId, () => cursor.currentFieldName ?? '')
    const start = cursor.startIndex
    const end = cursor.endIndex
    nodes.start[i] = start
    nodes.end[i] = end
    let isNamed = named.get(typeId)
    if (isNamed === undefined) {
      isNamed = cursor.nodeIsNamed
      named.set(typeId, isNamed)
    }
    const flags = (isNamed ? NODE.named : 0) | (typeId === ERROR_ID ? NODE.error : 0)
    // Only an empty node can be MISSING: the question costs a call into WebAssembly, most nodes need not be asked.
    nodes.flags[i] = flags | (start === end && cursor.nodeIsMissing ? NODE.missing : 0)
    if ((nodes.flags[i] ?? 0) & (NODE.error | NODE.missing)) {
      errorCount++
      firstError ??= { line: cursor.startPosition.row + 1, column: cursor.startPosition.column + 1 }
    }
    if (cursor.gotoFirstChild()) {
      open.push(i)
      continue
    }
    nodes.next[i] = i + 1
    while (!cursor.gotoNextSibling()) {
      const parent = open.pop()
      if (parent === undefined) break
      nodes.next[parent] = i + 1
      cursor.gotoParent()
    }
  }
  return { types: types.list, fields: fields.list, ...nodes, errorCount, firstError }
}

/** tree-sitter's own number of the ERROR type, the same in every grammar. */
const ERROR_ID = 65535

/** Numbers names by first appearance, keyed by the grammar's id of the name. */
class Names {
  readonly list: string[] = []
  readonly #byId = new Map<number, number>()
  readonly #byName = new Map<string, number>()

  number(id: number, name: () => string): number {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const text = name()
    let number = this.#byName.get(text)
    if (number === undefined) {
      number = this.list.length
      this.list.push(text)
      this.#byName.set(text, number)
    }
    this.#byId.set(id, number)
    return number
  }
}
