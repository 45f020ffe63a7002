import { clip, displayWidth } from './display-width.ts'

/** Returns printable `text` in lines of at most `width` columns, broken at spaces; a word too long for a line is clipped. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (displayWidth(longer) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = clip(word, width)
  }
  if (line !== '') lines.push(line)
  return lines
}

const LABEL = 12

/** Returns `text` behind a label, further lines set in under the first. */
export function labelled(label: string, text: string, columns: number): string[] {
  const width = Math.max(20, columns - LABEL - 1)
  return wrap(text, width).map((line, i) => `${(i === 0 ? label : '').padEnd(LABEL)}${line}`)
}
