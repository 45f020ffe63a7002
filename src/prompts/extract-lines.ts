/** Tells code from prose, a line at a time, and finds code that stands in a reply without a fence. */

export type LineKind = 'blank' | 'code' | 'comment' | 'prose' | 'weak'

/** Only this much of a line is looked at, which bounds every pattern below. */
const LOOK = 160

/** What may follow a statement on its line. */
const REMARK = '(?: *(?:#|//).*)?$'

const OPENERS = new RegExp(
  [
    '(?:async )?def \\w+\\s*\\(',
    'class \\w+\\s*(?:[:({<]|extends |implements |$)',
    'import [\\w.]+(?: as \\w+)?(?:, ?[\\w.]+)*;?$',
    'import (?:[\\w{*$].* from )?[\'"(]',
    'from [\\w.]+ import ',
    `(?:if|elif|while|for|with|try|except|else|finally|match|case)\\b.*:${REMARK}`,
    'assert \\S',
    'lambda\\b[^:]*: ',
    '(?:return|yield|raise|throw|await|del|pass|break|continue|global|nonlocal)(?:;?$| [\\w\'"({[-].{0,60}$)',
    '@[\\w.]+(?:\\(.*\\))?$',
    '(?:export |default |declare |public |private |protected |static |abstract |final |async )*(?:function\\b|class \\w|interface \\w+ ?[{<]|enum \\w+ ?\\{|type \\w+(?:<.*>)? ?=)',
    '(?:export )?(?:const|let|var) [\\w{[$]',
    '(?:pub(?:\\(\\w+\\))? )?(?:fn|struct|enum|trait|mod|impl)\\b.*[{;]$',
    'func (?:\\(.*\\) )?\\w+\\(',
    'package [\\w.]+;?$',
    'use \\w+(?:::|\\\\)',
    '#include ?[<"]',
    '#!/',
    '(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|WITH|FROM|WHERE|JOIN|GROUP BY|ORDER BY|HAVING|LIMIT|VALUES)\\b(?!.*[.!?]$)',
    '<(?:!doctype|/?[a-z][\\w-]*)\\b[^>]*>',
    `[\\w.$]+\\(.*\\);?${REMARK}`,
    '[A-Za-z_$][\\w$.]*(?:\\[[^\\]]*\\])?(?:, ?[A-Za-z_$*][\\w$.]*)* ?(?::[^=]{1,60})?(?:[-+*/|&%^]|//|\\*\\*|:)?= ?[^=\\s]',
    '[\\])}]+[;,)]*$',
    'end$',
  ].join('|'),
  'y',
)

/**
 * Returns what one line is. `weak` means it could be either. `#` starts a comment only where `hashComments` says so,
 * since in a reply it may as well start a heading.
 */
