/**
 * Fenced blocks of a reply, as CommonMark has them, and as small models write them.
 *
 * 1. A fence closes with the same mark, at least as long, at most three columns further in than it opened.
 * 2. The columns before the opening mark, be they of a list or of quotes, are taken off every line of the block.
 * 3. A fence with a language inside an open block is content in Markdown and in a docstring; elsewhere it means that
 *    the closing fence before it was forgotten.
 */
import { canonicalLanguage, isLanguageTag } from './extract-language.ts'
import { dropTrailingProse, openQuoteAfter } from './extract-lines.ts'

export interface FencedBlock {
  readonly info: string
  readonly lines: readonly string[]
  readonly isClosed: boolean
  /** Up to three lines with text above the fence, nearest first, none of another block. */
  readonly leads: readonly string[]
  /** First line of the reply that belongs to this block. */
  readonly from: number
  /** First line after it. */
  readonly to: number
}

interface Marker {
  readonly mark: string
  readonly length: number
  readonly quotes: number
  readonly indent: number
  readonly info: string
}

interface OpenBlock {
  readonly mark: string
  readonly length: number
  readonly quotes: number
  readonly indent: number
  readonly info: string
  readonly from: number
  readonly leads: readonly string[]
  readonly lines: string[]
  readonly isMarkdown: boolean
  readonly mayQuote: boolean
  nested: number
  quote: string | null
}

const LEAD_LINES = 3
const LEAD_REACH = 8
const DOCSTRING_REACH = 60

const mayFence = (line: string): boolean => line.includes('```') || line.includes('~~~')

