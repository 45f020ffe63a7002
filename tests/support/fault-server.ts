import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** Holds a script until a test opens it: pauses without sleeping. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function createGate(): Gate {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

export type WireStep =
  /** Bytes as they go on the wire. */
  | { readonly send: string | Uint8Array }
  | { readonly wait: Gate }
  /** FIN after what was sent. */
  | { readonly end: true }
  /** RST. */
  | { readonly reset: true }
  /** Leaves the connection open and says nothing more. */
  | { readonly hold: true }
export type WireScript = readonly WireStep[]

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Resolves when the client's side of the socket is gone. */
  readonly closed: Promise<void>
}

export type Responder = (request: SeenRequest) => WireScript

export interface FaultServer {
  readonly url: string
  readonly port: number
  readonly requests: readonly SeenRequest[]
  /** Sets what a path answers; later calls win. An unset path answers 404 in the manner of FastAPI. */
  on(path: string, respond: Responder | WireScript): void
  /** Resolves with the next request to `path` not yet handed out, in order of arrival. */
  nextRequest(path: string): Promise<SeenRequest>
  openSockets(): number
  close(): Promise<void>
}

/** A raw TCP server that reads HTTP/1.1 requests and answers each with a script of bytes, faults included. */
export async function createFaultServer(host = '127.0.0.1'): Promise<FaultServer> {
  const responders = new Map<string, Responder>()
  const requests: SeenRequest[] = []
  const handedOut = new Map<string, number>()
  const waiting: { path: string; resolve: (request: SeenRequest) => void }[] = []
  const sockets = new Set<Socket>()

  const receive = (socket: Socket, request: SeenRequest) => {
    requests.push(request)
    const path = request.path.split('?')[0] ?? ''
    const index = waiting.findIndex((each) => each.path === path)
    if (index >= 0) {
      handedOut.set(path, (handedOut.get(path) ?? 0) + 1)
      waiting.splice(index, 1)[0]?.resolve(request)
    }
    const respond = responders.get(path) ?? (() => jsonReply(404, { detail: 'Not Found' }))
    void play(socket, respond(request))
  }

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let bytes = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      const request = parseRequest(bytes, closed)
      if (request === null) return
      bytes = Buffer.alloc(0)
      receive(socket, request)
    })
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests,
    on(path, respond) {
      responders.set(path, typeof respond === 'function' ? respond : () => respond)
    },
    nextRequest(path) {
      const taken = handedOut.get(path) ?? 0
      const arrived = requests.filter((request) => request.path.split('?')[0] === path)[taken]
      if (arrived !== undefined) {
        handedOut.set(path, taken + 1)
        return Promise.resolve(arrived)
      }
      return new Promise((resolve) => waiting.push({ path, resolve }))
    },
    openSockets: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function play(socket: Socket, script: WireScript): Promise<void> {
  for (const step of script) {
    if (socket.destroyed) return
    if ('send' in step) await new Promise<void>((resolve) => socket.write(step.send, () => resolve()))
    else if ('wait' in step) await step.wait.opened
    else if ('reset' in step) socket.resetAndDestroy()
    else if ('end' in step) socket.end()
    else return
  }
}

function parseRequest(bytes: Buffer, closed: Promise<void>): SeenRequest | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const [first = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const length = Number(headers['content-length'] ?? 0)
  const body = bytes.subarray(headEnd + 4)
  return body.length < length ? null : { method, path, headers, body: body.toString('utf8'), closed }
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  500: 'Internal Server Error',
}

/** The head of a response whose body ends with the connection. */
export function head(status: number, contentType: string, extra: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ 'Content-Type': contentType, Connection: 'close', ...extra }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `HTTP/1.1 ${status} ${REASONS[status] ?? 'Other'}\r\n${lines.join('')}\r\n`
}

/** The head of a chunked response, as every one of the servers streams to a client that asks for one answer a connection. */
export function chunkedHead(contentType: string): string {
  return head(200, contentType, { 'Transfer-Encoding': 'chunked' })
}

/** One HTTP chunk. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

/** The chunk that ends a body cleanly. */
export const LAST_CHUNK = '0\r\n\r\n'

/** A whole JSON answer. */
export function jsonReply(status: number, value: unknown, extra: Readonly<Record<string, string>> = {}): WireScript {
  const text = JSON.stringify(value)
  return [
    { send: head(status, 'application/json', { ...extra, 'Content-Length': String(Buffer.byteLength(text)) }) + text },
    { end: true },
  ]
}

/** Any other whole answer. */
export function textReply(status: number, contentType: string, text: string): WireScript {
  return [{ send: head(status, contentType) + text }, { end: true }]
}
