import { parseExpression } from './expression.ts'
import type { ConsensusLanguage } from './language.ts'

/** The callable under test: its name and, when the task text declares it, its positional parameters in order. */
export interface EntryPoint {
  readonly name: string
  readonly language: ConsensusLanguage
  /** Null when the task text shows no declaration. */
  readonly parameters: readonly string[] | null
}

/** Returns the entry point `name` with the parameters found in its first declaration in `prompt`. */
export function readEntryPoint(name: string, prompt: string, language: ConsensusLanguage): EntryPoint {
  const escaped = escapeName(name)
  const patterns =
    language === 'python'
      ? [`def\\s+${escaped}\\s*\\(`]
      : [
          `function\\s*\\*?\\s+${escaped}\\s*(?:<[^>]*>)?\\(`,
          `\\b${escaped}\\s*(?::[^=]+)?=\\s*(?:async\\s*)?(?:function\\b[^(]*)?\\(`,
        ]
  for (const pattern of patterns) {
    const found = new RegExp(pattern).exec(prompt)
    if (found !== null) return { name, language, parameters: readParameters(prompt, found.index + found[0].length, language) }
  }
  return { name, language, parameters: null }
}

function readParameters(text: string, from: number, language: ConsensusLanguage): string[] | null {
  const parts: string[] = []
  let depth = 0
  let start = from
  for (let at = from; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (char === "'" || char === '"') {
      at = (parseExpression(text, language, at, 'operand')?.end ?? at + 1) - 1
    } else if (depth === 0 && (char === ',' || char === ')')) {
      parts.push(text.slice(start, at))
      start = at + 1
      if (char === ')') return parts.map(parameterName).filter((name) => name !== '')
    } else if ('([{<'.includes(char)) {
      depth += 1
    } else if (')]}'.includes(char) || (char === '>' && text[at - 1] !== '=' && text[at - 1] !== '-')) {
      depth -= 1
    }
  }
  return null
}

function parameterName(text: string): string {
  const name = /^\s*([A-Za-z_$][\w$]*)/.exec(text)?.[1] ?? ''
  return name === 'self' ? '' : name
}

/** Returns `name` as it stands in a regular expression: a user may name anything, and nothing may be read as syntax. */
export function escapeName(name: string): string {
  return name.replace(/[^\w]/g, '\\$&')
}
