import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { buildConnector } from 'undici'
import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import type { Clock } from '../ports/clock.ts'
import { classifyFailure, findComplaint, isObject } from './classify-failure.ts'
import { excerpt } from './framer.ts'
import { onAbort } from './on-abort.ts'

/*
 * One exchange, one socket. Invariants:
 * 1. `close` destroys the socket, whether connecting, waiting or streaming; a server hears of a cancel at once. Sockets
 *    are never reused, so that no request can meet one the server has just given up, and no two exchanges can mix.
 * 2. No timer but connect: headers and body may be silent for as long as the caller likes (a load and a prefill take
 *    minutes; undici's own limit of 300 s would end them).
 * 3. Redirects are not followed and proxy variables not read: the only peer is the configured one.
 */

/** Longest body read whole: a listing or a completion, in bytes. */
const MAX_BODY_BYTES = 16 * 1024 * 1024
/** Longest error body read, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024

/** Our word for a connection that ends inside a response. */
const BROKEN_OFF = 'UNEXPECTED_END'

/** A server as the adapters know it. */
export interface Peer {
  /** Id of the backend, for messages. */
  readonly backend: string
  /** Without a trailing slash, e.g. `http://127.0.0.1:11434`. */
  readonly url: string
  readonly apiKey?: string | undefined
  readonly clock: Clock
}

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST'
  /** From the root of the peer's URL, e.g. `/api/chat`. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly connectTimeoutMs: number
  readonly signal: AbortSignal
}

export interface Exchange {
  readonly status: number
  /** Lower-case names; the first of repeated values. */
  readonly headers: Readonly<Record<string, string>>
  /** Ends, or throws `truncated-stream`, or `cancelled`. */
  readonly body: AsyncIterable<Uint8Array>
  /** Destroys the socket. Idempotent. */
  close(): void
}

/**
 * Sends a request and resolves when the headers are there. Throws `BackendError`: `cancelled`, `unreachable`,
 * `timeout-connect`, `backend-crashed` (closed before an answer) or `protocol`. The caller must `close` the exchange.
 */
export async function openExchange(peer: Peer, request: ExchangeRequest): Promise<Exchange> {
  const facts: BackendErrorFacts = { backend: peer.backend }
  const { signal } = request
  if (signal.aborted) throw cancelled(facts)
  const { Client } = await import('undici')
  const base = new URL(peer.url)
  const dial = dialOnce()
  const client = new Client(base.origin, { headersTimeout: 0, bodyTimeout: 0, pipelining: 0, connect: dial.connect })
  // Not undici's own signal and connect timer: the one is deaf until a connection stands, the other a second coarse.
  const close = () => {
    peer.clock.clearTimer(timer)
    stopListening()
    client.destroy().catch(() => {})
    dial.destroy()
  }
  let isLate = false
  const timer = peer.clock.setTimer(() => {
    isLate = true
    close()
  }, request.connectTimeoutMs)
  client.once('connect', () => peer.clock.clearTimer(timer))
  let stopListening = () => {}
  stopListening = onAbort(signal, close)
  try {
    const reply = await client.request({
      method: request.method,
      path: base.pathname.replace(/\/$/, '') + request.path,
      headers: headersOf(peer, request),
      body: request.body === undefined ? null : JSON.stringify(request.body),
    })
    return {
      status: reply.statusCode,
      headers: firstValues(reply.headers),
      body: translateBody(reply.body, signal, facts, close),
      close,
    }
  } catch (cause) {
    close()
    if (signal.aborted) throw cancelled(facts)
    const where = `${peer.backend} at ${base.origin}`
    if (isLate) throw new BackendError('timeout-connect', `${where} took no connection in ${request.connectTimeoutMs} ms`, facts)
    throw translateOpenError(cause, where, facts)
  }
}

/** Dials one connection and can hang up at any time: undici keeps a socket that is still connecting out of reach. */
function dialOnce(): { connect: buildConnector.connector; destroy: () => void } {
  let socket: Socket | null = null
  return {
    connect({ protocol, hostname: host, port: givenPort }, callback) {
      const isTls = protocol === 'https:'
      const port = Number(givenPort) || (isTls ? 443 : 80)
      const dialled = isTls
        ? connectTls({ host, port, ALPNProtocols: ['http/1.1'], ...(isIP(host) === 0 ? { servername: host } : {}) })
        : connectTcp({ host, port, noDelay: true })
      const fail = (error: Error) => callback(error, null)
      dialled.once('error', fail)
      dialled.once(isTls ? 'secureConnect' : 'connect', () => {
        dialled.off('error', fail)
        callback(null, dialled)
      })
      socket = dialled
    },
    destroy: () => {
      socket?.destroy()
    },
  }
}

function headersOf(peer: Peer, request: ExchangeRequest): Record<string, string> {
  return {
    accept: 'application/json, application/x-ndjson, text/event-stream',
    'accept-encoding': 'identity',
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(peer.apiKey === undefined ? {} : { authorization: `Bearer ${peer.apiKey}` }),
  }
}

function firstValues(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value
      return first === undefined ? [] : [[name, first]]
    }),
  )
}

async function* translateBody(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  facts: BackendErrorFacts,
  close: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk
  } catch (cause) {
    if (signal.aborted) throw cancelled(facts)
    const code = errorCode(cause)
    if (code.startsWith('HPE_'))
      throw new BackendError('protocol', `${facts.backend} broke the rules of HTTP (${code})`, { ...facts, cause })
    throw new BackendError('truncated-stream', `${facts.backend} closed the connection in the middle of an answer (${code})`, {
      ...facts,
      cause,
    })
  } finally {
    close()
  }
}

function translateOpenError(cause: unknown, where: string, facts: BackendErrorFacts): BackendError {
  const code = errorCode(cause)
  if (code.startsWith('HPE_')) return new BackendError('protocol', `${where} does not speak HTTP`, { ...facts, cause })
  if (code === 'ETIMEDOUT')
    return new BackendError('timeout-connect', `${where} did not accept a connection`, { ...facts, cause })
  if (code === BROKEN_OFF || code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE') {
    return new BackendError('backend-crashed', `${where} closed the connection before answering (${code})`, { ...facts, cause })
  }
  return new BackendError('unreachable', `${where} cannot be reached (${code})`, { ...facts, cause })
}

/** Returns the `code` of an error or of what it wraps; a dual-stack failure wraps one error per address. */
function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // A chunked body that ends early is a parser's error too; it is the server that broke off, not the protocol.
  if (error.name === 'HTTPParserError') return /\bEOF\b/i.test(error.message) ? BROKEN_OFF : 'HPE_INVALID'
  const code: unknown = Reflect.get(error, 'code')
  if (typeof code === 'string') return code
  if (error instanceof AggregateError && error.errors.length > 0) return errorCode(error.errors[0])
  return error.cause === undefined ? error.name : errorCode(error.cause)
}

/** Returns the error of an exchange its caller gave up. */
export function cancelled(facts: BackendErrorFacts): BackendError {
  return new BackendError('cancelled', `the request to ${facts.backend} was cancelled`, facts)
}

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
  const text = await readText(exchange, MAX_ERROR_BYTES, facts)
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
