import {
  childByField,
  childrenOf,
  fieldOf,
  isLeaf,
  isNamed,
  nodeCount,
  type SyntaxTree,
  textOf,
  typeOf,
} from '../domain/syntax-tree.ts'

/** True for the node types of comments in every grammar used. */
export function isCommentType(type: string): boolean {
  return (
    type === 'comment' ||
    type === 'line_comment' ||
    type === 'block_comment' ||
    type === 'html_comment' ||
    type === 'hash_bang_line'
  )
}

export interface Stripped {
  readonly comments: boolean
  readonly docstrings: boolean
}

/**
 * Returns one byte per node: 1 for every node inside a comment or docstring that `what` asks to leave out.
 * A docstring is a Python statement of nothing but a string, first in a module, class or function. O(nodes).
 */
export function strippedNodes(tree: SyntaxTree, what: Stripped): Uint8Array {
  const marks = new Uint8Array(nodeCount(tree))
  const python = tree.language === 'python'
  for (let i = 0; i < marks.length; i++) {
    if (what.comments && isCommentType(typeOf(tree, i))) marks.fill(1, i, tree.next[i])
    if (!what.docstrings || !python) continue
    const doc = docstringOf(tree, i)
    if (doc >= 0) marks.fill(1, doc, tree.next[doc])
  }
  return marks
}

/** Returns the docstring statement of the module or definition `i`, or -1. */
function docstringOf(tree: SyntaxTree, i: number): number {
  const type = typeOf(tree, i)
  const body =
    i === 0
      ? type === 'module'
        ? 0
        : -1
      : type === 'function_definition' || type === 'class_definition'
        ? childByField(tree, i, 'body')
        : -1
  if (body < 0) return -1
  for (const statement of childrenOf(tree, body)) {
    if (isCommentType(typeOf(tree, statement))) continue
    const [only, ...more] = childrenOf(tree, statement)
    const isString = only !== undefined && (typeOf(tree, only) === 'string' || typeOf(tree, only) === 'concatenated_string')
    return typeOf(tree, statement) === 'expression_statement' && isString && more.length === 0 ? statement : -1
  }
  return -1
}

const FUNCTIONS = new Set([
  'anonymous_function',
  'arrow_function',
  'closure_expression',
  'constructor_declaration',
  'func_literal',
  'function_declaration',
  'function_definition',
  'function_expression',
  'function_item',
  'generator_function',
  'generator_function_declaration',
  'lambda',
  'lambda_expression',
  'local_function_statement',
  'method',
  'method_declaration',
  'method_definition',
])

/** Which field of which node binds names, in all grammars at once: their node types do not clash. */
const BINDERS: Readonly<Record<string, readonly string[]>> = {
  arrow_function: ['parameter', 'parameters'],
  as_pattern: ['alias'],
  assignment: ['left'],
  assignment_expression: [],
  augmented_assignment: ['left'],
  block_parameters: ['*'],
  catch_clause: ['parameter'],
  catch_formal_parameter: ['name'],
  closure_parameters: ['*'],
  const_spec: ['name'],
  declaration: ['declarator'],
  enhanced_for_statement: ['name'],
  for_expression: ['pattern'],
  for_in_clause: ['left'],
  for_in_statement: ['left'],
  for_range_loop: ['declarator'],
  for_statement: ['left'],
  foreach_statement: ['left'],
  formal_parameter: ['name'],
  formal_parameters: ['*'],
  inferred_parameters: ['*'],
  init_declarator: ['declarator'],
  lambda_expression: ['parameters'],
  lambda_parameters: ['*'],
  let_condition: ['pattern'],
  let_declaration: ['pattern'],
  match_pattern: ['*'],
  method_parameters: ['*'],
  named_expression: ['name'],
  parameter: ['name', 'pattern'],
  parameter_declaration: ['name', 'declarator'],
  parameters: ['*'],
  range_clause: ['left'],
  resource: ['name'],
  short_var_declaration: ['left'],
  simple_parameter: ['name'],
  var_spec: ['name'],
  variable_declarator: ['name'],
}

