/** A statement at the left margin of a Python text, with everything indented or bracketed under it. */
export interface TopLevelStatement {
  /** Its lines, decorators included, without the line end behind them. */
  readonly text: string
  /** The first word of the statement itself, past its decorators: `def`, `import`, `print`, `@` alone when cut off. */
  readonly head: string
}

const OPENERS = '([{'
const CLOSERS = ')]}'
const CLAUSE = /^(?:else|elif|except|finally)\b/

/**
 * Returns the top-level statements of a Python text in order; comments and blank lines between them are left out. Works
 * on text alone, so that code that does not parse (a cut last line) still gives up the statements before it.
 */
export function pythonTopLevel(source: string): TopLevelStatement[] {
  const blocks: string[][] = []
  let isOpen = false
  for (const line of logicalLines(source)) {
    const isBlank = /^\s*(?:#.*)?$/.test(line)
    const isUnder = /^[ \t]/.test(line) || CLAUSE.test(line)
    const current = blocks.at(-1)
    if (current !== undefined && (isBlank || isUnder || isOpen)) {
      current.push(line)
      if (!isBlank) isOpen = isOpen && line.startsWith('@')
    } else if (!isBlank) {
      blocks.push([line])
      isOpen = line.startsWith('@')
    }
  }
  return blocks.map((lines) => ({ text: trimmedEnd(lines), head: headOf(lines) }))
}

function trimmedEnd(lines: readonly string[]): string {
  let end = lines.length
  while (end > 0 && /^\s*(?:#.*)?$/.test(lines[end - 1] ?? '')) end -= 1
  return lines.slice(0, end).join('\n')
}

function headOf(lines: readonly string[]): string {
  const first = lines.find((line) => !line.startsWith('@') && line.trim() !== '') ?? '@'
  const word = /^(?:async\s+)?([A-Za-z_]\w*)/.exec(first)?.[1] ?? first.slice(0, 1)
  return word
}

/** Returns the text's logical lines: what brackets, triple quotes and backslashes join stays one entry. */
function logicalLines(source: string): string[] {
  const text = source.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  const lines: string[] = []
  let start = 0
  let depth = 0
  let at = 0
  while (at < text.length) {
    const char = text[at] ?? ''
    if (char === '#') {
      at = endOfLine(text, at)
    } else if (char === '"' || char === "'") {
      at = endOfString(text, at)
    } else if (char === '\\') {
      at += 2
    } else if (char === '\n' && depth === 0) {
      lines.push(text.slice(start, at))
      at += 1
      start = at
    } else {
      if (OPENERS.includes(char)) depth += 1
      if (CLOSERS.includes(char)) depth = Math.max(0, depth - 1)
      // An unclosed bracket must not swallow the definitions behind it.
      if (char === '\n' && /^(?:def|class|import|from|async|@)\b/.test(text.slice(at + 1, at + 8))) {
        depth = 0
        continue
      }
      at += 1
    }
  }
  if (start < text.length) lines.push(text.slice(start))
  return lines
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at
}

function endOfString(text: string, from: number): number {
  const quote = text.startsWith(text.charAt(from).repeat(3), from) ? text.charAt(from).repeat(3) : text.charAt(from)
  let at = from + quote.length
  while (at < text.length) {
    if (text.startsWith(quote, at)) return at + quote.length
    if (text[at] === '\\') at += 1
    else if (text[at] === '\n' && quote.length === 1) return at
    at += 1
  }
  return text.length
}
