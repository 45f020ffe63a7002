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
  const types = new Names(tree.language.types.length)
  const fields = new Names(tree.language.fields.length)
  fields.add(0, '')
  // By the grammar's id, not by name: `class` is a keyword and also a node.
  const typeFlags = new Uint8Array(tree.language.types.length)
  let errorCount = 0
  let firstError: SyntaxTree['firstError'] = null
  const open: number[] = []
  // Each question to the cursor is a call into WebAssembly and most of the cost: what a type tells is asked once a type.
  for (let i = 0; i < count; i++) {
    const typeId = cursor.nodeTypeId
    let type = types.find(typeId)
    if (type < 0) {
      type = types.add(typeId, cursor.nodeType)
      if (typeId !== ERROR_ID && cursor.nodeIsNamed) typeFlags[typeId] = NODE.named
    }
    const fieldId = cursor.currentFieldId
    const field = fields.find(fieldId)
    const start = cursor.startIndex
    const end = cursor.endIndex
    nodes.type[i] = type
    nodes.field[i] = field < 0 ? fields.add(fieldId, cursor.currentFieldName ?? '') : field
    nodes.start[i] = start
    nodes.end[i] = end
    // Only an empty node can be MISSING.
    const typeFlag = typeFlags[typeId] ?? ERROR_FLAGS // only ERROR lies outside the grammar
    const flags = typeFlag | (start === end && cursor.nodeIsMissing ? NODE.missing : 0)
    nodes.flags[i] = flags
    if (flags & (NODE.error | NODE.missing)) {
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
const ERROR_FLAGS = NODE.named | NODE.error

/** Numbers names by first appearance; each has an id in the grammar, and may have several. */
class Names {
  readonly list: string[] = []
  readonly #byId: Int32Array
  #error = -1

  constructor(ids: number) {
    this.#byId = new Int32Array(ids).fill(-1)
  }

  find(id: number): number {
    return id === ERROR_ID ? this.#error : (this.#byId[id] ?? -1)
  }

  add(id: number, name: string): number {
    const known = this.list.indexOf(name)
    const number = known < 0 ? this.list.push(name) - 1 : known
    if (id === ERROR_ID) this.#error = number
    else this.#byId[id] = number
    return number
  }
}
