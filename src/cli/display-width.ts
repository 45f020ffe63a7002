/** East Asian wide and full-width blocks (Unicode TR 11), first and last code point. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
]

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Returns how many columns of a terminal `text` takes; `text` is printable and on one line. */
export function displayWidth(text: string): number {
  if (isPlain(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment)
  return width
}

/** Returns `text` cut to at most `width` columns, ending in `…` where something was cut. Never splits a grapheme. */
export function clip(text: string, width: number): string {
  if (width <= 0) return ''
  // A grapheme can hold many marks, but what is far beyond the width is never looked at.
  const head = text.length > width * 8 ? `${text.slice(0, width * 8)}…` : text
  if (displayWidth(head) <= width) return head
  let kept = ''
  let used = 0
  for (const { segment } of graphemes.segment(head)) {
    const next = graphemeWidth(segment)
    if (used + next > width - 1) break
    kept += segment
    used += next
  }
  return `${kept}…`
}

/** Returns the end of `text` in at most `width` columns, beginning with `…` where something was cut. */
export function clipStart(text: string, width: number): string {
  if (width <= 0) return ''
  const tail = text.length > width * 8 ? text.slice(-width * 8) : text
  if (tail === text && displayWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const segment of [...graphemes.segment(tail)].map((part) => part.segment).reverse()) {
    const next = graphemeWidth(segment)
    if (used + next > width - 1) break
    kept = segment + kept
    used += next
  }
  return `…${kept.trimStart()}`
}

/** Returns `text` in exactly `width` columns: clipped, or filled with spaces behind. */
export function padTo(text: string, width: number): string {
  const clipped = clip(text, width)
  return clipped + ' '.repeat(Math.max(0, width - displayWidth(clipped)))
}

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0
  if (/^[\p{Mn}\p{Me}\p{Cf}]/u.test(grapheme)) return 0
  if (grapheme.includes('\ufe0f') || /^\p{Emoji_Presentation}/u.test(grapheme)) return 2
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}
