/**
 * Where a model says a file belongs, read from what it wrote, and whether that place is inside the project.
 *
 * 1. A path that leaves the root, or enters `.git`, is refused, never repaired: the writer meant another place.
 * 2. Every accepted path is relative, uses `/`, and has no empty, `.` or `..` segment.
 */
import { isLanguageTag, languageOfPath } from './extract-language.ts'

export type PathCheck = { readonly path: string } | { readonly why: string }

const MAX_PATH_CHARS = 300

/** Returns `raw` as a clean path inside the root, or the reason why it is refused. Links are the writer's to check. */
export function checkPath(raw: string): PathCheck {
  if (raw.length > MAX_PATH_CHARS) return { why: 'path is too long' }
  if (/\p{C}/u.test(raw)) return { why: 'path holds a control character' }
  const slashed = raw.replaceAll('\\', '/')
  if (/^[A-Za-z]:/.test(slashed)) return { why: 'path names a drive' }
  if (slashed.startsWith('/')) return { why: 'path is absolute' }
  if (/[:<>|?*"]/.test(slashed)) return { why: 'path holds a reserved character' }
  const segments = slashed.split('/').filter((segment) => segment !== '' && segment !== '.')
  // Some file systems ignore trailing dots and blanks, fold case and compatibility forms: judge what they would open.
  for (const segment of segments.map((each) => each.normalize('NFKC').toLowerCase().trim())) {
    const opened = segment.replace(/[. ]+$/, '')
    if (opened === '' || segment.split('/').includes('..')) return { why: 'path leaves the root' }
    if (opened === '.git' || /^git~\d/.test(opened)) return { why: 'path is inside .git' }
  }
  if (segments[0]?.startsWith('~') === true) return { why: 'path is in a home directory' }
  if (segments.length === 0 || slashed.endsWith('/')) return { why: 'path names no file' }
  return { path: segments.join('/') }
}

const PLAIN_NAMES = new Set([
  'dockerfile',
  'makefile',
  'gemfile',
  'rakefile',
  'procfile',
  'jenkinsfile',
  'license',
  'cmakelists.txt',
])
const PRODUCT_NAMES = /^(?:node|next|nuxt|vue|react|express|three|d3|ember|backbone|chart|alpine|socket|asp|p5)\.(?:js|io|net)$/i

/** Whether `token` reads as a file's path (safe or not): no blank, and a known ending, a known name or a folder with an ending. */
export function looksLikePath(token: string): boolean {
  if (token.length < 2 || token.length > MAX_PATH_CHARS || /\s/.test(token) || token.includes('://')) return false
  if (/^[<({[]|[()={};,'"`]/.test(token) || PRODUCT_NAMES.test(token)) return false
  if (/^(?:\.\.?[\\/]|~[\\/]|\/\w[^/]*\/|[A-Za-z]:[\\/])./.test(token)) return true
  const base = token.slice(Math.max(token.lastIndexOf('/'), token.lastIndexOf('\\')) + 1)
  if (PLAIN_NAMES.has(base.toLowerCase()) || /^\.[a-z]+(?:ignore|rc)$|^\.env$/.test(base)) return true
  if (languageOfPath(base) !== null) return !base.startsWith('.')
  return /[\\/]/.test(token) && (/\.[A-Za-z0-9]{1,8}$/.test(base) || /(?:^|[\\/])\.git[\\/]/i.test(token))
}

const MAY_NAME = /[./\\]|file|license/i
const LABEL = /^(?:new |updated |modified |create |update |edit )?(?:file ?name|file ?path|file|path|title|name)\s*[:=]\s*/i

/** Returns the path a line consists of, decoration and a `File:` label aside, or null. */
export function pathOfLine(line: string): string | null {
  if (line.length > MAX_PATH_CHARS + 60 || !MAY_NAME.test(line) || (!/[*`]/.test(line) && line.trim().split(' ', 8).length > 7))
    return null
  let text = line.trim()
  for (let round = 0; round < 3; round++) {
    text = text.replace(/^(?:#{1,6}|>|[-*+]|\d{1,3}[.)]|\/\/|={2,}|-{2,})\s+/, '')
    // A name in bold or backticks may be followed by what the file is for.
    text = text.replace(/^([*`]{1,3})([^\s*`]+)[*`]{1,3}:? +(?:[-–—:]|\().*$/, '$2')
    text = text
      .replace(/^[*_`'"[(]+/, '')
      .replace(/[*_`'"\]):]+$/, '')
      .trim()
    text = text.replace(/\s+(?:={2,}|-{2,})$/, '').replace(/\s*\((?:new|updated|modified|created?|new file)\)?$/i, '')
    text = text.replace(LABEL, '')
  }
  return looksLikePath(text) ? text : null
}

/** Returns the one path that an introducing sentence (`Here is `utils.py`:`) puts in backticks or bold, or null. */
export function pathOfSentence(line: string): string | null {
  if (!line.includes('`') && !line.includes('**')) return null
  const text = line.trim()
  if (text.length > 240 || !/:[*_]*$/.test(text)) return null
  if (/\b(?:run|runs|running|execute|install|output|import(?:s|ed)?|usage|call(?:s|ed)?|test it)\b/i.test(text)) return null
  const found = new Set<string>()
  for (const match of text.matchAll(/`([^`\s]{2,200})`|\*\*([^*\s]{2,200})\*\*/g)) {
    const token = (match[1] ?? match[2] ?? '').replace(/[`:]+$/, '')
    if (looksLikePath(token)) found.add(token)
  }
  const [only] = found
  return found.size === 1 && only !== undefined ? only : null
}

const COMMENT = /^\s*(?:#(?!!)|\/\/|--|;|%|\/\*+|<!--)\s*(.*?)\s*(?:\*\/|-->)?\s*$/

/** Returns the path in a first comment line (`# src/fib.py`) whose ending fits `language`, or null. The line stays in the code. */
export function pathOfFirstComment(code: string, language: string | null): string | null {
  if (!/^\s*[#/\-;%<]/.test(code)) return null
  const end = code.indexOf('\n')
  const line = code.slice(0, end === -1 ? code.length : end)
  if (line.length > MAX_PATH_CHARS + 40) return null
  const body = COMMENT.exec(line)?.[1]?.replace(LABEL, '').replace(/^`|`$/g, '')
  if (body === undefined || !looksLikePath(body)) return null
  return language === null || languageOfPath(body) === language ? body : null
}

export interface FenceInfo {
  readonly language: string | null
  readonly path: string | null
  /** Code that a model put on the fence line itself, else empty. */
  readonly code: string
}

/** Reads a fence's info string: `python`, `py title="a.py"`, `python:a.py`, `a.py`, `{.python file=a.py}`, `3:9:a.py`. */
export function readInfo(info: string): FenceInfo {
  if (info === '') return { language: null, path: null, code: '' }
  if (isLanguageTag(info)) return { language: info, path: null, code: '' }
  const text = info.slice(0, 400)
  const attribute =
    /(?:^|[\s{,])(?:title|file|filename|file_name|path|filepath|name)\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|([^\s}"',]+))/i.exec(text)
  let path = attribute?.[1] ?? attribute?.[2] ?? attribute?.[3] ?? null
  const tokens = text
    .replace(attribute?.[0] ?? '', ' ')
    .replace(/^\{|\}$/g, ' ')
    .trim()
    .split(/\s+/)
  let language: string | null = null
  let unread = 0
  for (const token of tokens.slice(0, 8)) {
    const pair = /^(\.?[A-Za-z][\w+#.-]*|\d+:\d+):(.+)$/.exec(token)
    const bare = token.replace(/^\./, '').replace(/,$/, '')
    if (pair !== null && (looksLikePath(pair[2] ?? '') || /[\\/]/.test(pair[2] ?? ''))) {
      if (!/^\d|^[A-Za-z]:[\\/]/.test(token)) language ??= (pair[1] ?? '').replace(/^\./, '')
      path ??= /^[A-Za-z]:[\\/]/.test(token) ? token : (pair[2] ?? null)
    } else if (language === null && isLanguageTag(bare)) language = bare
    else if (looksLikePath(bare) || /^(?:\.\.?|~)?[\\/]\S*\.\w+$/.test(token)) path ??= looksLikePath(bare) ? bare : token
    else if (token !== '' && !/^[{#].*|=/.test(token)) unread += 1
  }
  const first = tokens[0] ?? ''
  if (language === null && path === null && tokens.length === 1 && /^[\w+#-]{1,20}$/.test(first)) language = first
  // A known tag that opens a statement (```def f(x):) is code that slid onto the fence line.
  const slid = language === null && path === null && unread > 0 && tokens.length > 1 && /[()=:;]|^(?:import|from)\s/.test(info)
  return { language, path: path === '' ? null : path, code: slid ? info : '' }
}
