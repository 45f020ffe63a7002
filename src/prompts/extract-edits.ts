/**
 * Edits in the three forms that models know: SEARCH/REPLACE blocks, unified diffs, and the `*** Begin Patch` envelope.
 * Reading only; nothing here looks at a file.
 */
import { pathOfLine, pathOfSentence } from './extract-path.ts'

export interface Edit {
  readonly path: string | null
  readonly kind: 'replace' | 'create' | 'delete'
  readonly old: readonly string[]
  readonly new: readonly string[]
  /** The same with context lines as they stand, for a diff whose context lost its leading blank. */
  readonly raw: { readonly old: readonly string[]; readonly new: readonly string[] } | null
  /** A line that the edit comes after and within whose block it lies. */
  readonly anchor: string | null
  /** Whether the reply ended inside this edit. */
  readonly isCut: boolean
}

const SEARCH = /^\s{0,3}(?:<{5,9}|-{5,9}) ?(?:SEARCH|ORIGINAL) ?>?\s*$/i
const DIVIDER = /^\s{0,3}={5,9}\s*$/
const REPLACE = /^\s{0,3}(?:>{5,9}|\+{5,9}) ?(?:REPLACE|UPDATED) ?>?\s*$/i
const FENCE = /^\s{0,3}(?:`{3,}|~{3,})/

/** Returns the SEARCH/REPLACE blocks of a reply in order. A block without a path has that of the block before it. */
export function readSearchReplace(lines: readonly string[]): readonly Edit[] {
  const edits: Edit[] = []
  let path: string | null = null
  for (let at = 0; at < lines.length; at++) {
    if (!isMark(lines[at], SEARCH)) continue
    path = pathAbove(lines, at) ?? path
    const divider = nextMark(lines, at + 1, DIVIDER)
    const end = divider === -1 ? -1 : nextMark(lines, divider + 1, REPLACE)
    const isCut = end === -1
    const old = isCut ? [] : lines.slice(at + 1, divider)
    const fresh = isCut ? [] : lines.slice(divider + 1, end)
    const kind = !isCut && old.every((line) => line.trim() === '') ? 'create' : 'replace'
    edits.push({ path, kind, old, new: fresh, raw: null, anchor: null, isCut })
    at = isCut ? at : end
  }
  return edits
}

const isMark = (line: string | undefined, mark: RegExp): boolean => line !== undefined && line.length < 40 && mark.test(line)

/** The next line of a kind, not beyond the start of another block. */
function nextMark(lines: readonly string[], from: number, mark: RegExp): number {
  for (let at = from; at < lines.length; at++) {
    if (isMark(lines[at], mark)) return at
    if (isMark(lines[at], SEARCH)) return -1
  }
  return -1
}

const PATH_REACH = 10

/** The path named in the three lines above a block, fence lines aside, or in the fence line itself. */
function pathAbove(lines: readonly string[], at: number): string | null {
  for (let above = at - 1, seen = 0; above >= 0 && above >= at - PATH_REACH && seen < 3; above--) {
    const line = lines[above] ?? ''
    if (isMark(line, REPLACE) || isMark(line, SEARCH)) return null
    if (line.trim() === '') continue
    seen += 1
    const text = FENCE.test(line) ? line.replace(/^[\s`~]+(?:[\w+#-]+[ :]+)?/, '') : line
    const path = pathOfLine(text) ?? pathOfSentence(text)
    if (path !== null) return path
  }
  return null
}

/** Returns the hunks of the unified diffs in `lines`, `null` where a file has no header. Line numbers are not believed. */
export function readUnifiedDiff(lines: readonly string[], named: string | null): readonly Edit[] {
  const edits: Edit[] = []
  let path = named
  let kind: Edit['kind'] = 'replace'
  let hunk: string[] | null = null
  const flush = (): void => {
    if (hunk?.some((line) => /^[+-]/.test(line)) === true) edits.push(hunkOf(hunk, path, kind, null))
    hunk = null
  }
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const next = lines[at + 1] ?? ''
    if (line.startsWith('--- ') && next.startsWith('+++ ')) {
      flush()
      const before = headerPath(line)
      const after = headerPath(next)
      kind = before === null ? 'create' : after === null ? 'delete' : 'replace'
      path = after ?? before ?? named
      if (kind === 'delete') edits.push({ path, kind, old: [], new: [], raw: null, anchor: null, isCut: false })
      at += 1
    } else if (/^(?:diff --git |index [0-9a-f]+\.\.|(?:new|deleted) file mode |similarity index |rename (?:from|to) )/.test(line))
      flush()
    else if (line.startsWith('@@')) {
      flush()
      hunk = []
    } else if (hunk === null && /^[+-](?![+-]{2} )/.test(line) && kind !== 'delete') hunk = [line]
    else if (hunk !== null && !line.startsWith('\\ No newline')) hunk.push(line)
  }
  flush()
  return edits
}

