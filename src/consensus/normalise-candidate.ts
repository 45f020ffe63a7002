import { dropJavaScriptDemos } from './javascript-demo.ts'
import { consensusLanguage } from './language.ts'
import { pythonTopLevel, type TopLevelStatement } from './python-toplevel.ts'
import { escapeName } from './signature.ts'

const DEFINITIONS = new Set(['def', 'class', 'import', 'from'])
const ASSIGNMENT = /^[A-Za-z_][\w.]*(?:\s*,\s*[A-Za-z_]\w*)*\s*(?::[^=]+)?(?:=(?!=)|\+=)/
const ASKS = /\b(?:input|open|exit|quit)\s*\(/

/**
 * Returns the program that stands for a candidate: in Python its imports, definitions, classes and plain assignments at
 * the top level, behind the declarations that the task text gives and the candidate leaves out; demonstration calls,
 * prints, asserts and a `__main__` block are dropped. In JavaScript and TypeScript demonstrations at the left margin are
 * dropped. Line ends are `\n`. Two candidates with equal results are one program. Other languages: unchanged
 * but for line ends and trailing space.
 */
export function normaliseCandidate(code: string, language: string, task?: { prompt: string; entryPoint: string }): string {
  const text = code
    .replaceAll('\r\n', '\n')
    .replaceAll('\r', '\n')
    .replace(/^\uFEFF/, '')
  const grammar = consensusLanguage(language)
  if (grammar === 'python') return normalisePython(text, task)
  const kept = grammar === 'javascript' ? dropJavaScriptDemos(text) : text.replace(/[ \t]+$/gm, '')
  return `${kept.replace(/\n{3,}/g, '\n\n').trim()}\n`
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
  if (!ASSIGNMENT.test(statement.text) || ASKS.test(statement.text)) return false
  return entryPoint === undefined || !new RegExp(`\\b${escapeName(entryPoint)}\\s*\\(`).test(statement.text)
}

/** Returns what the prompt declares before the entry point and the candidate does not define itself: imports, helpers. */
function givenStatements(prompt: string, entryPoint: string, own: readonly TopLevelStatement[]): TopLevelStatement[] {
  const declared = new Set(own.map(declaredName).filter((name) => name !== null))
  const texts = new Set(own.map((statement) => statement.text.trim()))
  return pythonTopLevel(prompt).filter((statement) => {
    if (!DEFINITIONS.has(statement.head)) return false
    const name = declaredName(statement)
    if (name === null) return isImport(statement.text) && !texts.has(statement.text.trim())
    return name !== entryPoint && !declared.has(name) && statement.text.includes('\n')
  })
}

function isImport(text: string): boolean {
  return /^(?:import\s+[\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*|from\s+[\w.]+\s+import\s+.+)$/s.test(text.trim())
}

function declaredName(statement: TopLevelStatement): string | null {
  return /^(?:async\s+)?(?:def|class)\s+([A-Za-z_]\w*)/m.exec(statement.text)?.[1] ?? null
}
