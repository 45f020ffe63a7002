/** How a demonstration at the left margin begins: a call that only prints or checks. */
const DEMO = /^(?:console\.\w+|assert(?:\.\w+)?|process\.exit|describe|test|it|expect|main)\s*\(/
/** A demonstration longer than this is no demonstration, or its brackets were misread: it stays. */
const MAX_LINES = 80

/**
 * Returns a JavaScript or TypeScript text without the demonstrations at its left margin: printing, asserting and test
 * blocks, each dropped from its first line to the line that closes its brackets. What does not close is kept.
 */
export function dropJavaScriptDemos(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const kept: string[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const end = DEMO.test(line) ? scanBrackets(lines, at, MAX_LINES) : null
    if (end === null || !/[;)]$/.test(lines[end] ?? '')) kept.push(line)
    else at = end
  }
  return kept.join('\n')
}

/**
 * Returns the first line, of `maxLines` from `from` on, on which no bracket opened since is open; null when there is none.
 * Brackets in strings, templates and line comments do not count.
 */
export function scanBrackets(lines: readonly string[], from: number, maxLines: number): number | null {
  let depth = 0
  let quote = ''
  for (let at = from; at < Math.min(lines.length, from + maxLines); at += 1) {
    const line = lines[at] ?? ''
    for (let place = 0; place < line.length; place += 1) {
      const char = line[place] ?? ''
      if (quote !== '') {
        if (char === '\\') place += 1
        else if (char === quote) quote = ''
      } else if (char === '"' || char === "'" || char === '`') {
        quote = char
      } else if (char === '/' && line[place + 1] === '/') {
        break
      } else if ('([{'.includes(char)) {
        depth += 1
      } else if (')]}'.includes(char)) {
        depth -= 1
      }
    }
    if (quote !== '`') quote = ''
    if (depth <= 0 && quote === '') return at
  }
  return null
}
