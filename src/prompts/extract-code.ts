/**
 * Code out of a model's reply.
 *
 * 1. Pure and total: any string gives a result; nothing throws; time is linear in the reply.
 * 2. The forms are tried in a fixed order and the first that holds files wins: patch envelope, SEARCH/REPLACE, unified
 *    diff, JSON, fences, indented blocks, the largest span that reads as code. A form whose edits were all refused ends
 *    the search: edit marks never pass for code.
 * 3. No path outside the root; no edit at a place that is not the only one; no file emptied.
 */
import { applyEdits, type Refusal } from './extract-apply.ts'
import { blockFromSpan, blocksFromFences, codeText, type Reading } from './extract-blocks.ts'
import { cleanReply } from './extract-clean.ts'
import { combineBlocks } from './extract-combine.ts'
import { type Edit, holdsEditMark, readPatchEnvelope, readSearchReplace, readUnifiedDiff } from './extract-edits.ts'
import { type FencedBlock, scanFences } from './extract-fences.ts'
import { findPlaceholder, refuseWholeFile } from './extract-guard.ts'
import { filesInJson } from './extract-json.ts'
import { canonicalLanguage, inferLanguage, kindOfLanguage, languageOfPath } from './extract-language.ts'
import { indentedBlocks, largestCodeSpan } from './extract-lines.ts'
import { checkPath, pathOfLine, readInfo } from './extract-path.ts'
import { definesName } from './extract-symbols.ts'

export interface ExtractedFile {
  /** Relative to the root, `/` between segments; null when nothing names the file. */
  readonly path: string | null
  readonly language: string
  /** Ends in exactly one line end. For an edit, the file after it. */
  readonly code: string
}

export interface Extraction {
  readonly files: readonly ExtractedFile[]
  readonly source: 'envelope' | 'search-replace' | 'diff' | 'json' | 'fence' | 'indented' | 'span' | 'none'
  /** Stable codes, each once: `unterminated_fence`, `unterminated_think`, `truncated`, `unsafe_path`, `edit_ambiguous` … */
  readonly warnings: readonly string[]
  readonly refused: readonly Refusal[]
}

export interface ExtractionHint {
  readonly language?: string
  /** What an unnamed answer is called. */
  readonly path?: string
  readonly entryPoint?: string
  /** How the model stopped; `length` means that the reply is cut. */
  readonly finish?: 'stop' | 'length' | (string & {})
  /** The prompt ended in an opening fence, so that the reply begins inside a block. */
  readonly prefilledFence?: boolean
  /** Files that edits apply to and whole files replace, by path. */
  readonly existing?: Readonly<Record<string, string>>
}

/** Returns the files in a reply, from the first form that holds any, with what was refused and why. Never throws. */
export function extractCode(reply: string, hint: ExtractionHint = {}): Extraction {
  const clean = cleanReply(reply)
  const language = hint.language === undefined || hint.language === '' ? null : canonicalLanguage(hint.language)
  const text = withPrefilledFence(clean.text, hint.prefilledFence === true, language)
  const lines = text.split('\n')
  let fences: readonly FencedBlock[] | null = null
  const reading: Reading = {
    language,
    warnings: new Set(clean.warnings),
    refused: [],
    // A model that is stopped at the closing fence never writes it.
    mayLackClose: hint.prefilledFence === true && hint.finish !== 'length',
    fences: () => {
      fences ??= scanFences(lines)
      return fences
    },
  }
  if (hint.finish === 'length') reading.warnings.add('truncated')
  const existing = new Map(Object.entries(hint.existing ?? {}))
  const edited = fromEdits(text, lines, existing, hint.path ?? null, reading)
  if (edited !== null) return edited
  return fromJson(text, existing, reading, hint) ?? fromBlocks(lines, existing, reading, hint)
}

/** Returns the file that defines `entryPoint`, the last if several do, else the longest of the main language, tests aside. */
export function pickMainFile(extraction: Extraction, entryPoint: string | null): ExtractedFile | null {
  const isTest = (file: ExtractedFile): boolean =>
    /(?:^|\/)(?:tests?\/|test_[^/]*$|[^/]*[._-](?:test|spec)\.[^/]*$)/.test(file.path ?? '')
  const own = extraction.files.filter((file) => !isTest(file))
  const files = own.length > 0 ? own : extraction.files
  if (entryPoint !== null) {
    const definer = files.findLast((file) => definesName(file.code, file.language, entryPoint))
    if (definer !== undefined) return definer
  }
  const code = files.filter((file) => kindOfLanguage(file.language) === 'code')
  const totals = new Map<string, number>()
  for (const file of code) totals.set(file.language, (totals.get(file.language) ?? 0) + file.code.length)
  const main = [...totals].reduce<readonly [string, number] | null>(
    (best, each) => (best === null || each[1] > best[1] ? each : best),
    null,
  )
  const pool = main === null ? files : code.filter((file) => file.language === main[0])
  return pool.reduce<ExtractedFile | null>(
    (best, file) => (best === null || file.code.length > best.code.length ? file : best),
    null,
  )
}