/** Below a binding field, what these nodes and fields hold is used, not bound: `a[i] = 1` binds neither. */
const NO_PATTERNS = new Set([
  'array_access',
  'attribute',
  'call',
  'call_expression',
  'element_reference',
  'field_access',
  'field_expression',
  'index_expression',
  'member_access_expression',
  'member_expression',
  'parameter_declaration',
  'selector_expression',
  'subscript',
  'subscript_expression',
  'type',
  'type_annotation',
])
const NO_PATTERN_FIELDS = new Set(['default_value', 'return_type', 'right', 'size', 'type', 'value'])

const NAME_LEAVES = new Set([
  'identifier',
  'shorthand_property_identifier',
  'shorthand_property_identifier_pattern',
  'variable_name',
])

/** An identifier under one of these fields names a member, not a variable. */
const MEMBER_FIELDS = new Set(['attribute', 'field', 'method', 'property'])
const MEMBER_NAMES = new Set(['keyword_argument', 'member_access_expression', 'method_invocation'])

/**
 * Returns one byte per node: 1 for a leaf that names a variable local to a function (a parameter, anything bound
 * within it, a nested function). Names bound in one outermost function are looked up in the whole of it: shadowing
 * within a function is not told apart. O(nodes).
 */
export function localNames(tree: SyntaxTree): Uint8Array {
  const marks = new Uint8Array(nodeCount(tree))
  for (let i = 0; i < marks.length; i++) {
    if (!FUNCTIONS.has(typeOf(tree, i)) || isLeaf(tree, i)) continue
    markLocals(tree, i, marks)
    i = (tree.next[i] ?? i + 1) - 1
  }
  return marks
}

function markLocals(tree: SyntaxTree, outer: number, marks: Uint8Array): void {
  const bound = boundNames(tree, outer)
  const end = tree.next[outer] ?? outer + 1
  for (let i = outer; i < end; i++) {
    const parent = typeOf(tree, i)
    for (let child = i + 1; child < (tree.next[i] ?? 0); child = tree.next[child] ?? end) {
      if (!NAME_LEAVES.has(typeOf(tree, child)) || !bound.has(textOf(tree, child))) continue
      const field = fieldOf(tree, child)
      if (MEMBER_FIELDS.has(field) || (field === 'name' && MEMBER_NAMES.has(parent))) continue
      marks[child] = 1
    }
  }
}

function boundNames(tree: SyntaxTree, outer: number): Set<string> {
  const bound = new Set<string>()
  const end = tree.next[outer] ?? outer + 1
  for (let i = outer; i < end; i++) {
    const type = typeOf(tree, i)
    if (i > outer && FUNCTIONS.has(type)) collectPattern(tree, childByField(tree, i, 'name'), bound)
    const fields = Object.hasOwn(BINDERS, type) ? BINDERS[type] : undefined
    if (!fields) continue
    for (const child of childrenOf(tree, i)) {
      if (fields[0] === '*' || fields.includes(fieldOf(tree, child))) collectPattern(tree, child, bound)
    }
  }
  for (let i = outer; i < end; i++) {
    if (typeOf(tree, i) !== 'global_statement') continue
    for (const child of childrenOf(tree, i)) bound.delete(textOf(tree, child))
  }
  return bound
}

/** Adds the names that the pattern at `root` binds. */
function collectPattern(tree: SyntaxTree, root: number, bound: Set<string>): void {
  if (root < 0) return
  const end = tree.next[root] ?? root + 1
  for (let i = root; i < end; i++) {
    const type = typeOf(tree, i)
    const field = fieldOf(tree, i)
    if (NO_PATTERNS.has(type) || (i > root && NO_PATTERN_FIELDS.has(field))) i = (tree.next[i] ?? i + 1) - 1
    else if (NAME_LEAVES.has(type) && isNamed(tree, i)) bound.add(textOf(tree, i))
  }
}
