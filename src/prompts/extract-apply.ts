/**
 * Applies edits to copies of files.
 *
 * 1. An edit changes a file only at a place that is the only one it can mean; otherwise it is refused, and says why.
 * 2. Good edits are kept when others are refused. No edit leaves a file empty.
 * 3. A file that exists is never created over, and none is deleted.
 */
import type { Edit } from './extract-edits.ts'
import { locate, nearestRegion, type Place } from './extract-locate.ts'
import { checkPath } from './extract-path.ts'

export interface Refusal {
  readonly what: string
  readonly why: string
}

export interface AppliedEdits {
  /** Changed and created files in the order of their first edit, with the content after all edits. */
  readonly files: readonly { readonly path: string; readonly code: string }[]
  readonly refused: readonly Refusal[]
  readonly warnings: readonly string[]
}

/** More edits than this in one reply are refused: a model that answers so is looping. */
const MAX_EDITS = 400

interface OpenFile {
  lines: string[]
  isCrlf: boolean
  isChanged: boolean
}

type Outcome = { readonly lines: string[] } | { readonly warning: string; readonly why: string }

/** Applies `edits` to copies of `existing`; an edit without a path means `path`, or the only file there is. */
export function applyEdits(edits: readonly Edit[], existing: ReadonlyMap<string, string>, path: string | null): AppliedEdits {
  const open = new Map<string, OpenFile>()
  const refused: Refusal[] = []
  const warnings = new Set<string>()
  const refuse = (edit: Edit, warning: string, why: string): void => {
    warnings.add(warning)
    refused.push({ what: edit.path ?? path ?? 'edit without a path', why })
  }
  for (const [index, edit] of edits.entries()) {
    if (index >= MAX_EDITS) {
      refuse(edit, 'too_many_edits', `more than ${MAX_EDITS} edits in one reply`)
      break
    }
    const target = resolvePath(edit, existing, open, path)
    if ('why' in target) {
      refuse(edit, target.warning, target.why)
      continue
    }
    const file = open.get(target.path) ?? openFile(existing.get(target.path))
    const outcome = edit.isCut
      ? { warning: 'unterminated_edit', why: 'the reply ends inside this edit' }
      : applyOne(edit, file, target.path)
    if ('why' in outcome) {
      refuse(edit, outcome.warning, outcome.why)
      continue
    }
    open.set(target.path, { lines: outcome.lines, isCrlf: file?.isCrlf ?? false, isChanged: true })
  }
  const files = [...open].map(([name, file]) => ({ path: name, code: file.lines.join(file.isCrlf ? '\r\n' : '\n') }))
  return { files, refused, warnings: [...warnings] }
}

function openFile(content: string | undefined): OpenFile | null {
  if (content === undefined) return null
  const crlf = content.split('\r\n').length - 1
  const isCrlf = crlf > 0 && crlf === content.split('\n').length - 1
  const lines = (isCrlf ? content.replaceAll('\r\n', '\n') : content).split('\n')
  return { lines, isCrlf, isChanged: false }
}

type Target = { readonly path: string } | { readonly warning: string; readonly why: string }

function resolvePath(
  edit: Edit,
  existing: ReadonlyMap<string, string>,
  open: ReadonlyMap<string, OpenFile>,
  path: string | null,
): Target {
  const named = edit.path ?? path
  if (named === null) {
    const [only] = existing.keys()
    if (existing.size === 1 && only !== undefined) return { path: only }
    return { warning: 'edit_without_path', why: 'names no file, and there is not exactly one' }
  }
  const checked = checkPath(named)
  if ('why' in checked) return { warning: 'unsafe_path', why: checked.why }
  if (existing.has(checked.path) || open.has(checked.path) || edit.kind === 'create') return checked
  const same = [...existing.keys()].filter((each) => each.endsWith(`/${checked.path}`) || checked.path.endsWith(`/${each}`))
  const [only] = same
  return same.length === 1 && only !== undefined ? { path: only } : checked
}

