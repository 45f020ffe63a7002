import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'

/*
 * The host's end of the channel no candidate can forge an answer on. The process that knows the expected value is this one, and it
 * loads nothing of the candidate. Invariants:
 *  1. One request at a time, under a random 64-bit id nobody inside has seen before.
 *  2. Exactly one line comes back, complete, with that id, JSON, at most MAX_LINE_BYTES.
 *  3. Anything else (a byte while nothing was asked, a second line, a wrong id, bad JSON, too long) breaks the channel for good.
 */
const MAX_LINE_BYTES = 1024 * 1024

/** What came back for one request. `broken` names the deviation; `closed` is an end of the stream. */
type Answer =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'closed' }

export interface CallChannel {
  /** Sends `request` with a fresh id and resolves with the answer. Must not be called while one is pending. */
  ask(request: Readonly<Record<string, unknown>>): Promise<Answer>
  /** Why the channel is broken; null while it holds. */
  broken(): string | null
}

/** Creates the channel over two streams. `newId` is for tests. */
export function createCallChannel(
  output: Writable,
  input: Readable,
  newId: () => string = () => randomBytes(8).toString('hex'),
): CallChannel {
  let received: Buffer[] = []
  let receivedBytes = 0
  let brokenWhy: string | null = null
  let isClosed = false
  let pending: { readonly id: string; readonly resolve: (answer: Answer) => void } | null = null

  const settle = (answer: Answer): void => {
    const waiting = pending
    pending = null
    received = []
    receivedBytes = 0
    waiting?.resolve(answer)
  }
  const breakOff = (why: string): void => {
    brokenWhy ??= why
    input.destroy()
    settle({ kind: 'broken', why: brokenWhy })
  }
  input.on('data', (chunk: Buffer) => {
    if (brokenWhy !== null) return
    if (!pending) return breakOff('it wrote without being asked')
    received.push(chunk)
    receivedBytes += chunk.length
    if (receivedBytes > MAX_LINE_BYTES) return breakOff('its answer was too long')
    const newline = chunk.indexOf(10)
    if (newline < 0) return
    if (newline !== chunk.length - 1) return breakOff('it answered more than once')
    const parsed = parseAnswer(Buffer.concat(received), pending.id)
    if (typeof parsed === 'string') return breakOff(parsed)
    settle({ kind: 'answer', value: parsed.value })
  })
  const close = (): void => {
    isClosed = true
    settle(brokenWhy === null ? { kind: 'closed' } : { kind: 'broken', why: brokenWhy })
  }
  input.on('close', close)
  input.on('end', close)
  input.on('error', close)
  output.on('error', () => undefined)

  return {
    ask: (request) =>
      new Promise((resolve) => {
        if (brokenWhy !== null) return resolve({ kind: 'broken', why: brokenWhy })
        if (isClosed) return resolve({ kind: 'closed' })
        const id = newId()
        pending = { id, resolve }
        output.write(`${JSON.stringify({ ...request, id })}\n`)
      }),
    broken: () => brokenWhy,
  }
}

function parseAnswer(line: Buffer, id: string): { readonly value: unknown } | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
  } catch {
    return 'its answer was not JSON'
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'its answer was not an object'
  const fields = parsed as Record<string, unknown>
  if (fields['id'] !== id) return 'its answer bore a wrong id'
  return { value: fields['r'] }
}
