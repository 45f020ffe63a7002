/** What a node does to the flow of values; a node of no listed type just has its children walked in order. */
export type FlowKind = 'assign' | 'branch' | 'comprehension' | 'declare' | 'each' | 'for' | 'increment' | 'while'

/** How values flow in one language. */
export interface FlowTable {
  readonly kinds: Readonly<Record<string, FlowKind>>
  /** `zip`: sides of equal length pair off and one edge holds a whole side; `product`: one edge for each pair. */
  readonly pairing: 'product' | 'zip'
  /** Children of a branch that start anew from the state before it. */
  readonly elseParts: ReadonlySet<string>
  /** True if all that follows the first else part starts anew too. */
  readonly elseIsRest: boolean
  /** True if the state before a branch always joins the states after it, `else` or not. */
  readonly entryJoins: boolean
  /** The child of a `for` after which its second pass starts; null where a `for` is an `each` (Python). */
  readonly secondPassAfter: ReadonlySet<string>
  /** True if that child's `update` is walked once between the passes. */
  readonly updatesBetween: boolean
}

const PYTHON: FlowTable = {
  kinds: {
    assignment: 'assign',
    augmented_assignment: 'assign',
    default_parameter: 'declare',
    for_in_clause: 'comprehension',
    for_statement: 'each',
    if_statement: 'branch',
    while_statement: 'while',
  },
  pairing: 'zip',
  elseParts: new Set(['elif_clause', 'else_clause']),
  elseIsRest: false,
  entryJoins: false,
  secondPassAfter: new Set(),
  updatesBetween: false,
}

const JAVA: FlowTable = {
  kinds: {
    assignment_expression: 'assign',
    enhanced_for_statement: 'each',
    for_statement: 'for',
    if_statement: 'branch',
    update_expression: 'increment',
    variable_declarator: 'declare',
    while_statement: 'while',
  },
  pairing: 'product',
  elseParts: new Set(['else', 'if_statement']),
  elseIsRest: true,
  entryJoins: false,
  secondPassAfter: new Set(['local_variable_declaration']),
  updatesBetween: false,
}

const JAVASCRIPT: FlowTable = {
  ...JAVA,
  kinds: {
    assignment_pattern: 'assign',
    augmented_assignment_expression: 'assign',
    for_statement: 'for',
    if_statement: 'branch',
    update_expression: 'increment',
    variable_declarator: 'declare',
    while_statement: 'while',
  },
  entryJoins: true,
  secondPassAfter: new Set(['variable_declaration']),
}

const GO: FlowTable = {
  ...JAVA,
  kinds: {
    assignment_statement: 'assign',
    for_statement: 'for',
    if_statement: 'branch',
    inc_statement: 'increment',
    var_spec: 'declare',
  },
  entryJoins: true,
  secondPassAfter: new Set(['for_clause']),
  updatesBetween: true,
}

/** The tables of `reference` mode: what the published walkers do, `x = y` in JavaScript and `:=` in Go not seen. */
export const REFERENCE_FLOW: Readonly<Record<string, FlowTable>> = {
  go: GO,
  java: JAVA,
  javascript: JAVASCRIPT,
  python: PYTHON,
  tsx: JAVASCRIPT,
  typescript: JAVASCRIPT,
}

const FULL_JAVASCRIPT: FlowTable = {
  ...JAVASCRIPT,
  kinds: { ...JAVASCRIPT.kinds, assignment_expression: 'assign', for_in_statement: 'each' },
  secondPassAfter: new Set(['lexical_declaration', 'variable_declaration']),
}

/** The tables of `consensus` mode: the same with those holes filled. */
export const CONSENSUS_FLOW: Readonly<Record<string, FlowTable>> = {
  ...REFERENCE_FLOW,
  go: { ...GO, kinds: { ...GO.kinds, dec_statement: 'increment', range_clause: 'assign', short_var_declaration: 'assign' } },
  javascript: FULL_JAVASCRIPT,
  tsx: FULL_JAVASCRIPT,
  typescript: FULL_JAVASCRIPT,
}
