/** Files that a model sent as JSON, whole or in a `json` fence, though nobody should ask it to. */

export interface JsonFile {
  readonly path: string | null
  readonly language: string | null
  readonly code: string
}

const PATH_KEYS = ['path', 'file', 'filename', 'file_path', 'filepath', 'fileName', 'filePath', 'name']
const CODE_KEYS = ['code', 'content', 'contents', 'source', 'file_text', 'text', 'body']
const LIST_KEYS = ['files', 'file', 'changes', 'artifacts', 'edits']
const CALL_KEYS = ['arguments', 'parameters', 'args', 'input']
const MAX_DEPTH = 4

/** Returns the files that a JSON text holds: none when it is not JSON, or JSON about something else. */
export function filesInJson(text: string): readonly JsonFile[] {
  const first = text[0]
  const last = text[text.length - 1]
  if (!((first === '{' && last === '}') || (first === '[' && last === ']'))) return []
  const value = parse(text)
  const files: JsonFile[] = []
  collect(value, files, 0)
  return files
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    try {
      return JSON.parse(escapeRawControls(text))
    } catch {
      return null
    }
  }
}

/** Models put real line breaks into JSON strings: these become escapes, and nothing else is touched. */
function escapeRawControls(text: string): string {
  const parts: string[] = []
  let isInside = false
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (isInside && char === '\\') at += 1
    else if (char === '"') isInside = !isInside
    else if (isInside && (char === '\n' || char === '\t' || char === '\r')) {
      parts.push(text.slice(from, at), char === '\n' ? '\\n' : char === '\t' ? '\\t' : '\\r')
      from = at + 1
    }
  }
  parts.push(text.slice(from))
  return parts.join('')
}

function collect(value: unknown, files: JsonFile[], depth: number): void {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const each of value) collect(each, files, depth + 1)
    return
  }
  const record = value as Readonly<Record<string, unknown>>
  const code = textAt(record, CODE_KEYS)
  if (code !== null) {
    const path = textAt(record, PATH_KEYS)
    const language = textAt(record, ['language', 'lang'])
    // `text` alone is an ordinary message, not a file.
    if (path !== null || language !== null || Object.hasOwn(record, 'code') || Object.hasOwn(record, 'source'))
      files.push({ path, language, code })
    return
  }
  for (const key of LIST_KEYS) {
    const list = own(record, key)
    if (Array.isArray(list)) collect(list, files, depth + 1)
    else if (typeof list === 'object' && list !== null) collectByPath(list, files, depth + 1)
  }
  for (const key of CALL_KEYS) {
    const call = own(record, key)
    collect(typeof call === 'string' ? parse(call) : call, files, depth + 1)
  }
}

/** `{ "a.py": "…" }`: a file by its path. */
function collectByPath(record: object, files: JsonFile[], depth: number): void {
  for (const [path, code] of Object.entries(record)) {
    if (typeof code === 'string' && /[./]/.test(path)) files.push({ path, language: null, code })
    else if (typeof code === 'object') {
      const text = code === null ? null : textAt(code, CODE_KEYS)
      if (text !== null) files.push({ path, language: null, code: text })
    }
  }
  if (files.length === 0) collect(record, files, depth)
}

const own = (record: object, key: string): unknown =>
  Object.hasOwn(record, key) ? (record as Readonly<Record<string, unknown>>)[key] : undefined

function textAt(record: object, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = own(record, key)
    if (typeof value === 'string' && value !== '') return value
  }
  return null
}
