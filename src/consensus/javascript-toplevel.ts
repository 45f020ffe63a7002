import { scanBrackets } from './javascript-demo.ts'

/** A declaration at the left margin of a JavaScript or TypeScript text, to the line that ends it. */
export interface JavaScriptDeclaration {
  readonly name: string
  readonly text: string
}

const HEADER =
  /^(?:export\s+)?(?:default\s+)?(?:(?:async\s+)?function\b\s*\*?\s*([A-Za-z_$][\w$]*)\s*[<(]|class\s+([A-Za-z_$][\w$]*)[^;=()]*\{|(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*(?::[^=]{1,200})?=(?!=)\s*(\S.*)?$)/
/** How the value of a helper begins; after the word `const` a sentence can go on as well. */
const VALUE = /^(?:async\b|function\b|class\b|new\s+[A-Z]|require\(|[([{'"`/]|[A-Za-z_$][\w$]*\s*=>)/
const PLAIN_VALUE = /^(?:-?\.?\d[\w.]*|true|false|null|undefined)\s*;?\s*(?:\/\/.*)?$/
/** A declaration longer than this is no helper of a task, or its brackets were misread. */
const MAX_LINES = 200

/**
 * Returns the functions, classes and variables with plain values that a text declares at its left margin, in order.
 * Prose, signatures without a body and what never closes its brackets are left out. Works on text alone.
 */
export function javascriptDeclarations(text: string): JavaScriptDeclaration[] {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const found: JavaScriptDeclaration[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const header = HEADER.exec((lines[at] ?? '').slice(0, 500))
    if (header === null) continue
    const end = lastLine(lines, at)
    const name = header[1] ?? header[2] ?? header[3] ?? ''
    const body = end === null ? '' : lines.slice(at, end + 1).join('\n')
    const isCode = header[3] === undefined ? body.endsWith('}') : isValue(header[4] ?? '', body)
    if (end === null || !isCode) continue
    found.push({ name, text: body.replace(/^export\s+(?:default\s+)?/, '') })
    at = end
  }
  return found
}

function isValue(start: string, statement: string): boolean {
  return PLAIN_VALUE.test(start) || (VALUE.test(start) && (start.includes('=>') || /[;}\])'"`]$/.test(statement)))
}

/** Returns the line that ends the statement begun on line `from`: brackets closed, and nothing indented or hung on below. */
function lastLine(lines: readonly string[], from: number): number | null {
  const closed = scanBrackets(lines, from, MAX_LINES)
  if (closed === null) return null
  let end = closed
  while (end < from + MAX_LINES && /^(?:[ \t]+\S|[ \t]*[.?:])/.test(lines[end + 1] ?? '')) {
    const next = scanBrackets(lines, end + 1, MAX_LINES)
    if (next === null) return null
    end = next
  }
  return end
}

/** Returns whether a program declares or imports `name` at its top level. */
export function declaresName(program: string, name: string): boolean {
  const escaped = name.replace(/\$/g, '\\$&')
  const here = `(?<![\\w$.])${escaped}(?![\\w$])`
  return new RegExp(
    `^(?:export\\s+)?(?:default\\s+)?(?:(?:async\\s+)?function\\b\\s*\\*?\\s*|(?:class|enum|interface|type|namespace)\\s+|(?:const|let|var)\\s+(?:[{[][^=]{0,400})?|import\\b[^;'"]{0,400})${here}`,
    'm',
  ).test(program)
}
