import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'

/*
 * From bytes to records. Invariants:
 * 1. The records do not depend on where the bytes were cut into chunks.
 * 2. Work is linear in the bytes: a pending line is never searched twice and is joined once.
 * 3. No line is dropped: what cannot be understood throws `protocol`; a last record cut in the middle throws
 *    `truncated-stream`.
 * 4. Memory is bounded by the longest line allowed; a longer one throws `protocol`.
 * Lines are cut on bytes and decoded whole, so that no code point is ever split.
 */

/** The longest line accepted, in bytes. Ollama itself cuts its runner's lines at 8 MB. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024

export interface FramerOptions {
  /** Put into what is thrown. */
  readonly facts: BackendErrorFacts
  readonly maxLineBytes?: number
}

export interface Line {
  readonly text: string
  /** False for a last line without a line end. */
  readonly isComplete: boolean
}

const LF = 0x0a

/** Yields the lines of a body: LF or CRLF removed, one leading byte-order mark stripped, bad UTF-8 as U+FFFD. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, options: FramerOptions): AsyncGenerator<Line> {
  const maxBytes = options.maxLineBytes ?? MAX_LINE_BYTES
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  let isFirst = true

  const grow = (bytes: number) => {
    pendingBytes += bytes
    if (pendingBytes > maxBytes)
      throw new BackendError('protocol', `${options.facts.backend} sent a line longer than ${maxBytes} bytes`, options.facts)
  }
  const finish = (piece: Uint8Array, isComplete: boolean): Line => {
    const bytes = pending.length === 0 ? piece : Buffer.concat([...pending, piece])
    pending = []
    pendingBytes = 0
    let text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    if (isFirst && text.startsWith('\uFEFF')) text = text.slice(1)
    isFirst = false
    return { text: text.endsWith('\r') ? text.slice(0, -1) : text, isComplete }
  }

  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      grow(end - from)
      yield finish(chunk.subarray(from, end), true)
      from = end + 1
    }
    if (from < chunk.length) {
      grow(chunk.length - from)
      pending.push(chunk.subarray(from))
    }
  }
  if (pendingBytes > 0) yield finish(new Uint8Array(0), false)
}

/** Yields the JSON values of a newline-delimited body; blank lines are skipped. */
export async function* readNdjson(chunks: AsyncIterable<Uint8Array>, options: FramerOptions): AsyncGenerator<unknown> {
  for await (const line of readLines(chunks, options)) {
    if (line.text.trim() === '') continue
    yield parseRecord(line.text, line.isComplete, options.facts)
  }
}

export type SseRecord =
  /** A comment line: the socket lives, which is not progress. */
  | { readonly type: 'comment' }
  | { readonly type: 'event'; readonly name: string; readonly data: string; readonly isComplete: boolean }

/** How a field's name looks; a line that begins otherwise does not belong to an event stream. */
const FIELD = /^[A-Za-z][\w-]*$/

/**
 * Yields the events of a `text/event-stream` body (WHATWG HTML, "Server-sent events"), with two differences: an event
 * still open at the end is yielded, `isComplete: false`, because servers leave out the last empty line; and a line that
 * is no field throws `protocol` where the standard ignores it, since ignoring would lose text. llama.cpp builds of 2025
 * wrote a field `error:`; it comes out as an event of that name. Lone CR as a line end is not supported: none of these
 * servers sends it.
 */
export async function* readSse(chunks: AsyncIterable<Uint8Array>, options: FramerOptions): AsyncGenerator<SseRecord> {
  let name = ''
  let data: string[] = []
  for await (const { text, isComplete } of readLines(chunks, options)) {
    if (text === '') {
      if (data.length > 0) yield { type: 'event', name: name || 'message', data: data.join('\n'), isComplete: true }
      name = ''
      data = []
      continue
    }
    if (text.startsWith(':')) {
      yield { type: 'comment' }
      continue
    }
    const { field, value } = splitField(text)
    if (field === 'data') data.push(value)
    else if (field === 'event') name = value
    else if (field === 'error') yield { type: 'event', name: 'error', data: value, isComplete: true }
    else if (!isComplete && ['data', 'event', 'error'].some((known) => known.startsWith(text))) return
    else if (!FIELD.test(field) || !text.includes(':')) {
      throw new BackendError('protocol', `${options.facts.backend} sent a line that is no event: ${excerpt(text)}`, options.facts)
    }
  }
  if (data.length > 0) yield { type: 'event', name: name || 'message', data: data.join('\n'), isComplete: false }
}

function splitField(text: string): { field: string; value: string } {
  const colon = text.indexOf(':')
  if (colon < 0) return { field: text, value: '' }
  const start = text[colon + 1] === ' ' ? colon + 2 : colon + 1
  return { field: text.slice(0, colon), value: text.slice(start) }
}

/** Returns the JSON value of one record; throws `protocol`, or `truncated-stream` where the record was still incomplete. */
export function parseRecord(text: string, isComplete: boolean, facts: BackendErrorFacts): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own error is not kept as a cause: it quotes the text, which may be the prompt.
    if (isComplete || looksForeign(text)) {
      throw new BackendError('protocol', `${facts.backend} sent a record that is no JSON: ${excerpt(text)}`, facts)
    }
    throw new BackendError('truncated-stream', `${facts.backend} stopped in the middle of a record`, facts)
  }
}

/** A page or a plain sentence is wrong whole; a piece of an object is only cut. */
function looksForeign(text: string): boolean {
  return !/^\s*[{[]/.test(text)
}

/** The first characters of what a server sent, for a message: one line, printable, at most 80 characters. */
export function excerpt(text: string): string {
  const line = text.slice(0, 80).replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
  return JSON.stringify(line) + (text.length > 80 ? '…' : '')
}
