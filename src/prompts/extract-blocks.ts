/** Gives each block of a reply its path, its language and its code. */
import type { Refusal } from './extract-apply.ts'
import type { CodeBlock } from './extract-combine.ts'
import { holdsEditMark } from './extract-edits.ts'
import { type FencedBlock, scanFences } from './extract-fences.ts'
import { canonicalLanguage, inferLanguage, kindOfLanguage, languageOfPath } from './extract-language.ts'
import { kindOfLine, looksLikeCode, type Span } from './extract-lines.ts'
import { checkPath, pathOfFirstComment, pathOfLine, pathOfSentence, readInfo } from './extract-path.ts'

/** What one reading of a reply knows and collects. */
export interface Reading {
  readonly language: string | null
  readonly warnings: Set<string>
  readonly refused: Refusal[]
  /** Whether a first block without a closing fence is nothing to warn of. */
  readonly mayLackClose: boolean
  /** The reply's fenced blocks, found once and only when asked for. */
  readonly fences: () => readonly FencedBlock[]
}

export interface FenceReading {
  readonly blocks: readonly CodeBlock[]
  /** The reply's lines outside every fence. */
  readonly outside: readonly string[]
  readonly isCut: boolean
  /** Whether a block was refused, so that nothing else may pass for the answer. */
  readonly isFinal: boolean
}

/** Returns the fenced blocks of a reply as code, with the text around them. */
export function blocksFromFences(lines: readonly string[], reading: Reading): FenceReading {
  const fences = withMissingOpener(lines, reading.fences(), reading.language)
  const inner = fences.length === 1 ? wrappedReply(fences[0], reading.language) : null
  if (inner !== null) return blocksFromFences(inner, { ...reading, fences: () => scanFences(inner) })
  const outside: string[] = []
  let free = 0
  for (const fence of fences) {
    for (let at = free; at < fence.from; at++) outside.push(lines[at] ?? '')
    outside.push('')
    free = fence.to
  }
  for (let at = free; at < lines.length; at++) outside.push(lines[at] ?? '')
  const blocks: CodeBlock[] = []
  let isFinal = false
  for (const fence of fences) {
    if (!fence.isClosed && !(reading.mayLackClose && fence === fences[0])) reading.warnings.add('unterminated_fence')
    const block = readBlock(fence, fences.length === 1, reading)
    if (block === 'refused') isFinal = true
    else if (block !== null) blocks.push(block)
  }
  return { blocks, outside, isCut: fences.at(-1)?.isClosed === false, isFinal }
}

/** A reply that is one Markdown block, when code was asked for, is a reply inside a block. */
function wrappedReply(fence: FencedBlock | undefined, language: string | null): readonly string[] | null {
  if (fence === undefined || language === null || language === 'markdown') return null
  if (canonicalLanguage(readInfo(fence.info).language ?? '') !== 'markdown') return null
  return fence.lines.some((line) => /^\s{0,3}(?:```|~~~)/.test(line)) ? fence.lines : null
}

/** A first fence that is bare, with code above it and none below, closes a block that nobody opened. */
function withMissingOpener(
  lines: readonly string[],
  fences: readonly FencedBlock[],
  language: string | null,
): readonly FencedBlock[] {
  const [first] = fences
  if (first === undefined || first.info !== '' || first.isClosed || first.from === 0) return fences
  const head = lines.slice(0, first.from)
  const start = head.find((line) => line.trim() !== '') ?? ''
  const isHeadCode = ['code', 'comment'].includes(kindOfLine(start, true)) && looksLikeCode(head.join('\n'), true)
  if (!isHeadCode || looksLikeCode(first.lines.join('\n'), true)) return fences
  return scanFences([`\`\`\`${language ?? ''}`, ...lines]).map((fence) => ({
    ...fence,
    from: Math.max(0, fence.from - 1),
    to: fence.to - 1,
  }))
}

