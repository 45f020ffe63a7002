/** The names that a piece of code defines at its top level, by the look of its lines. */

const PYTHON = /^(?:async\s+)?(?:def|class)\s+([A-Za-z_]\w*)|^([A-Za-z_]\w*)\s*(?::[^=]{0,60})?=\s*lambda\b/
const SCRIPT =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\s*\*?|class|interface|enum|type|const|let|var|namespace)\s+([A-Za-z_$][\w$]*)|^(?:module\.)?exports\.([A-Za-z_$][\w$]*)\s*=/
const GO = /^func\s+(?:\([^)]{0,80}\)\s*)?([A-Za-z_]\w*)|^type\s+([A-Za-z_]\w*)/
const RUST = /^(?:pub(?:\([^)]{0,20}\))?\s+)?(?:async\s+|unsafe\s+|const\s+)*(?:fn|struct|enum|trait|static)\s+([A-Za-z_]\w*)/
const RUBY = /^(?:def\s+(?:self\.)?|class\s+|module\s+)([A-Za-z_]\w*[?!]?)/
const SQL =
  /^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)?(?:UNIQUE\s+)?(?:TABLE|VIEW|FUNCTION|PROCEDURE|INDEX|TRIGGER)\s+(?:IF\s+NOT\s+EXISTS\s+)?["`]?([\w.]+)/i
const BRACES =
  /^(?:(?:public|private|protected|internal|static|final|abstract|sealed|open|data|partial|inline|constexpr|extern|unsigned|const)\s+)*(?:(?:class|interface|enum|struct|record|trait|object|union|fun|func|function|def)\s+([A-Za-z_]\w*)|[A-Za-z_][\w:<>,*&[\] ]{0,60}[ *&]([A-Za-z_]\w*)\s*\([^;]{0,200}$)/
const SHELL = /^(?:function\s+)?([A-Za-z_][\w-]*)\s*\(\)\s*\{?/

const BY_LANGUAGE: Readonly<Record<string, RegExp>> = {
  python: PYTHON,
  javascript: SCRIPT,
  typescript: SCRIPT,
  jsx: SCRIPT,
  tsx: SCRIPT,
  go: GO,
  rust: RUST,
  ruby: RUBY,
  sql: SQL,
  bash: SHELL,
}
const NOT_NAMES = new Set(['if', 'for', 'while', 'switch', 'return', 'else', 'catch', 'sizeof', 'new', 'throw', 'main_'])
const LOOK = 300

/** Returns the names `code` defines at its top level, in order. A linear look at the lines, not a parse. */
export function topLevelSymbols(code: string, language: string): ReadonlySet<string> {
  const pattern = (Object.hasOwn(BY_LANGUAGE, language) ? BY_LANGUAGE[language] : undefined) ?? BRACES
  const names = new Set<string>()
  for (const line of code.split('\n')) {
    const first = line.charCodeAt(0)
    // Indented lines, closing brackets and blank lines define nothing at the top level.
    if (Number.isNaN(first) || first === 32 || first === 9 || first === 125 || first === 41) continue
    const match = pattern.exec(line.length > LOOK ? line.slice(0, LOOK) : line)
    const name = match?.[1] ?? match?.[2]
    if (name !== undefined && !NOT_NAMES.has(name)) names.add(name)
  }
  return names
}

/** Whether `code` defines `name`, at its top level or as a method or field of something that is. */
export function definesName(code: string, language: string, name: string): boolean {
  const last = name.split(/[.#:]/).pop() ?? name
  if (last === '' || !code.includes(last)) return false
  const symbols = topLevelSymbols(code, language)
  if (symbols.has(name) || symbols.has(last)) return true
  const escaped = last.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(
    String.raw`(?:def|function|func|fn|class|struct|interface|fun|const|let|var|type)\s+${escaped}(?![\w$])`,
  ).test(code)
}

/** Whether `code` uses one of `wanted` as a word. */
export function usesAny(code: string, wanted: ReadonlySet<string>): boolean {
  if (wanted.size === 0) return false
  for (const match of code.matchAll(/[A-Za-z_$][\w$]*/g)) if (wanted.has(match[0])) return true
  return false
}