function applyOne(edit: Edit, file: OpenFile | null, path: string): Outcome {
  if (edit.kind === 'delete') return { warning: 'deletion_refused', why: 'deletions are not applied' }
  const isEmpty = file === null || file.lines.every((line) => line.trim() === '')
  if (edit.old.every((line) => line.trim() === '')) {
    if (!isEmpty) return { warning: 'edit_not_found', why: `${path} exists, and the edit names no line of it` }
    if (edit.new.every((line) => line.trim() === '')) return { warning: 'empty_file_refused', why: 'would leave an empty file' }
    return { lines: [...edit.new] }
  }
  if (file === null) return { warning: 'edit_not_found', why: `${path} is not a file of this project` }
  const lines = place(edit, file.lines)
  if ('kind' in lines) {
    if (lines.kind === 'ambiguous')
      return { warning: 'edit_ambiguous', why: `matches at ${lines.count} or more places in ${path}` }
    const near = nearestRegion(file.lines, edit.old)
    const hint =
      near === null
        ? ''
        : `; nearest is lines ${near.from + 1}-${near.from + edit.old.length}, likeness ${near.likeness.toFixed(2)}`
    return { warning: 'edit_not_found', why: `not found in ${path}${hint}` }
  }
  if (lines.every((line) => line.trim() === '')) return { warning: 'empty_file_refused', why: 'would leave an empty file' }
  return { lines }
}

type Miss = Exclude<Place, { readonly kind: 'found' }>

/** Returns the lines after the edit, or why it has no place. Only an absent place lets the next reading of the edit be tried. */
function place(edit: Edit, lines: readonly string[]): string[] | Miss {
  const readings = [{ old: edit.old, new: edit.new }, ...(edit.raw === null ? [] : [edit.raw])]
  for (const reading of [...readings, ...readings.map(withoutEdgeBlanks)]) {
    const found = locateWithin(lines, reading.old, edit.anchor)
    if (found.kind === 'ambiguous') return found
    if (found.kind === 'absent') continue
    const fresh = reading.new.map((line) => found.reindent(line))
    if (fresh.every((line) => line !== null))
      return [...lines.slice(0, found.at), ...fresh, ...lines.slice(found.at + found.length)]
  }
  return { kind: 'absent' }
}

function withoutEdgeBlanks(reading: { readonly old: readonly string[]; readonly new: readonly string[] }): typeof reading {
  const blanksBefore = (lines: readonly string[]): number =>
    Math.max(
      0,
      lines.findIndex((line) => line.trim() !== ''),
    )
  const blanksAfter = (lines: readonly string[]): number => lines.length - 1 - lines.findLastIndex((line) => line.trim() !== '')
  const head = blanksBefore(reading.old)
  const tail = blanksAfter(reading.old)
  const isBlankNew = reading.new.every((line) => line.trim() === '')
  const newHead = isBlankNew ? reading.new.length : Math.min(head, blanksBefore(reading.new))
  const newTail = isBlankNew ? 0 : Math.min(tail, blanksAfter(reading.new))
  return {
    old: reading.old.slice(head, reading.old.length - tail),
    new: reading.new.slice(newHead, reading.new.length - newTail),
  }
}

/** An anchor narrows the search to its own block, and only when it is itself the only line of its kind. */
function locateWithin(lines: readonly string[], wanted: readonly string[], anchor: string | null): Place {
  if (wanted.length === 0) return { kind: 'absent' }
  const text = anchor?.trim() ?? ''
  const at = text === '' ? -1 : lines.findIndex((line) => line.trim() === text)
  const isOnly = at !== -1 && at === lines.findLastIndex((line) => line.trim() === text)
  if (!isOnly) return locate(lines, wanted)
  const depth = indentWidth(lines[at] ?? '')
  const next = lines.findIndex(
    (line, index) => index > at && line.trim() !== '' && indentWidth(line) <= depth && !/^\s*[)\]}]/.test(line),
  )
  const inside = locate(lines, wanted, at, next === -1 ? lines.length : next)
  if (inside.kind !== 'absent') return inside
  const anywhere = locate(lines, wanted)
  return anywhere.kind === 'found' && anywhere.at + anywhere.length <= at ? { kind: 'absent' } : anywhere
}

const indentWidth = (line: string): number => line.length - line.trimStart().length