function withPrefilledFence(text: string, isPrefilled: boolean, language: string | null): string {
  return isPrefilled && !/^\s*(?:```|~~~)/.test(text) ? `\`\`\`${language ?? ''}\n${text}` : text
}

type Source = Extraction['source']

function result(files: readonly ExtractedFile[], source: Source, reading: Reading): Extraction {
  return { files, source: files.length === 0 ? 'none' : source, warnings: [...reading.warnings], refused: reading.refused }
}

function fromEdits(
  text: string,
  lines: readonly string[],
  existing: Map<string, string>,
  path: string | null,
  reading: Reading,
): Extraction | null {
  const forms: readonly (readonly [Source, () => readonly Edit[]])[] = [
    ['envelope', () => (text.includes('*** ') ? readPatchEnvelope(lines) : [])],
    ['search-replace', () => (/(?:<{5}|-{5}) ?(?:SEARCH|ORIGINAL)/i.test(text) ? readSearchReplace(lines) : [])],
    ['diff', () => readDiffs(text, lines, reading)],
  ]
  for (const [source, read] of forms) {
    const edits = read()
    if (edits.length === 0) continue
    // A diff about no file that we know may be an illustration; the whole file may follow it.
    if (source === 'diff' && existing.size === 0 && edits.every((edit) => edit.old.length > 0)) continue
    const applied = applyEdits(edits, existing, path)
    for (const warning of applied.warnings) reading.warnings.add(warning)
    for (const refusal of applied.refused) reading.refused.push(refusal)
    const files = applied.files.map((file) => ({
      path: file.path,
      language: languageOfPath(file.path) ?? 'text',
      code: codeText(file.code),
    }))
    return result(files, source, reading)
  }
  return null
}

/** Diffs stand in a `diff` fence, in one without a tag, or in the open. */
function readDiffs(text: string, lines: readonly string[], reading: Reading): readonly Edit[] {
  if (!/^\s{0,3}(?:\+\+\+ |(?:```|~~~)\s*(?:diff|patch|udiff)\b)/m.test(text)) return []
  const edits: Edit[] = []
  let free = 0
  const readFree = (to: number): void => {
    if (to > free) for (const edit of readUnifiedDiff(onlyDiff(lines.slice(free, to)), null)) edits.push(edit)
  }
  for (const block of reading.fences()) {
    readFree(block.from)
    free = block.to
    const info = readInfo(block.info)
    const tag = info.language === null ? '' : canonicalLanguage(info.language)
    if (tag !== 'diff' && tag !== '' && tag !== 'text') continue
    if (tag !== 'diff' && !block.lines.some((line) => line.startsWith('+++ '))) continue
    for (const edit of readUnifiedDiff(block.lines, info.path ?? pathOfLine(block.leads[0] ?? ''))) edits.push(edit)
  }
  readFree(lines.length)
  return edits
}

/** In the open, a diff starts at its header and ends where a line could not be part of it. */
function onlyDiff(lines: readonly string[]): readonly string[] {
  const kept: string[] = []
  let isInside = false
  for (const [at, line] of lines.entries()) {
    if (line.startsWith('--- ') && (lines[at + 1] ?? '').startsWith('+++ ')) isInside = true
    else if (isInside && line === '' && !/^[ +\-@d]/.test(lines[at + 1] ?? '')) isInside = false
    if (isInside) kept.push(line)
  }
  return kept
}

/** The reply, if it is JSON or a tool call; else, in one without fences, what stands from its first opening brace to its last closing one. */
function jsonPart(text: string): string {
  const whole = text
    .trim()
    .replace(/^<tool_call>/, '')
    .trimStart()
  const body = whole.endsWith('</tool_call>') ? whole.slice(0, -'</tool_call>'.length).trimEnd() : whole
  if (/^[{[]/.test(body) || !/"(?:code|content|files)"\s*:/.test(body) || /^\s{0,3}(?:```|~~~)/m.test(body)) return body
  const from = body.search(/^\s{0,3}[{[]\s*["{]?/m)
  return from === -1 ? body : body.slice(from, Math.max(body.lastIndexOf('}'), body.lastIndexOf(']')) + 1).trim()
}

function fromJson(text: string, existing: Map<string, string>, reading: Reading, hint: ExtractionHint): Extraction | null {
  let found = filesInJson(jsonPart(text))
  if (found.length === 0 && /(?:```|~~~)\s*json/i.test(text)) {
    const blocks = reading.fences().filter((block) => block.isClosed)
    const isOnlyJson = blocks.every((block) => /^json/i.test(block.info))
    if (isOnlyJson) found = blocks.flatMap((block) => filesInJson(block.lines.join('\n').trim()))
  }
  if (found.length === 0) return null
  const files = new Map<string, ExtractedFile>()
  for (const [index, file] of found.entries()) {
    const path = file.path ?? (found.length === 1 ? (hint.path ?? null) : null)
    const checked = path === null ? null : checkPath(path)
    if (checked !== null && 'why' in checked) {
      reading.warnings.add('unsafe_path')
      reading.refused.push({ what: path ?? '', why: checked.why })
      continue
    }
    const fenced = /^\s*(?:```|~~~)/.test(file.code) ? scanFences(file.code.split('\n'))[0] : undefined
    const code = codeText(fenced === undefined ? file.code.replaceAll('\r\n', '\n') : fenced.lines.join('\n'))
    const tag = file.language ?? (fenced === undefined ? null : readInfo(fenced.info).language)
    const named = tag === null ? null : canonicalLanguage(tag)
    const language =
      named ?? (checked === null ? null : languageOfPath(checked.path)) ?? inferLanguage(code) ?? reading.language ?? 'text'
    if (code.trim() !== '') files.set(checked?.path ?? `\0${index}`, { path: checked?.path ?? null, language, code })
  }
  return result(keepWhole([...files.values()], existing, reading, '', false), 'json', reading)
}

function fromBlocks(lines: readonly string[], existing: Map<string, string>, reading: Reading, hint: ExtractionHint): Extraction {
  const fenced = blocksFromFences(lines, reading)
  let source: Source = 'fence'
  let blocks = combineBlocks(fenced.blocks, reading.language, hint.entryPoint ?? null)
  if (blocks.length === 0 && !fenced.isFinal && !holdsEditMark(fenced.outside)) {
    const open = fenced.outside
    const isHash =
      reading.language === null ||
      !['javascript', 'typescript', 'java', 'c', 'cpp', 'go', 'rust', 'sql', 'html'].includes(reading.language)
    const indented = indentedBlocks(open).map((span) => blockFromSpan(open, span, reading))
    const span = indented.length > 0 ? null : largestCodeSpan(open, isHash)
    source = indented.length > 0 ? 'indented' : 'span'
    blocks = combineBlocks(
      span === null ? indented : [blockFromSpan(open, span, reading)],
      reading.language,
      hint.entryPoint ?? null,
    )
  }
  const files = blocks.filter((block) => block.code.trim() !== '' || block.path !== null)
  const named = nameByHint(
    files.map(({ path, language, code }) => ({ path, language, code })),
    hint,
    reading,
  )
  return result(
    keepWhole(named, existing, reading, fenced.outside.join('\n'), fenced.isCut && hint.finish === 'length'),
    source,
    reading,
  )
}

/** Gives the caller's path to the main unnamed file, unless a file has it already. */
function nameByHint(files: readonly ExtractedFile[], hint: ExtractionHint, reading: Reading): readonly ExtractedFile[] {
  if (hint.path === undefined || hint.path === '') return files
  const checked = checkPath(hint.path)
  if ('why' in checked) {
    reading.warnings.add('unsafe_path')
    return files
  }
  if (files.some((file) => file.path === checked.path)) return files
  const unnamed = files.filter((file) => file.path === null)
  const main = pickMainFile({ files: unnamed, source: 'fence', warnings: [], refused: [] }, hint.entryPoint ?? null)
  return files.map((file) => (file === main ? { ...file, path: checked.path } : file))
}

/** Whole files as they are, without those that would destroy one that exists. Only the last file of a cut reply is cut. */
function keepWhole(
  files: readonly ExtractedFile[],
  existing: Map<string, string>,
  reading: Reading,
  prose: string,
  isCut: boolean,
): readonly ExtractedFile[] {
  return files.filter((file, index) => {
    const old = file.path === null ? undefined : existing.get(file.path)
    if (old === undefined) {
      if (findPlaceholder(file.code, '') !== null) reading.warnings.add('placeholder')
      return true
    }
    const refusal =
      file.code.trim() === ''
        ? { warning: 'empty_file_refused', why: 'would leave an empty file' }
        : refuseWholeFile(file.code, old, prose, isCut && index === files.length - 1)
    if (refusal === null) return true
    reading.warnings.add(refusal.warning)
    reading.refused.push({ what: file.path ?? '', why: refusal.why })
    return false
  })
}