/** Returns the fenced blocks in order of appearance. One pass over the lines, with a bounded look ahead. */
export function scanFences(lines: readonly string[]): readonly FencedBlock[] {
  const blocks: FencedBlock[] = []
  let open: OpenBlock | null = null
  let free = 0
  const finish = (isClosed: boolean, next: number): void => {
    if (open === null) return
    const body = isClosed ? open.lines : dropTrailingProse(open.lines)
    blocks.push({ info: open.info, lines: body, isClosed, leads: open.leads, from: open.from, to: next })
    open = null
    free = next
  }
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (open === null) {
      const marker = mayFence(line) ? readOpener(line) : null
      if (marker !== null) open = openBlock(marker, at, leadsAbove(lines, free, at, marker))
      else if (mayFence(line)) pushInlineBlock(blocks, line, at, leadsAbove(lines, free, at, null))
      continue
    }
    const current: OpenBlock = open
    const body = current.quotes > 0 ? dropQuotes(line, current.quotes) : line
    if (body === null) {
      finish(true, at)
      at -= 1
      continue
    }
    const step = mayFence(body) ? stepOf(current, body, lines, at) : 'content'
    if (step === 'close') finish(true, at + 1)
    else if (step === 'reopen') {
      finish(false, at)
      at -= 1
    } else if (step === 'glued') {
      current.lines.push(dropIndent(body, current.indent).replace(/(?:`{3,}|~{3,})\s*$/, ''))
      finish(true, at + 1)
    } else {
      const content = dropIndent(body, current.indent)
      if (current.mayQuote) current.quote = openQuoteAfter(content, current.quote)
      current.lines.push(content)
    }
  }
  finish(false, lines.length)
  return blocks
}

/** What a line with a fence mark does inside an open block. */
function stepOf(open: OpenBlock, body: string, lines: readonly string[], at: number): 'content' | 'close' | 'reopen' | 'glued' {
  const marker = readMarker(body, false)
  if (marker === null) return isGluedClose(open, body, lines[at + 1]) ? 'glued' : 'content'
  if (marker.mark !== open.mark || marker.quotes > 0) return 'content'
  if (marker.info === '') {
    if (marker.length < open.length || marker.indent > open.indent + 3) return 'content'
    if (open.nested > 0) {
      open.nested -= 1
      return 'content'
    }
    return open.quote !== null && docstringEnds(lines, at, open.quote) ? 'content' : 'close'
  }
  if (marker.indent > open.indent + 3) return 'content'
  if (open.isMarkdown || open.quote !== null) {
    if (marker.length >= open.length) open.nested += 1
    return 'content'
  }
  const tag = /^[{.]*([\w+#-]+)/.exec(marker.info)?.[1] ?? ''
  return marker.length >= open.length && marker.indent <= open.indent && isLanguageTag(tag) ? 'reopen' : 'content'
}

/** `return x```` at the end of a block: the mark stands once, at the line's end, and nothing but a blank line follows. */
function isGluedClose(open: OpenBlock, body: string, next: string | undefined): boolean {
  if (open.nested > 0 || open.quote !== null || (next !== undefined && next.trim() !== '')) return false
  const mark = open.mark.repeat(3)
  return body.trimEnd().endsWith(mark) && body.indexOf(mark) + open.length >= body.trimEnd().length
}

/** Whether the docstring that a bare fence stands in ends before another block could begin: then the fence is its own. */
function docstringEnds(lines: readonly string[], at: number, quote: string): boolean {
  for (let ahead = at + 1; ahead < lines.length && ahead <= at + DOCSTRING_REACH; ahead++) {
    const line = lines[ahead] ?? ''
    if (line.includes(quote)) return true
    if (mayFence(line) && (readMarker(line, false)?.info ?? '') !== '') return false
  }
  return false
}

function openBlock(marker: Marker, from: number, leads: readonly string[]): OpenBlock {
  const language = canonicalLanguage(/^[{.]*([\w+#-]*)/.exec(marker.info)?.[1] ?? '')
  const isMarkdown = language === 'markdown'
  const mayQuote = language === 'python' || language === ''
  // Field by field: a spread here was most of the time of a whole reading.
  const { mark, length, quotes, indent, info } = marker
  return { mark, length, quotes, indent, info, from, leads, lines: [], isMarkdown, mayQuote, nested: 0, quote: null }
}

function leadsAbove(lines: readonly string[], free: number, at: number, marker: Marker | null): readonly string[] {
  const leads: string[] = []
  for (let above = at - 1; above >= free && above >= at - LEAD_REACH && leads.length < LEAD_LINES; above--) {
    const line = lines[above] ?? ''
    const text = (marker !== null && marker.quotes > 0 ? (dropQuotes(line, marker.quotes) ?? line) : line).trim()
    if (text !== '') leads.push(text)
  }
  return leads
}

/** An opening fence: on a line of its own, in a list or a quote, or glued to the end of a sentence with its language. */
function readOpener(line: string): Marker | null {
  const marker = readMarker(line, true)
  if (marker !== null) return marker
  const at = line.indexOf('```')
  const glued = at > 0 && line[at - 1] !== '`' ? /^(`{3,})([A-Za-z][\w+#-]*)\s*$/.exec(line.slice(at, at + 60)) : null
  if (glued === null || line.length > at + 60 || !isLanguageTag(glued[2] ?? '')) return null
  return { mark: '`', length: (glued[1] ?? '').length, quotes: 0, indent: 0, info: glued[2] ?? '' }
}

/** Reads a line that is a fence: quotes, blanks, perhaps a list mark, three or more marks, an info string. By hand: no backtracking. */
function readMarker(line: string, isOpening: boolean): Marker | null {
  let at = 0
  let quotes = 0
  for (;;) {
    const here = skipBlanks(line, at)
    if (!isOpening || line[here] !== '>' || quotes > 8) break
    quotes += 1
    at = here + 1
    if (line[at] === ' ' && line[skipBlanks(line, at)] !== '>') at += 1
  }
  const base = at
  at = skipBlanks(line, at)
  if (isOpening) at = skipListMark(line, at)
  const mark = line[at]
  if (mark !== '`' && mark !== '~') return null
  let end = at
  while (line[end] === mark) end += 1
  if (end - at < 3) return null
  const info = line.slice(end).trim()
  if (mark === '`' && info.includes('`')) return null
  return { mark, length: end - at, quotes, indent: at - base, info }
}

function skipBlanks(line: string, from: number): number {
  let at = from
  while (line[at] === ' ' || line[at] === '\t') at += 1
  return at
}

function skipListMark(line: string, from: number): number {
  const mark = /^(?:[-*+]|\d{1,9}[.)])[ \t]+/.exec(line.slice(from, from + 24))
  return mark === null ? from : from + mark[0].length
}

/** Returns a line without `depth` quote marks, or null where it has fewer and the quote is over. */
function dropQuotes(line: string, depth: number): string | null {
  let at = 0
  for (let quotes = 0; quotes < depth; quotes++) {
    const here = skipBlanks(line, at)
    if (line[here] !== '>') return null
    at = here + 1
  }
  return line[at] === ' ' ? line.slice(at + 1) : line.slice(at)
}

function dropIndent(line: string, indent: number): string {
  if (indent === 0) return line
  let at = 0
  while (at < indent && (line[at] === ' ' || line[at] === '\t')) at += 1
  return line.slice(at)
}

/** A whole block on one line: three marks, a language, code, three marks. */
function pushInlineBlock(blocks: FencedBlock[], line: string, from: number, leads: readonly string[]): void {
  const text = line.trim()
  if (!text.startsWith('```') || !text.endsWith('```') || text.length < 8) return
  const inner = text.slice(3, -3).trim()
  const gap = inner.indexOf(' ')
  const tag = gap === -1 ? '' : inner.slice(0, gap)
  if (inner.includes('```') || !isLanguageTag(tag)) return
  blocks.push({ info: tag, lines: [inner.slice(gap + 1).trim()], isClosed: true, leads, from, to: from + 1 })
}
