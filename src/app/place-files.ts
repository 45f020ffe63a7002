import type { Candidate } from '../domain/candidate.ts'

export interface PlacedFile {
  /** Relative, with `/`; plain segments only, each path once, no path a folder of another. */
  readonly path: string
  readonly content: string
  /** True for the one file that was judged. */
  readonly isMain: boolean
}

/** File endings by language; a language without one gets `.txt`. */
const ENDINGS: Readonly<Record<string, string>> = {
  python: 'py',
  javascript: 'js',
  typescript: 'ts',
  tsx: 'tsx',
  jsx: 'jsx',
  go: 'go',
  java: 'java',
  c: 'c',
  cpp: 'cpp',
  c_sharp: 'cs',
  csharp: 'cs',
  rust: 'rs',
  php: 'php',
  ruby: 'rb',
  kotlin: 'kt',
  swift: 'swift',
  sql: 'sql',
  html: 'html',
  css: 'css',
  bash: 'sh',
  json: 'json',
  yaml: 'yaml',
  toml: 'toml',
  xml: 'xml',
  markdown: 'md',
}

const MAX_SEGMENT_BYTES = 120
const MAX_SEGMENTS = 16
/** Names that mean a device on Windows, whatever their ending, and the folder whose settings git obeys. */
const SPECIAL = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|^\.git$|^git~\d/i

/**
 * Returns where the files of a candidate go: the path its answer names, else the entry point's name with the language's
 * ending. The judged file comes as it was judged, first in no particular order of its own. Paths that would meet, also where
 * a file system folds case, are numbered.
 */
export function placeFiles(candidate: Candidate, entryPoint: string | null): PlacedFile[] {
  const taken = new Set<string>()
  return candidate.files.map((file, index) => {
    const isMain = index === candidate.main
    const stem = isMain ? safeSegment(entryPoint ?? 'program') : `file-${index + 1}`
    const wanted = file.path === null ? `${stem}.${endingOf(file.language)}` : safePath(file.path)
    const path = claim(wanted, taken)
    return { path, content: withLineEnd(isMain ? candidate.program : file.code), isMain }
  })
}

function endingOf(language: string): string {
  return (Object.hasOwn(ENDINGS, language) ? ENDINGS[language] : undefined) ?? 'txt'
}

function safePath(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  return segments.slice(-MAX_SEGMENTS).map(safeSegment).join('/') || 'file.txt'
}

/** A segment that every file system takes: no control, reserved or separating character, no device, no end in dot or blank. */
function safeSegment(segment: string): string {
  let plain = segment
    .replace(/[\p{C}\\/:*?"<>|]/gu, '_')
    .replace(/[. ]+$/, '')
    .trim()
  while (Buffer.byteLength(plain) > MAX_SEGMENT_BYTES) plain = plain.slice(1)
  if (plain === '' || /^\.+$/.test(plain)) return '_'
  return SPECIAL.test(plain.normalize('NFKC')) ? `_${plain}` : plain
}

function claim(wanted: string, taken: Set<string>): string {
  for (let count = 1; ; count += 1) {
    const path = count === 1 ? wanted : numbered(wanted, count)
    const key = fold(path)
    const meets = [...taken].some((other) => other === key || other.startsWith(`${key}/`) || key.startsWith(`${other}/`))
    if (meets) continue
    taken.add(key)
    return path
  }
}

/** `a/b.py` becomes `a-2/b.py` when the file lies below a taken name, so the first segment carries the number. */
function numbered(path: string, count: number): string {
  const at = path.indexOf('/')
  if (at >= 0) return `${path.slice(0, at)}-${count}${path.slice(at)}`
  const dot = path.lastIndexOf('.')
  return dot > 0 ? `${path.slice(0, dot)}-${count}${path.slice(dot)}` : `${path}-${count}`
}

function fold(path: string): string {
  return path.normalize('NFKC').toLowerCase()
}

function withLineEnd(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
