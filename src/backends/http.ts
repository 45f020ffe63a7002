import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import { classifyFailure, findComplaint, isObject } from './classify-failure.ts'
import { cancelled, type Exchange, openExchange, type Peer } from './exchange.ts'
import { excerpt } from './framer.ts'
import { onAbort } from './on-abort.ts'

/** Longest body read whole: a listing or a completion, in bytes. */
const MAX_BODY_BYTES = 16 * 1024 * 1024
/** How much of an error body is read, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024

/** Throws the classified failure when the exchange's status is not 200; reads and bounds the error body. */
export async function refuseBadStatus(exchange: Exchange, peer: Peer, model?: string): Promise<void> {
  const { status, headers } = exchange
  const facts: BackendErrorFacts = { backend: peer.backend, status, ...(model === undefined ? {} : { model }) }
  if (status === 200) {
    const encoding = headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity')
      throw new BackendError('protocol', `${peer.backend} compressed its answer (${excerpt(encoding)}) unasked`, facts)
    if (headers['content-type']?.includes('text/html')) {
      throw new BackendError('protocol', `${peer.backend} answered with an HTML page; is ${peer.url} the right address?`, facts)
    }
    return
  }
  const text = await readStart(exchange, MAX_ERROR_BYTES)
  const complaint = findComplaint(parseOrNull(text), status) ?? { status, text }
  const failure = classifyFailure(complaint)
  const retryAfterMs =
    readRetryAfter(headers['retry-after'], peer.clock.wallMs()) ??
    (failure === 'load-failed' && status === 503 ? 1000 : undefined)
  const said = complaint.text === '' ? 'an empty body' : oneLine(complaint.text)
  throw new BackendError(failure, `${peer.backend} answered ${status}: ${said}`, {
    ...facts,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** A small request: a listing, a version, a health check. */
export interface SmallRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  readonly signal: AbortSignal
  /** Default 2 s. */
  readonly connectTimeoutMs?: number
  /** For the whole exchange; default 10 s. */
  readonly timeoutMs?: number
}

/** Returns the JSON object a small request is answered with; throws `BackendError`. */
export async function requestJson(peer: Peer, request: SmallRequest): Promise<Readonly<Record<string, unknown>>> {
  return parseBody(await requestText(peer, request), { backend: peer.backend })
}

/** Returns the body of a small request that is answered with 200; throws `BackendError`, also when its time is over. */
export async function requestText(peer: Peer, request: SmallRequest): Promise<string> {
  const { method, path, body, signal, connectTimeoutMs = 2000, timeoutMs = 10_000 } = request
  const facts: BackendErrorFacts = { backend: peer.backend }
  if (signal.aborted) throw cancelled(facts)
  const stop = new AbortController()
  let isLate = false
  const stopListening = onAbort(signal, () => stop.abort())
  const timer = peer.clock.setTimer(() => {
    isLate = true
    stop.abort()
  }, timeoutMs)
  try {
    const exchange = await openExchange(peer, { method, path, body, connectTimeoutMs, signal: stop.signal })
    try {
      await refuseBadStatus(exchange, peer)
      return await readText(exchange, MAX_BODY_BYTES, facts)
    } finally {
      exchange.close()
    }
  } catch (error) {
    if (isLate && !signal.aborted)
      throw new BackendError('timeout-total', `${peer.backend} did not answer ${path} within ${timeoutMs} ms`, facts)
    throw error
  } finally {
    peer.clock.clearTimer(timer)
    stopListening()
  }
}

/** Returns a whole body as text; throws `protocol` beyond `maxBytes`. */
export async function readText(exchange: Exchange, maxBytes: number, facts: BackendErrorFacts): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of exchange.body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new BackendError('protocol', `${facts.backend} sent a body longer than ${maxBytes} bytes`, facts)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Returns the first bytes of a body as text; what follows is left, since a server may repeat a whole prompt. */
async function readStart(exchange: Exchange, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of exchange.body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= maxBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8')
}

/** Returns a whole body parsed as a JSON object; throws `protocol`. */
export function parseBody(text: string, facts: BackendErrorFacts): Readonly<Record<string, unknown>> {
  const value = parseOrNull(text)
  if (!isObject(value))
    throw new BackendError('protocol', `${facts.backend} answered with something that is no JSON object: ${excerpt(text)}`, facts)
  return value
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), as ms from now. */
function readRetryAfter(value: string | undefined, wallMs: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,6}$/.test(value.trim())) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallMs)
}

/** What a server said, fit for a message: one line of at most 300 characters. */
export function oneLine(text: string): string {
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}

/** Returns a base URL as adapters want it: no trailing slash, no trailing `/v1`. */
export function normaliseUrl(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/v1$/, '')
}
