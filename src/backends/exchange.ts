import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { buildConnector } from 'undici'
import { BackendError, type BackendErrorFacts } from '../domain/backend-error.ts'
import type { Clock } from '../ports/clock.ts'
import { onAbort } from './on-abort.ts'

/*
 * One exchange, one socket. Invariants:
 * 1. `close` destroys the socket, whether connecting, waiting or streaming; a server hears of a cancel at once. Sockets
 *    are never reused, so that no request can meet one the server has just given up, and no two exchanges can mix.
 * 2. No timer but connect: headers and body may be silent for as long as the caller likes (a load and a prefill take
 *    minutes; undici's own limit of 300 s would end them).
 * 3. Redirects are not followed and proxy variables not read: the only peer is the configured one.
 */

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
