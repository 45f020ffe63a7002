import { parseExpression } from './expression.ts'
import type { ConsensusLanguage } from './language.ts'

/** The callable under test: its name and, when the task text declares it, its positional parameters in order. */
export interface EntryPoint {
  readonly name: string
  readonly language: ConsensusLanguage
  /** Null when the task text shows no declaration. */
  readonly parameters: readonly string[] | null
}

/** Longest list of parameters read: a bracket that is never closed must not cost the reading of all that follows. */
const MAX_PARAMETERS = 2_000

/** Returns the entry point `name` with the parameters found in its first declaration in `prompt`. */
export function readEntryPoint(name: string, prompt: string, language: ConsensusLanguage): EntryPoint {
  const escaped = escapeName(name)
  const patterns =
    language === 'python'
      ? [`def\\s+${escaped}\\s*\\(`]
      : [
          `function(?:\\s*\\*)?\\s{1,20}${escaped}\\s{0,20}(?:<[^>]{0,200}>)?\\(`,
          `\\b${escaped}\\s{0,20}(?::[^=]{1,200})?=\\s{0,20}(?:async\\s{0,20})?(?:function\\b[^(]{0,80})?\\(`,
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
  const limit = Math.min(text.length, from + MAX_PARAMETERS)
  for (let at = from; at < limit; at += 1) {
    const char = text[at] ?? ''
    if (char === "'" || char === '"') {
      at = (parseExpression(text.slice(0, limit), language, at, 'operand')?.end ?? at + 1) - 1
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
