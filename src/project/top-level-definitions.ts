import { childByField, fieldOf, isLeaf, nodeCount, type SyntaxTree, textOf, typeOf } from '../domain/syntax-tree.ts'

/** Nodes that only wrap a definition: what they hold still counts as top level. */
const WRAPPERS = new Set([
  'ERROR',
  'ambient_declaration',
  'compilation_unit',
  'decorated_definition',
  'declaration_list',
  'export_statement',
  'expression_statement',
  'file_scoped_namespace_declaration',
  'global_statement',
  'lexical_declaration',
  'linkage_specification',
  'module',
  'namespace_declaration',
  'namespace_definition',
  'program',
  'source_file',
  'template_declaration',
  'translation_unit',
  'type_declaration',
  'type_definition',
  'var_declaration',
  'variable_declaration',
])

/** Nodes that define the name under their field `name` (or `declarator`, in C's family). */
const DEFINITIONS = new Set([
  'abstract_class_declaration',
  'class',
  'class_declaration',
  'class_definition',
  'class_specifier',
  'delegate_declaration',
  'enum_declaration',
  'enum_item',
  'enum_specifier',
  'function_declaration',
  'function_definition',
  'function_item',
  'generator_function_declaration',
  'interface_declaration',
  'local_function_statement',
  'method',
  'method_declaration',
  'record_declaration',
  'singleton_method',
  'struct_declaration',
  'struct_item',
  'struct_specifier',
  'trait_declaration',
  'trait_item',
  'type_alias',
  'type_alias_declaration',
  'type_item',
  'type_spec',
  'union_item',
  'union_specifier',
])

/** A variable whose value is one of these is a function or class by another spelling. */
const CALLABLE_VALUES = new Set([
  'anonymous_function',
  'arrow_function',
  'class',
  'closure_expression',
  'function_expression',
  'generator_function',
  'lambda',
  'lambda_expression',
])

/** Returns the names of the functions and classes defined at the top level of `tree`, in order, each once. O(nodes). */
export function topLevelDefinitions(tree: SyntaxTree): string[] {
  const names = new Set<string>()
  for (let i = 0; i < nodeCount(tree); ) {
    const name = definedName(tree, i)
    if (name !== '') names.add(name)
    const descend = name === '' && (i === 0 || isWrapper(tree, i))
    i = descend ? i + 1 : (tree.next[i] ?? i + 1)
  }
  return [...names]
}

function isWrapper(tree: SyntaxTree, i: number): boolean {
  // Ruby's `module M … end` is a scope of its own, Python's root `module` is not.
  if (typeOf(tree, i) === 'module') return false
  return WRAPPERS.has(typeOf(tree, i))
}

function definedName(tree: SyntaxTree, i: number): string {
  const type = typeOf(tree, i)
  if (DEFINITIONS.has(type) && !isLeaf(tree, i)) return nameWithin(tree, i)
  const value = childByField(tree, i, type === 'assignment' || type === 'assignment_expression' ? 'right' : 'value')
  if (value < 0 || !CALLABLE_VALUES.has(typeOf(tree, value))) return ''
  const target = childByField(tree, i, type === 'variable_declarator' ? 'name' : 'left')
  return target >= 0 && isLeaf(tree, target) ? textOf(tree, target) : ''
}

/** Follows `name`, then `declarator` (`int *f(int a)` hides its name three levels down), to a leaf. */
function nameWithin(tree: SyntaxTree, i: number): string {
  for (let at = i; ; ) {
    const named = childByField(tree, at, 'name')
    const inner = named >= 0 ? named : childByField(tree, at, 'declarator')
    if (inner < 0) return fieldOf(tree, at) === 'declarator' && isLeaf(tree, at) ? textOf(tree, at) : ''
    if (isLeaf(tree, inner)) return textOf(tree, inner)
    at = inner
  }
}
