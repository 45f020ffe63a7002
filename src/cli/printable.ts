import { renderJson, showControls } from '../app/inert-text.ts'

/** Returns `text` with every character that could drive a terminal made visible; line ends and tabs stay. Idempotent. */
export function toPrintable(text: string): string {
  return showControls(text)
}

/** Returns `text` in one printable line: line ends and tabs too become one space, runs of spaces one, none at the ends. */
export function toPrintableLine(text: string): string {
  return showControls(text).replace(/\s+/gu, ' ').trim()
}

/** Returns `value` as one line of JSON, line end included, that drives no terminal and reads back as the same value. */
export function toJsonLine(value: unknown): string {
  return renderJson(value, 0)
}
