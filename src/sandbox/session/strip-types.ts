import { childByField, childrenOf, fieldOf, nodeCount, type SyntaxTree, typeOf } from '../../domain/syntax-tree.ts'

/** JavaScript with the types blanked out, or why there is none. */
export type Stripped =
  | { readonly kind: 'stripped'; readonly code: string }
  | { readonly kind: 'syntax-error'; readonly message: string }
  | { readonly kind: 'not-erasable'; readonly what: string }

/** Nodes that are types and nothing else: erased wherever they stand. */
const TYPE_NODES = new Set([
  ...['type_annotation', 'type_predicate_annotation', 'asserts_annotation', 'opting_type_annotation', 'omitting_type_annotation'],
  ...[
    'adding_type_annotation',
    'type_parameters',
    'type_arguments',
    'implements_clause',
    'accessibility_modifier',
    'override_modifier',
  ],
])
/** Statements and class members without a run-time meaning; a semicolon stays in their place. */
const TYPE_STATEMENTS = new Set([
  ...['interface_declaration', 'type_alias_declaration', 'ambient_declaration', 'function_signature'],
  ...['method_signature', 'abstract_method_signature', 'index_signature'],
])
/** TypeScript that makes code of its own. Erasing it would change what the program does. */
const NOT_ERASABLE: Readonly<Record<string, string>> = {
  enum_declaration: 'an enum',
  internal_module: 'a namespace',
  module: 'a namespace',
  import_alias: 'an import alias',
  import_require_clause: 'import = require()',
  decorator: 'a decorator',
}

/**
 * Returns `tree`'s text with its types replaced by blanks, as Node's own strip-only mode does: nothing is compiled, moved or renamed.
 * `tree` must be of TypeScript. Pure; O(nodes). Code that cannot be erased is named, never guessed at.
 */
export function stripTypes(tree: SyntaxTree): Stripped {
  const parents = parentsOf(tree)
  if (tree.errorCount > missedLineEnds(tree, parents)) {
    const { line, column } = tree.firstError ?? { line: 1, column: 1 }
    return { kind: 'syntax-error', message: `line ${line}, column ${column}` }
  }
  const out = tree.text.split('')
  const blank = (start: number, end: number, first = ' '): void => {
    out.fill(' ', start, end)
    if (end > start) out[start] = first
  }
  const start = (i: number): number => tree.start[i] ?? 0
  const end = (i: number): number => tree.end[i] ?? 0

  for (let i = 0; i < nodeCount(tree); i++) {
    const type = typeOf(tree, i)
    const parent = parents[i] ?? 0
    const parentType = typeOf(tree, parent)
    const what = type === 'module' && tree.next[i] === i + 1 ? undefined : NOT_ERASABLE[type]
    if (what !== undefined) return { kind: 'not-erasable', what }
    if (type === '=' && parentType === 'export_statement') return { kind: 'not-erasable', what: 'an export assignment' }
    if (isParameterProperty(tree, i, type, parentType)) return { kind: 'not-erasable', what: 'a parameter property' }
    if (TYPE_STATEMENTS.has(type) || isTypeImportOrExport(tree, i, type) || isDeclaredField(tree, i, type)) {
      const isExported = parentType === 'export_statement'
      blank(start(isExported ? parent : i), end(isExported ? parent : i), ';')
      i = (tree.next[i] ?? i + 1) - 1
    } else if (TYPE_NODES.has(type)) {
      // Without its type a field called `get` would make a getter of the method on the next line.
      blank(start(i), end(i), parentType === 'public_field_definition' && !hasValue(tree, parent) ? ';' : ' ')
      // `return <T>` and then a line end would return nothing.
      if (start(i) === start(parent) && (parentType === 'type_assertion' || parentType === 'arrow_function')) {
        const rest = childrenOf(tree, parent).find((child) => child > i && typeOf(tree, child) !== 'comment')
        if (rest !== undefined) blank(end(i), start(rest))
      }
      i = (tree.next[i] ?? i + 1) - 1
    } else if (isTypeSpecifier(tree, i, type) || isThisParameter(tree, i, type)) {
      blank(start(i), end(i))
      blankComma(out, end(i))
      i = (tree.next[i] ?? i + 1) - 1
    } else if (type === 'as' || type === 'satisfies') {
      if (parentType === 'as_expression' || parentType === 'satisfies_expression') {
        blank(start(i), end(parent), wouldJoin(tree.text, end(parent)) ? ';' : ' ')
        i = (tree.next[parent] ?? i + 1) - 1
      }
    } else if (type === '=>' && parentType === 'arrow_function') {
      const from = endOfParameters(tree, parent)
      // No line may end before the arrow. A comment in between goes too: one to the end of its line would take the arrow with it.
      if (from !== null && /[\n\r\u2028\u2029]/.test(tree.text.slice(from, start(i)))) blank(from, start(i))
    } else if (isTypeToken(type, parentType)) blank(start(i), end(i))
  }
  return { kind: 'stripped', code: out.join('') }
}

