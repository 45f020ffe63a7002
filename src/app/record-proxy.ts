import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isCloudName } from '../backends/ollama-names.ts'
import { type ChatDialect, dialectOf, type PassedAnswer, readChatCall, recordExchange } from '../backends/record-exchange.ts'
import type { Recording } from '../backends/recording.ts'
import type { KeyedRequest } from '../backends/request-key.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { Clock } from '../ports/clock.ts'

/*
 * A server on this machine in front of a model server. Invariants:
 * 1. It listens on 127.0.0.1 and talks to its target alone; a request that names another host in its own words is refused.
 * 2. What the target answers reaches the client byte by byte, as it comes; recording never delays or changes it.
 * 3. A chat call is recorded when its answer has ended. One the client gave up is not: nobody knows how it would have ended.
 * 4. No header is recorded, and so no key.
 */

export interface ProxyOptions {
  /** 0 = any that is free. */
  readonly port: number
  /** The server behind, e.g. `http://127.0.0.1:11434`. */
  readonly target: string
  readonly clock: Clock
  readonly onRecording: (recording: Recording) => void
  /** Told of what passed and could not be recorded, and why. */
  readonly onSkipped: (why: string) => void
}

export interface RecordProxy {
  /** Where clients are to be pointed. */
  readonly url: string
  /** Ends all that is under way. Resolves when the last finished exchange is recorded. */
  close(): Promise<void>
}

/** Longest request that is taken, bytes. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024
/** Headers that are about one connection (RFC 9110 §7.6.1), and the host, which is another. */
const PER_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
])

/** Starts the proxy. Throws `USAGE` where the port is taken. */
export async function startRecordProxy(options: ProxyOptions): Promise<RecordProxy> {
  const recording = new Set<Promise<void>>()
  const server = createServer((incoming, outgoing) => {
    const work = pass(options, incoming, outgoing).catch((error: unknown) => {
      options.onSkipped(error instanceof Error ? error.message : String(error))
      outgoing.destroy()
    })
    recording.add(work)
    work.finally(() => recording.delete(work))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`
      reject(new CodeConductorError('USAGE', `port ${options.port} ${why}`, { hint: 'codeconductor record --proxy 0 NAME' }))
    })
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await Promise.all([closed, ...recording])
    },
  }
}

async function pass(options: ProxyOptions, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  // A page in a browser can make its own name point here; this server answers to its own name only.
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(incoming.headers.host ?? '')) return refuse(outgoing, 403, 'unknown host')
  const body = await readBody(incoming)
  if (body === null) return refuse(outgoing, 413, 'the request is too long')
  const dialect = incoming.method === 'POST' ? dialectOf(incoming.url ?? '') : null
  const asked = dialect === null ? null : jsonOrNull(body)
  const model = (asked as { model?: unknown } | null)?.model
  if (typeof model === 'string' && isCloudName(model)) return refuse(outgoing, 403, `${model} does not run on this machine`)
  const answer = await forward(options, incoming, outgoing, body, dialect !== null)
  if (dialect === null || answer === null) return
  await record(options, dialect, readChatCall(dialect, asked), answer)
}

async function record(
  { clock, onRecording, onSkipped }: ProxyOptions,
  dialect: ChatDialect,
  request: KeyedRequest | null,
  answer: PassedAnswer,
): Promise<void> {
  if (request === null) onSkipped('a chat call with pictures, tools, a format or unknown settings passed and was not recorded')
  else onRecording(await recordExchange(dialect, request, answer, clock))
}

/** Sends the request on and the answer back. Returns the answer as it passed; null where the client gave it up or there is none. */
function forward(
  { target, onSkipped }: ProxyOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  isChat: boolean,
): Promise<PassedAnswer | null> {
  const base = new URL(target)
  const url = new URL(base.pathname.replace(/\/$/, '') + (incoming.url ?? '/'), base.origin)
  const headers = keptHeaders(incoming.rawHeaders)
  // What is recorded must be readable.
  if (isChat) headers['accept-encoding'] = 'identity'
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const upstream = send(url, { method: incoming.method, headers, agent: false })
    let hasBegun = false
    outgoing.on('close', () => {
      if (outgoing.writableFinished) return
      upstream.destroy()
      resolve(null)
    })
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (hasBegun) return
      onSkipped(`the server at ${base.origin} did not answer (${error.code ?? error.message})`)
      refuse(outgoing, 502, `the server behind this proxy did not answer (${error.code ?? 'broken off'})`)
      resolve(null)
    })
    upstream.on('response', (response) => {
      hasBegun = true
      const chunks: Uint8Array[] = []
      const status = response.statusCode ?? 502
      const finish = (isWhole: boolean) => resolve({ status, headers: plainHeaders(response.headers), chunks, isWhole })
      outgoing.writeHead(status, response.statusMessage, keptHeaders(response.rawHeaders))
      outgoing.flushHeaders()
      response.on('data', (chunk: Buffer) => {
        if (isChat) chunks.push(chunk)
        if (!outgoing.write(chunk)) {
          response.pause()
          outgoing.once('drain', () => response.resume())
        }
      })
      response.on('end', () => {
        outgoing.end()
        finish(true)
      })
      response.on('error', () => {
        // Recorded first: the client's own end of it follows at once.
        finish(false)
        outgoing.destroy()
      })
    })
    upstream.end(body)
  })
}

function keptHeaders(raw: readonly string[]): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]]
    if (PER_CONNECTION.has(name.toLowerCase())) continue
    const before = kept[name.toLowerCase()]
    kept[name.toLowerCase()] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
  }
  return kept
}

function plainHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function jsonOrNull(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}

/** In the form that both dialects understand as an error. */
function refuse(outgoing: ServerResponse, status: number, message: string): void {
  if (outgoing.headersSent) return void outgoing.destroy()
  outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  outgoing.end(JSON.stringify({ error: { message: `codeconductor: ${message}`, type: 'proxy' } }))
}