function readBlock(fence: FencedBlock, isOnly: boolean, reading: Reading): CodeBlock | 'refused' | null {
  const info = readInfo(fence.info)
  const tag = info.language === null ? null : canonicalLanguage(info.language)
  if (tag === 'diff' || holdsEditMark(fence.lines)) return null
  const body = info.code === '' ? fence.lines : [info.code, ...fence.lines]
  const code = codeText(body.join('\n'))
  const lead = (fence.leads[0] ?? '').toLowerCase()
  const guess = tag ?? languageOfCode(code, lead, isOnly, reading.language)
  const named = pathOfBlock(fence, info.path, code, tag)
  if (named !== null && 'why' in named) {
    reading.warnings.add('unsafe_path')
    reading.refused.push({ what: named.raw, why: named.why })
    return 'refused'
  }
  const path = named?.path ?? null
  const language = tag ?? (path === null ? null : languageOfPath(path)) ?? guess
  if (code.trim() === '' && !/(?:^|\/)(?:__init__\.py|py\.typed|\.gitkeep)$/.test(path ?? '')) return null
  return { path, language, isTagged: tag !== null, code: language === 'python' ? dedent(code) : code, lead }
}

/** The language of a block without a tag. What was asked for settles a doubt, but turns neither data nor output into code. */
function languageOfCode(code: string, lead: string, isOnly: boolean, asked: string | null): string {
  const inferred = inferLanguage(code)
  if (asked === null) return inferred ?? 'text'
  if (inferred === null) return looksLikeCode(code, true) || (isOnly && !/\boutputs?\b/.test(lead)) ? asked : 'text'
  return ['json', 'html', 'css', 'sql', 'bash'].includes(inferred) ? inferred : asked
}

type NamedPath = { readonly path: string } | { readonly why: string; readonly raw: string }

/** Fence line, then the line above, then a heading further up, then the first comment. Only a plain name can be refused. */
function pathOfBlock(fence: FencedBlock, fromInfo: string | null, code: string, tag: string | null): NamedPath | null {
  if (fromInfo !== null) return checked(fromInfo)
  const [above = '', ...further] = fence.leads
  const fits = (path: string | null): path is string => path !== null && fitsLanguage(path, tag)
  const line = pathOfLine(above)
  if (fits(line)) return checked(line)
  const heading = further.filter((each) => /^(?:#{1,6} |\*\*|`|file)/i.test(each)).map(pathOfLine)
  for (const path of [pathOfFirstComment(code, tag), pathOfSentence(above), ...heading]) {
    const safe = fits(path) ? checkPath(path) : null
    if (safe !== null && 'path' in safe) return safe
  }
  return null
}

/** A name above a block is not that of commands or output, unless its ending says so. */
function fitsLanguage(path: string, tag: string | null): boolean {
  const ending = languageOfPath(path)
  if (tag === null || ending === null || ending === tag) return true
  const kind = kindOfLanguage(tag)
  return kind === kindOfLanguage(ending) && kind !== 'shell'
}

function checked(raw: string): NamedPath {
  const safe = checkPath(raw)
  return 'why' in safe ? { why: safe.why, raw } : safe
}

/** Returns code found outside a fence as a block. */
export function blockFromSpan(lines: readonly string[], span: Span, reading: Reading): CodeBlock {
  const code = codeText(dedent(lines.slice(span.from, span.to).join('\n')))
  const inferred = inferLanguage(code)
  const known = reading.language ?? inferred
  const above = lines.slice(Math.max(0, span.from - 4), span.from).findLast((line) => line.trim() !== '') ?? ''
  const raw = pathOfLine(above) ?? pathOfFirstComment(code, known)
  const safe = raw === null || !fitsLanguage(raw, known) ? null : checkPath(raw)
  const path = safe !== null && 'path' in safe ? safe.path : null
  const language = known ?? (path === null ? null : languageOfPath(path)) ?? 'text'
  return { path, language, isTagged: reading.language !== null, code, lead: above.trim().toLowerCase() }
}

/** Returns `text` with exactly one line end at its end, and no blank line before it. */
export function codeText(text: string): string {
  const body = text.trimEnd()
  const rest = text.slice(body.length)
  const end = rest.indexOf('\n')
  // Blanks that end the last line belong to it.
  const kept = body + (end === -1 ? rest : rest.slice(0, end).replace('\r', ''))
  return rest.startsWith('\r\n') ? `${body}\r\n` : `${kept}\n`
}

/** Takes off the blanks that all lines have in common. */
function dedent(code: string): string {
  if (!/^[ \t]/.test(code)) return code
  const lines = code.split('\n')
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)?.[0] ?? '')
  const common = indents.reduce((least, each) => {
    let same = 0
    while (same < least.length && least[same] === each[same]) same += 1
    return least.slice(0, same)
  })
  return common === ''
    ? code
    : lines.map((line) => (line.startsWith(common) ? line.slice(common.length) : line.trimStart())).join('\n')
}