/**
 * Counts the errors that are none: the grammar misses that a line end ends a field before a generator method, and makes up a comma of no
 * width in its place.
 */
function missedLineEnds(tree: SyntaxTree, parents: Uint32Array): number {
  if (tree.errorCount === 0) return 0
  let count = 0
  for (let i = 0; i < nodeCount(tree); i++) {
    if (typeOf(tree, i) !== ',' || tree.start[i] !== tree.end[i] || typeOf(tree, parents[i] ?? 0) !== 'class_body') continue
    const siblings = childrenOf(tree, parents[i] ?? 0)
    const at = siblings.indexOf(i)
    const [before = 0, behind = 0] = [siblings[at - 1], siblings[at + 1]]
    const gap = tree.text.slice(tree.end[before], tree.start[behind])
    const isField = typeOf(tree, before) === 'public_field_definition' && !hasValue(tree, before)
    if (isField && tree.text[tree.start[behind] ?? 0] === '*' && gap.includes('\n')) count++
  }
  return count
}

function hasValue(tree: SyntaxTree, field: number): boolean {
  return childByField(tree, field, 'value') >= 0
}

/** The end of an arrow's parameters, where a return type follows them; null for any other arrow. */
function endOfParameters(tree: SyntaxTree, arrow: number): number | null {
  const parameters = childByField(tree, arrow, 'parameters')
  const hasType = childrenOf(tree, arrow).some((child) => child > parameters && TYPE_NODES.has(typeOf(tree, child)))
  return parameters >= 0 && hasType ? (tree.end[parameters] ?? null) : null
}

function parentsOf(tree: SyntaxTree): Uint32Array {
  const parents = new Uint32Array(nodeCount(tree))
  for (let i = 0; i < parents.length; i++) for (const child of childrenOf(tree, i)) parents[child] = i
  return parents
}

/** A bare token that only says something about types: `!`, `?`, `readonly`, `abstract`, where it does. */
function isTypeToken(type: string, parentType: string): boolean {
  switch (type) {
    case '!':
      return ['non_null_expression', 'public_field_definition', 'variable_declarator'].includes(parentType)
    case '?':
      return ['optional_parameter', 'public_field_definition', 'method_definition'].includes(parentType)
    case 'readonly':
      return parentType === 'public_field_definition'
    case 'abstract':
      return parentType === 'abstract_class_declaration'
    default:
      return false
  }
}

function isParameterProperty(tree: SyntaxTree, i: number, type: string, parentType: string): boolean {
  const isParameter = parentType === 'required_parameter' || parentType === 'optional_parameter'
  return (
    isParameter &&
    (type === 'accessibility_modifier' || type === 'override_modifier' || (type === 'readonly' && fieldOf(tree, i) === ''))
  )
}

/** A field that declares and does not define: `declare x: T`, `abstract x: T`. */
function isDeclaredField(tree: SyntaxTree, i: number, type: string): boolean {
  return type === 'public_field_definition' && hasToken(tree, i, 'declare', 'abstract')
}

function isTypeImportOrExport(tree: SyntaxTree, i: number, type: string): boolean {
  return (type === 'import_statement' || type === 'export_statement') && hasToken(tree, i, 'type')
}

function isTypeSpecifier(tree: SyntaxTree, i: number, type: string): boolean {
  return (type === 'import_specifier' || type === 'export_specifier') && hasToken(tree, i, 'type')
}

function isThisParameter(tree: SyntaxTree, i: number, type: string): boolean {
  return type === 'required_parameter' && childrenOf(tree, i).some((child) => typeOf(tree, child) === 'this')
}

function hasToken(tree: SyntaxTree, i: number, ...names: string[]): boolean {
  return childrenOf(tree, i).some((child) => names.includes(typeOf(tree, child)) && tree.next[child] === child + 1)
}

function blankComma(out: string[], from: number): void {
  let at = from
  while (at < out.length && /\s/.test(out[at] ?? '')) at++
  if (out[at] === ',') out[at] = ' '
}

/** True when, with the type gone, the next line would go on with this expression: `x as T` and then `(…)` or `[…]`. */
function wouldJoin(text: string, end: number): boolean {
  const rest = /^[ \t]*\r?\n\s*([([`])/.exec(text.slice(end, end + 2000))
  return rest !== null
}
