import { dropJavaScriptDemos } from './javascript-demo.ts'
import { declaresName, type JavaScriptDeclaration, javascriptDeclarations } from './javascript-toplevel.ts'
import { consensusLanguage } from './language.ts'
import { pythonTopLevel, type TopLevelStatement } from './python-toplevel.ts'
import { escapeName } from './signature.ts'

const DEFINITIONS = new Set(['def', 'class', 'import', 'from'])
const ASSIGNMENT = /^[A-Za-z_][\w.]*(?:\s*,\s*[A-Za-z_]\w*)*\s*(?::[^=]+)?(?:=(?!=)|\+=)/
/** A header with its body on the lines below; a task's prose can begin with the same word. */
const HEADER =
  /^(?:(?:async\s+)?def\s+[A-Za-z_]\w*\s*(?:\[[^\]\n]*\])?\s*\([\s\S]*?\)\s*(?:->[^:\n]+)?|class\s+[A-Za-z_]\w*\s*(?:\[[^\]\n]*\])?\s*(?:\([^)]*\)\s*)?):[ \t]*(?:#[^\n]*)?\n/m
/** A list under the header: the text describes what it names. */
const LISTED = /^[^\n]*:[ \t]*\n\s*(?:[-*•]\s|\d+[.)]\s)/
const NAMES = String.raw`\w+(?:\s+as\s+\w+)?(?:\s*,\s*\w+(?:\s+as\s+\w+)?)*`
const IMPORT = new RegExp(
  String.raw`^(?:import\s+[\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*|from\s+[\w.]+\s+import\s+(?:\*|${NAMES}|\(\s*${NAMES}\s*,?\s*\)))\s*(?:#[^\n]*)?$`,
)
/** Parts of the tests that a task shows: a program has no use for them and may not load with them. */
const TEST_TOOL = /^(?:import|from)\s+(?:pytest|unittest|hypothesis|doctest)\b/
const TEST = /^[ \t]*(?:async\s+)?def\s+test_/m
const ASKS = /\b(?:input|open|exit|quit)\s*\(/

/**
 * Returns the program that stands for a candidate: in Python its imports, definitions, classes and plain assignments at
 * the top level, behind the declarations that the task text gives and the candidate leaves out; demonstration calls,
 * prints, asserts and a `__main__` block are dropped. In JavaScript and TypeScript demonstrations at the left margin are
 * dropped, and of the functions, classes and constants that the task text gives, those stand in front that the candidate
 * uses and does not declare. Line ends are `\n`. Two candidates with equal results are one program. Other languages: unchanged
 * but for line ends and trailing space.
 */
export function normaliseCandidate(code: string, language: string, task?: { prompt: string; entryPoint: string }): string {
  const text = withPlainLineEnds(code).replace(/^\uFEFF/, '')
  const grammar = consensusLanguage(language)
  if (grammar === 'python') return normalisePython(text, task)
  const kept = grammar === 'javascript' ? dropJavaScriptDemos(text) : text.replace(/(?<![ \t])[ \t]+$/gm, '')
  const given = grammar === 'javascript' && task !== undefined ? givenDeclarations(task.prompt, task.entryPoint, kept) : []
  return `${[...given.map((each) => each.text), kept.trim()]
    .join('\n\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`
}

/** Returns what the prompt declares beside the entry point, and the program or another such declaration needs. */
function givenDeclarations(prompt: string, entryPoint: string, program: string): JavaScriptDeclaration[] {
  const all = javascriptDeclarations(withPlainLineEnds(prompt))
  // The prompt may show a name twice, in two examples; two declarations of it would not load.
  const given = all.filter(({ name }, at) => name !== entryPoint && all.findIndex((each) => each.name === name) === at)
  const taken = new Set<JavaScriptDeclaration>()
  const open = [program]
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const words = new Set(text.match(/[\w$]+/g))
    for (const each of given) {
      if (taken.has(each) || !words.has(each.name) || declaresName(program, each.name)) continue
      taken.add(each)
      open.push(each.text)
    }
  }
  return given.filter((each) => taken.has(each))
}

function withPlainLineEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}

function normalisePython(text: string, task: { prompt: string; entryPoint: string } | undefined): string {
  const own = pythonTopLevel(text).filter((statement) => isKept(statement, task?.entryPoint))
  const given = task === undefined ? [] : givenStatements(task.prompt, task.entryPoint, own)
  // Python accepts `from __future__` before all other statements only.
  const isFuture = (statement: TopLevelStatement): boolean => /^from\s+__future__\b/.test(statement.text)
  const ordered = [...own.filter(isFuture), ...given, ...own.filter((statement) => !isFuture(statement))]
  return `${ordered.map((statement) => statement.text.trimEnd()).join('\n\n')}\n`
}

function isKept(statement: TopLevelStatement, entryPoint: string | undefined): boolean {
  if (DEFINITIONS.has(statement.head)) return true
  // A guarded import (`try: import numpy`) or a conditional definition belongs to the program; a demo block does not.
  if (statement.head === 'try' || statement.head === 'if') {
    return !statement.text.includes('__name__') && /^[ \t]+(?:import|from|def|class)\b/m.test(statement.text)
  }
  if (!ASSIGNMENT.test(statement.text)) return false
  if (isFunctionAssignment(statement.text, entryPoint)) return true
  if (ASKS.test(statement.text)) return false
  return entryPoint === undefined || !new RegExp(`\\b${escapeName(entryPoint)}\\s*\\(`).test(statement.text)
}

/**
 * Returns whether an assignment defines a function, so that a call in it is no demonstration: its target is the entry
 * point (`f = lambda n: f(n - 1)`, `f = cache(f)`), or its value is a lambda, plain, bracketed or cached.
 */
function isFunctionAssignment(text: string, entryPoint: string | undefined): boolean {
  const targets = /^[^=:]*/.exec(text)?.[0].split(',') ?? []
  if (targets.some((target) => target.trim() === entryPoint)) return true
  const value = text.slice(text.indexOf('=') + 1).trim()
  if (/^(?:lambda\b|(?:functools\s*\.\s*)?(?:lru_)?cache\s*(?:\([^()]*\)\s*)?\(\s*lambda\b)/.test(value)) return true
  return /^\(\s*lambda\b/.test(value) && isOneBracket(value)
}

/** Returns whether the bracket that opens a text closes at its very end: `(lambda n: n)`, not `(lambda n: n)(3)`. */
function isOneBracket(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1
    if (text[at] === ')') depth -= 1
    if (depth === 0) return at === text.length - 1
  }
  return false
}

/** Returns what the prompt declares before the entry point and the candidate does not define itself: imports, helpers. */
function givenStatements(prompt: string, entryPoint: string, own: readonly TopLevelStatement[]): TopLevelStatement[] {
  const declared = new Set(own.map(declaredName).filter((name) => name !== null))
  const texts = new Set(own.map((statement) => statement.text.trim()))
  const asked = new RegExp(`(?<!\\w)${escapeName(entryPoint)}(?!\\w)`)
  return pythonTopLevel(prompt).filter((statement) => {
    if (!DEFINITIONS.has(statement.head) || TEST_TOOL.test(statement.text)) return false
    if (TEST.test(statement.text) && asked.test(statement.text)) return false
    const name = declaredName(statement)
    if (name !== null) return name !== entryPoint && !declared.has(name) && isWritten(statement.text)
    // A test that the prompt shows imports the entry point from the program that is still to be written.
    return IMPORT.test(statement.text.trim()) && !texts.has(statement.text.trim()) && !asked.test(statement.text)
  })
}

/** Returns whether a definition is code with a body, and no sentence like "class Node has two fields:" with a list. */
function isWritten(text: string): boolean {
  return text.includes('\n') && HEADER.test(text) && !LISTED.test(text)
}

function declaredName(statement: TopLevelStatement): string | null {
  return /^(?:async\s+)?(?:def|class)\s+([A-Za-z_]\w*)/m.exec(statement.text)?.[1] ?? null
}