/** `--- a/src/x.py\t2024-01-01` names `src/x.py`; `/dev/null` names nothing. */
function headerPath(line: string): string | null {
  const text = line.slice(4).split('\t', 1)[0]?.trim().replace(/^"|"$/g, '') ?? ''
  return text === '/dev/null' || text === '' ? null : text.replace(/^[ab]\//, '')
}

function hunkOf(hunk: readonly string[], path: string | null, kind: Edit['kind'], anchor: string | null): Edit {
  let end = hunk.length
  while (end > 0 && (hunk[end - 1] ?? '') === '') end -= 1
  const sides = (context: (line: string) => string): { old: string[]; new: string[] } => {
    const both = { old: [] as string[], new: [] as string[] }
    for (const line of hunk.slice(0, end)) {
      if (line.startsWith('+')) both.new.push(line.slice(1))
      else if (line.startsWith('-')) both.old.push(line.slice(1))
      else {
        both.old.push(context(line))
        both.new.push(context(line))
      }
    }
    return both
  }
  const marked = sides((line) => (line.startsWith(' ') ? line.slice(1) : line))
  return { path, kind, ...marked, raw: sides((line) => line), anchor, isCut: false }
}

const SECTION = /^\*\*\* (Update|Add|Delete) File: (.+)$/

/** Returns the edits of a `*** Begin Patch` envelope, or none. `isCut` marks the last one when its end is missing. */
export function readPatchEnvelope(lines: readonly string[]): readonly Edit[] {
  const edits: Edit[] = []
  let section: { kind: string; path: string } | null = null
  let hunk: string[] = []
  let anchor: string | null = null
  let isInside = false
  const flush = (): void => {
    if (section === null) return
    if (section.kind === 'Add') {
      const added = hunk.filter((line) => line.startsWith('+') || line.trim() === '').map((line) => line.replace(/^\+/, ''))
      edits.push({ path: section.path, kind: 'create', old: [], new: added, raw: null, anchor: null, isCut: false })
    } else if (section.kind === 'Delete') {
      edits.push({ path: section.path, kind: 'delete', old: [], new: [], raw: null, anchor: null, isCut: false })
    } else if (hunk.some((line) => /^[+-]/.test(line))) edits.push(hunkOf(hunk, section.path, 'replace', anchor))
    hunk = []
    anchor = null
  }
  for (const line of lines) {
    const text = line.startsWith('***') ? line.trimEnd() : ''
    const header = text === '' ? null : SECTION.exec(text)
    if (text === '*** Begin Patch') isInside = true
    else if (text === '*** End Patch') {
      flush()
      section = null
      isInside = false
    } else if (header !== null) {
      flush()
      section = { kind: header[1] ?? '', path: (header[2] ?? '').trim() }
    } else if (section === null || text === '*** End of File') continue
    else if (FENCE.test(line) && !isInside) {
      flush()
      section = null
    } else if (line.startsWith('@@')) {
      flush()
      anchor = line.replace(/^@@\s?/, '').replace(/\s?@@$/, '')
      if (anchor.trim() === '' || /^-\d/.test(anchor)) anchor = null
    } else if (text.startsWith('*** ')) flush()
    else hunk.push(line)
  }
  const isOpen = section !== null && isInside
  flush()
  const last = edits.at(-1)
  return isOpen && last !== undefined ? [...edits.slice(0, -1), { ...last, isCut: true }] : edits
}

/** Whether lines hold the marks of an edit or of a merge conflict, so that they must never be taken for code. */
export const holdsEditMark = (lines: readonly string[]): boolean =>
  lines.some((line) => line.length < 80 && (isMark(line, SEARCH) || isMark(line, REPLACE) || /^(?:<{7}|>{7})(?: |$)/.test(line)))