export function kindOfLine(line: string, hashComments: boolean): LineKind {
  const text = line.length > LOOK ? line.slice(0, LOOK).trim() : line.trim()
  if (text === '') return 'blank'
  if (/^(?:\/\/|\/\*|\*\/|<!--)/.test(text) || (hashComments && /^#(?!#)/.test(text))) return 'comment'
  if (/^(?:"""|''')/.test(text)) return 'code'
  if (isProse(text)) return 'prose'
  OPENERS.lastIndex = 0
  if (OPENERS.test(text)) return 'code'
  if (/[;{]$|=>$|\)\s*\{$|^\}/.test(text)) return 'code'
  return 'weak'
}

/** A sentence, a heading or a list item: it starts like one and holds no more code than a sentence may. */
function isProse(text: string): boolean {
  if (/^(?:#{1,6} |[-*+•] |\d{1,3}[.)] |\*\*|>+ ?[A-Z])/.test(text)) return true
  const words = text.split(' ', 40)
  if (words.length < 3) return /^[A-Z][\w' ]*[.!?:]$/.test(text)
  if (/[;{}]$|^(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|WITH|FROM|WHERE|ORDER|GROUP|JOIN|LEFT|INNER|VALUES) /.test(text))
    return false
  const plain = words.filter((word) => /^[("'`*]*[A-Za-z][a-z'’-]*[)"'`*,.:;!?]*$/.test(word)).length
  if (/^["'(*`]*[A-Z]/.test(text)) return plain >= words.length * 0.6 && !/^[A-Z]\w*(?:\(|\.| ?= )/.test(text)
  return (
    words.length >= 4 &&
    plain >= words.length * 0.85 &&
    /[.!?,:]$/.test(text) &&
    !/^(?:if|for|while|with|elif|else|except|class|def)\b.*:$/.test(text)
  )
}

/** Whether a piece of text is mostly code: more lines of code than of prose. Reads at most 60 lines. */
export function looksLikeCode(text: string, hashComments: boolean): boolean {
  let code = 0
  let prose = 0
  for (const line of text.slice(0, 60 * LOOK).split('\n', 60)) {
    const kind = kindOfLine(line, hashComments)
    if (kind === 'code') code += 1
    else if (kind === 'prose') prose += 1
  }
  return code > prose
}

/** Returns `lines` without the sentences that follow the last code, for a block whose closing fence was forgotten. */
export function dropTrailingProse(lines: readonly string[]): readonly string[] {
  let end = lines.length
  for (let at = lines.length - 1; at >= 0 && at >= lines.length - 60; at--) {
    const line = lines[at] ?? ''
    const kind = /^\s/.test(line) && line.trim() !== '' ? 'code' : kindOfLine(line, false)
    if (kind === 'prose' && !/^#(?!#)/.test(line)) end = at
    else if (kind !== 'blank') break
  }
  // Code whose last line reads like a sentence has no blank line before it.
  return end === lines.length || end === 0 || (lines[end - 1] ?? '').trim() === '' ? lines.slice(0, end) : lines
}

/** Follows triple-quoted strings over lines: returns the quote still open after `line`, or null. */
export function openQuoteAfter(line: string, open: string | null): string | null {
  if (!line.includes('"""') && !line.includes("'''")) return open
  let quote = open
  for (let at = 0; at + 3 <= line.length; at++) {
    const three = line.slice(at, at + 3)
    if (three !== '"""' && three !== "'''") continue
    if (quote === null) quote = three
    else if (quote === three) quote = null
    else continue
    at += 2
  }
  return quote
}

/** A run of lines `[from, to)` of a reply. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Returns the largest run of lines that reads as code, or null. One pass; ties go to the later run. */
export function largestCodeSpan(lines: readonly string[], hashComments: boolean): Span | null {
  let best: (Span & { readonly weight: number }) | null = null
  let from = -1
  let to = -1
  let weight = 0
  let quote: string | null = null
  const finish = (): void => {
    if (from !== -1 && weight > 0 && (best === null || weight >= best.weight)) best = { from, to, weight }
    from = -1
    weight = 0
    quote = null
  }
  for (const [at, line] of lines.entries()) {
    const kind = quote !== null ? 'code' : kindOfLine(line, hashComments)
    const indented = /^[ \t]/.test(line)
    if (kind === 'prose' && !(from !== -1 && indented)) finish()
    else if (kind === 'code' || kind === 'comment' || (from !== -1 && indented && kind !== 'blank')) {
      if (from === -1) from = at
      to = at + 1
      if (kind === 'code') weight += 1
      if (kind !== 'comment') quote = openQuoteAfter(line, quote)
    }
  }
  finish()
  return best
}

/** Returns the Markdown indented blocks of a reply: four blanks or a tab in, after prose or a blank line, holding code. */
export function indentedBlocks(lines: readonly string[]): readonly Span[] {
  const found: Span[] = []
  let from = -1
  let to = -1
  let isAfterCode = false
  for (let at = 0; at <= lines.length; at++) {
    const line = lines[at]
    if (line !== undefined && line.trim() === '') continue
    if (line !== undefined && /^(?: {4}|\t)/.test(line)) {
      if (from === -1 && !isAfterCode && (at === 0 || (lines[at - 1] ?? '').trim() === '')) from = at
      if (from !== -1) to = at + 1
      continue
    }
    if (from !== -1 && looksLikeCode(lines.slice(from, Math.min(to, from + 60)).join('\n'), true)) found.push({ from, to })
    from = -1
    isAfterCode = line !== undefined && kindOfLine(line, true) === 'code'
  }
  return found
}
