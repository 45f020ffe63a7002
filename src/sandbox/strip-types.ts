import { childrenOf, fieldOf, nodeCount, type SyntaxTree, typeOf } from '../domain/syntax-tree.ts'

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
}

/**
 * Returns `tree`'s text with its types replaced by blanks, as Node's own strip-only mode does: nothing is compiled, moved or renamed.
 * `tree` must be of TypeScript. Pure; O(nodes). Code that cannot be erased is named, never guessed at.
 */
export function stripTypes(tree: SyntaxTree): Stripped {
  if (tree.errorCount > 0) {
    const { line, column } = tree.firstError ?? { line: 1, column: 1 }
    return { kind: 'syntax-error', message: `line ${line}, column ${column}` }
  }
  const parents = parentsOf(tree)
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
    if (isParameterProperty(tree, i, type, parentType)) return { kind: 'not-erasable', what: 'a parameter property' }
    if (TYPE_STATEMENTS.has(type) || isTypeImportOrExport(tree, i, type) || isDeclaredField(tree, i, type)) {
      const isExported = parentType === 'export_statement'
      blank(start(isExported ? parent : i), end(isExported ? parent : i), ';')
      i = (tree.next[i] ?? i + 1) - 1
    } else if (TYPE_NODES.has(type)) {
      blank(start(i), end(i))
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
    } else if (isTypeToken(type, parentType)) blank(start(i), end(i))
  }
  return { kind: 'stripped', code: out.join('') }
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
