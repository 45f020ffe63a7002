/*
 * Text from models, prompts and servers, made fit to be shown. Invariants:
 * 1. Nothing returned here can drive a terminal, hide text or turn the writing round.
 * 2. Nothing that was handed in is Markdown or HTML once it is in `fenced`, `inlineCode` or `prose`.
 */

/** C0 but tab and line end, DEL, C1, zero-width and bidirectional controls, line separators, tags. */
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** Returns `text` with control characters as their picture (`␛`) or code (`‹U+202E›`). Tabs and line ends stay. Idempotent. */
export function showControls(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(UNSAFE, picture)
}

/** Returns `text` in one line without controls, of at most `maxChars` characters. */
export function oneLine(text: string, maxChars = 400): string {
  const line = showControls(text).replace(/\s+/gu, ' ').trim()
  const characters = Array.from(line)
  return characters.length <= maxChars ? line : `${characters.slice(0, maxChars - 1).join('')}…`
}

/** Returns a fenced block that no text inside can close: its fence is longer than any run of backticks in `text`. */
export function fenced(text: string, info = ''): string {
  const shown = showControls(text)
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1))
  const body = shown.endsWith('\n') || shown === '' ? shown : `${shown}\n`
  return `${fence}${info.replace(/[^\w+#.-]/g, '').slice(0, 32)}\n${body}${fence}\n`
}

/** Returns `text` in one line as a code span. */
export function inlineCode(text: string, maxChars = 200): string {
  const line = oneLine(text, maxChars)
  if (line === '') return '(nothing)'
  const ticks = '`'.repeat(longestRun(line) + 1)
  return line.startsWith('`') || line.endsWith('`') ? `${ticks} ${line} ${ticks}` : `${ticks}${line}${ticks}`
}

/** Returns `text` in one line of plain words: what Markdown would read as markup, links included, is escaped. */
export function prose(text: string, maxChars = 400): string {
  return oneLine(text, maxChars)
    .replace(/[\\`*{}[\]<>#|~&!@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/\bwww\./gi, (found) => `${found.slice(0, -1)}\\.`)
}

/** Returns `value` as JSON with a line end, in which what JSON leaves bare and could drive a terminal is escaped. */
export function renderJson(value: unknown, indent = 2): string {
  const escapeUnits = (found: string): string =>
    Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
  return `${JSON.stringify(value, null, indent).replace(UNSAFE, escapeUnits)}\n`
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)
}

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
}
