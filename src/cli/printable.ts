/** What could drive a terminal, hide text or turn the writing round: C0, DEL, C1, zero-width and bidirectional controls, tags. */
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/**
 * Returns `text` with every character that could drive a terminal made visible: control characters as their picture (`␛`),
 * the others as `‹U+202E›`. Line ends and tabs stay; a carriage return before a line end is dropped; half of a surrogate pair
 * becomes `�`. Idempotent. For text from models, prompts, files and servers, before any colour is added.
 */
export function toPrintable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(UNSAFE, picture)
}

/** Returns `text` in one printable line: line ends and tabs too become one space, runs of spaces one, none at the ends. */
export function toPrintableLine(text: string): string {
  return toPrintable(text).replace(/\s+/gu, ' ').trim()
}

/**
 * Returns `value` as one line of JSON, line end included, in which nothing can drive a terminal: what JSON leaves bare (DEL, C1,
 * bidirectional controls, line separators) is escaped, so that the value read back is the same.
 */
export function toJsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(UNSAFE, escapeUnits)}\n`
}

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  if (code === 0x7f) return '\u2421'
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
