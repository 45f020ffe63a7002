import { stripPython } from './code-bleu-reference-python.ts'

/**
 * Returns `text` as the published implementation parses it: comments gone, in Python also every string that begins a
 * line's statement, blank lines gone. It works on characters, not on a tree, and so it takes `//` in a JavaScript
 * regular expression for a comment, and leaves a Python text alone that does not tokenise; both show in its scores. O(n).
 */
export function referenceSource(text: string, language: string): string {
  const source = text.trim()
  if (language === 'ruby') return source
  const stripped = language === 'python' ? stripPython(source) : stripSlashComments(source)
  if (stripped === null) return source
  return stripped
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n')
}

function stripSlashComments(source: string): string {
  let out = ''
  let kept = 0
  // Where one quote is not closed no later one of its kind is: those in between stand behind backslashes.
  const unclosed = new Set<string>()
  for (let at = 0; at < source.length; ) {
    const char = source[at] ?? ''
    const isLine = char === '/' && source[at + 1] === '/'
    const isComment = isLine || (char === '/' && source[at + 1] === '*')
    const isString = (char === '"' || char === "'") && !unclosed.has(char)
    const end = isComment ? commentEnd(source, at, isLine) : isString ? stringEnd(source, at) : at + 1
    if (isComment && end < 0) break // Nothing closes this comment; nor, then, any later one.
    if (end < 0) unclosed.add(char)
    if (isComment) {
      out += `${source.slice(kept, at)} `
      kept = end
    }
    at = end < 0 ? at + 1 : end
  }
  return out + source.slice(kept)
}

function commentEnd(source: string, at: number, isLine: boolean): number {
  const end = source.indexOf(isLine ? '\n' : '*/', at + 2)
  return isLine ? (end < 0 ? source.length : end) : end < 0 ? -1 : end + 2
}

/** Returns the place after the string that opens at `at`, or -1 if nothing closes it. */
function stringEnd(source: string, at: number): number {
  const quote = source[at]
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] === '\\') i++
    else if (source[i] === quote) return i + 1
  }
  return -1
}
