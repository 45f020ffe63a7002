import { childByField, childrenOf, fieldOf, nodeCount, type SyntaxTree, textOf, typeOf } from '../../domain/syntax-tree.ts'

/*
 * Programs of models declare a function and often export nothing, or do it as CommonJS; tests import. Invariants:
 *  1. What a program exports by itself is left alone; what it does not have is not made up.
 *  2. A program that is no ES module is run as what it is: loosely, unless it says otherwise, with CommonJS' five words.
 *  3. In a module nothing is put before the program but on its first line, so that line numbers in messages stay its own.
 */

/**
 * Returns what makes a program, whose tree is `tree`, or a mutant of it, an ES module that offers `names`, as far as it has them. Without a
 * tree it is left as it is.
 */
export function exportNames(tree: SyntaxTree | null, names: readonly string[]): (code: string) => string {
  if (tree === null) return (code) => code
  return isModule(tree) ? asModule(tree, names) : asScript(tree, names)
}

/** Whether only an ES module can look like this. Where the tree is broken, words at the start of a line tell. */
function isModule(tree: SyntaxTree): boolean {
  if (tree.errorCount > 0 && /^[ \t]*(?:import\b(?!\s*\()|export\b)/m.test(tree.text)) return true
  for (let i = 0; i < nodeCount(tree); ) {
    const type = typeOf(tree, i)
    if (type === 'import_statement' || type === 'export_statement') return true
    if (type === 'meta_property' && textOf(tree, i).startsWith('import')) return true
    if (type === 'await_expression' || (type === 'for_in_statement' && /^for\s+await\b/.test(textOf(tree, i)))) return true
    // Below a function, `await` is no sign of a module.
    i = /function|method_definition/.test(type) ? (tree.next[i] ?? i + 1) : i + 1
  }
  return false
}

function asModule(tree: SyntaxTree, names: readonly string[]): (code: string) => string {
  const { declared, exported } = topLevel(tree)
  const usesModule = /\bmodule\.exports\b|^exports\.\w/m.test(tree.text)
  const head: string[] = []
  if (usesModule && !declared.has('module') && !declared.has('exports'))
    head.push('const module = { exports: {} }; const exports = module.exports;')
  if (/(?<![\w$.])require\s*\(/.test(tree.text) && !declared.has('require'))
    head.push("import { createRequire as __require } from 'node:module'; const require = __require('file:///box/');")
  const tail: string[] = []
  for (const name of names.filter((each) => !exported.has(each))) {
    const last = tree.definitions.at(-1)
    if (name === 'default') {
      const only = usesModule && tree.definitions.length !== 1 ? 'module.exports' : last
      if (only !== undefined) tail.push(`export default ${only};`)
    } else if (declared.has(name)) tail.push(`export { ${name} };`)
    else if (usesModule && holdsWord(tree.text, name)) tail.push(`export const ${name} = module.exports.${name};`)
  }
  const before = head.join(' ')
  const after = tail.length === 0 ? '' : `\n${tail.join('\n')}\n`
  // A first line of `#!` is one only where nothing stands before it.
  return (code) => `${before}${before === '' ? code : code.replace(/^\uFEFF?#!/, '//')}${after}`
}

function asScript(tree: SyntaxTree, names: readonly string[]): (code: string) => string {
  const { declared } = topLevel(tree)
  const usesModule = tree.errorCount > 0 || hasIdentifier(tree, ['module', 'exports'])
  const mine = names.filter((name) => name !== 'default' && (declared.has(name) || (usesModule && holdsWord(tree.text, name))))
  const last = tree.definitions.at(-1)
  const hasDefault = names.includes('default') && (usesModule || last !== undefined)
  // What is declared can only be seen from within; what is not there when it is asked for is not there.
  const seen = [...new Set([...mine, ...(last === undefined ? [] : [last])])].map((name) => `${name}: () => ${name}`)
  const lines = [
    "import { createRequire } from 'node:module'",
    "import { compileFunction, constants } from 'node:vm'",
    'const module = { exports: {} }, empty = module.exports',
    `const words = ['exports', 'require', 'module', '__filename', '__dirname']`,
    `const options = { filename: 'program.cjs', importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER }`,
    'const run = compileFunction(program, words, options)',
    `const own = run.call(empty, empty, createRequire('file:///box/'), module, '/box/program.cjs', '/box')`,
    'const given = module.exports',
    `const find = (name) => { try { return own[name]() } catch {} }`,
    'const isUsed = given !== empty || Object.keys(empty).length > 0',
    ...mine.map((name, at) => `const name${at} = given?.[${JSON.stringify(name)}] ?? find(${JSON.stringify(name)})`),
    ...(mine.length === 0 ? [] : [`export { ${mine.map((name, at) => `name${at} as ${name}`).join(', ')} }`]),
    ...(hasDefault ? [`export default isUsed ? (given?.default ?? given) : find(${JSON.stringify(last ?? '')})`] : []),
  ]
  const after = `\n;return { ${seen.join(', ')} }`
  return (code) => `const program = ${JSON.stringify(code.replace(/^\uFEFF?#!/, '//') + after)}\n${lines.join('\n')}\n`
}

/** The names a program has at its top level, imports included, and those it exports (`default` among them). */
function topLevel(tree: SyntaxTree): { readonly declared: ReadonlySet<string>; readonly exported: ReadonlySet<string> } {
  const declared = new Set<string>()
  const exported = new Set<string>()
  for (const statement of childrenOf(tree, 0)) {
    const type = typeOf(tree, statement)
    if (type === 'import_statement') for (const name of importedBy(tree, statement)) declared.add(name)
    else if (type !== 'export_statement') for (const name of declaredBy(tree, statement)) declared.add(name)
    else {
      const isDefault = childrenOf(tree, statement).some((child) => typeOf(tree, child) === 'default')
      if (isDefault) exported.add('default')
      for (const child of childrenOf(tree, statement)) {
        for (const name of declaredBy(tree, child)) {
          declared.add(name)
          if (!isDefault) exported.add(name)
        }
        if (typeOf(tree, child) === 'export_clause') for (const specifier of childrenOf(tree, child)) addSpecifier(specifier)
        if (typeOf(tree, child) === 'namespace_export') addName(childrenOf(tree, child).at(-1) ?? -1)
      }
    }
  }
  return { declared, exported }

  function addSpecifier(specifier: number): void {
    if (typeOf(tree, specifier) !== 'export_specifier') return
    const alias = childByField(tree, specifier, 'alias')
    addName(alias >= 0 ? alias : childByField(tree, specifier, 'name'))
  }
  function addName(node: number): void {
    if (node >= 0) exported.add(textOf(tree, node).replace(/^(['"])(.*)\1$/, '$2'))
  }
}

/** The names an import binds: of `b as c` the second. */
function importedBy(tree: SyntaxTree, statement: number): readonly string[] {
  const names: string[] = []
  const walk = (node: number): void => {
    const alias = childByField(tree, node, 'alias')
    if (alias >= 0) names.push(textOf(tree, alias))
    else if (typeOf(tree, node) === 'identifier') names.push(textOf(tree, node))
    else for (const child of childrenOf(tree, node)) walk(child)
  }
  walk(statement)
  return names
}

/** The names a declaration binds: a function's or class's own, or all of a pattern. */
function declaredBy(tree: SyntaxTree, node: number): readonly string[] {
  const type = typeOf(tree, node)
  const nameOf = (at: number): number => childByField(tree, at, 'name')
  if (/^(?:generator_)?function_declaration$|^class_declaration$/.test(type))
    return nameOf(node) < 0 ? [] : [textOf(tree, nameOf(node))]
  if (type !== 'lexical_declaration' && type !== 'variable_declaration') return []
  const names: string[] = []
  const bind = (at: number): void => {
    const is = typeOf(tree, at)
    if (is === 'identifier' || is === 'shorthand_property_identifier_pattern') names.push(textOf(tree, at))
    else if (is === 'assignment_pattern' || is === 'object_assignment_pattern') bind(childByField(tree, at, 'left'))
    else if (is === 'pair_pattern') bind(childByField(tree, at, 'value'))
    else for (const child of childrenOf(tree, at)) if (fieldOf(tree, child) !== 'key') bind(child)
  }
  for (const declarator of childrenOf(tree, node)) {
    if (typeOf(tree, declarator) === 'variable_declarator' && nameOf(declarator) >= 0) bind(nameOf(declarator))
  }
  return names
}

function hasIdentifier(tree: SyntaxTree, names: readonly string[]): boolean {
  for (let i = 0; i < nodeCount(tree); i++) if (typeOf(tree, i) === 'identifier' && names.includes(textOf(tree, i))) return true
  return false
}

function holdsWord(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(text)
}
