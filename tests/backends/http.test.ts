import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { openExchange, type Peer } from '../../src/backends/exchange.ts'
import { normaliseUrl, requestJson } from '../../src/backends/http.ts'
import { createOllama } from '../../src/backends/ollama.ts'
import { createOpenaiCompatible } from '../../src/backends/openai-compatible.ts'
import { BackendError } from '../../src/domain/backend-error.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { expectFailure } from '../contracts/backend.contract.ts'
import { answerText, chatRequest, collect, collectUntilError } from '../support/chat-request.ts'
import {
  chunk,
  chunkedHead,
  createFaultServer,
  createGate,
  type FaultServer,
  head,
  jsonReply,
  textReply,
} from '../support/fault-server.ts'
import { OPENAI_DIALECT, wireScript } from '../support/wire-backends.ts'

const servers: FaultServer[] = []
const start = async (host?: string) => {
  const server = await createFaultServer(host)
  servers.push(server)
  return server
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const clock = createSystemClock()
const peer = (url: string, more: Partial<Peer> = {}): Peer => ({ backend: 'llamacpp', url, clock, ...more })
const live = () => new AbortController().signal
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )
const get = (url: string) => failure(requestJson(peer(url), { method: 'GET', path: '/x', signal: live() }))

/** A process that listens, is stopped and has its queue of connections filled: the next one hangs. */
async function startDeafServer(): Promise<{ url: string; stop: () => void }> {
  const code =
    "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))"
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGSTOP')
  const port = Number(line.toString())
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  // A queue of one takes two connections on Linux; the other two go on dialling.
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')))
  return {
    url: `http://127.0.0.1:${port}`,
    stop() {
      for (const filler of fillers) filler.destroy()
      child.kill('SIGKILL')
    },
  }
}

describe('http', () => {
  test('nothing listening is unreachable, and the message says where', async () => {
    const server = await createFaultServer()
    await server.close()
    const error = await get(server.url)
    expectFailure(error, 'unreachable')
    expect(String(error)).toContain(`127.0.0.1:${server.port}`)
  })

  test('localhost finds a server that listens on one address family only; ::1 does not find an IPv4 one', async () => {
    const server = await start('127.0.0.1')
    server.on('/x', jsonReply(200, { ok: true }))
    expect(await requestJson(peer(`http://localhost:${server.port}`), { method: 'GET', path: '/x', signal: live() })).toEqual({
      ok: true,
    })
    expectFailure(await get(`http://[::1]:${server.port}`), 'unreachable')
  })

  test('a connection that is not accepted in time is timeout-connect; one given up while connecting is cancelled at once', async () => {
    const deaf = await startDeafServer()
    const dialling = () => process.getActiveResourcesInfo().filter((kind) => kind.endsWith('ConnectWrap')).length
    try {
      await expect.poll(dialling).toBe(2)
      const request = { method: 'GET', path: '/x', signal: live(), connectTimeoutMs: 50 } as const
      expectFailure(await failure(openExchange(peer(deaf.url), request)), 'timeout-connect')
      const stop = new AbortController()
      const pending = failure(openExchange(peer(deaf.url), { ...request, connectTimeoutMs: 60_000, signal: stop.signal }))
      setImmediate(() => stop.abort())
      expectFailure(await pending, 'cancelled')
      // Those of the fillers go on dialling; ours must not.
      await expect.poll(dialling).toBe(2)
    } finally {
      deaf.stop()
    }
  })

  test('a connection closed before the answer is backend-crashed; bytes that are no HTTP are protocol', async () => {
    const server = await start()
    server.on('/x', [{ end: true }])
    expectFailure(await get(server.url), 'backend-crashed')
    server.on('/x', [{ reset: true }])
    expectFailure(await get(server.url), 'backend-crashed')
    server.on('/x', [{ send: 'SSH-2.0-OpenSSH_9.6\r\n' }, { end: true }])
    expectFailure(await get(server.url), 'protocol')
  })

  test('a body that breaks off is truncated-stream however it breaks, and broken chunks are protocol', async () => {
    const server = await start()
    const text = OPENAI_DIALECT.text('Once')
    const keepAlive = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
    const closing = chunkedHead('text/event-stream')
    const sized = head(200, 'text/event-stream', { 'Content-Length': '100000' })
    const endings = {
      'between chunks': [{ send: closing + chunk(text) }, { end: true }],
      'between chunks of a kept connection': [{ send: keepAlive + chunk(text) }, { end: true }],
      'inside a chunk': [{ send: closing + chunk(text) + chunk(text).slice(0, 20) }, { end: true }],
      'inside a chunk of a kept connection': [{ send: keepAlive + chunk(text) + chunk(text).slice(0, 20) }, { end: true }],
      'short of its length': [{ send: sized + text }, { end: true }],
      'without a length': [{ send: head(200, 'text/event-stream') + text }, { end: true }],
    } as const
    const outcomes: Record<string, unknown> = {}
    for (const [name, script] of Object.entries(endings)) {
      server.on(OPENAI_DIALECT.chatPath, script)
      const { events, error } = await collectUntilError(
        createOpenaiCompatible({ kind: 'openai', url: server.url, clock }).chat(chatRequest()),
      )
      outcomes[name] = [answerText(events), error instanceof BackendError ? error.failure : error]
    }
    expect(outcomes).toEqual(Object.fromEntries(Object.keys(endings).map((name) => [name, ['Once', 'truncated-stream']])))

    server.on(OPENAI_DIALECT.chatPath, [{ send: `${closing + chunk(text)}not-a-size\r\n` }, { end: true }])
    const broken = await collectUntilError(createOpenaiCompatible({ kind: 'openai', url: server.url, clock }).chat(chatRequest()))
    expectFailure(broken.error, 'protocol', { afterFirstText: true })
  })

  test('a reset in the middle of a body is truncated-stream', async () => {
    const server = await start()
    const gate = createGate()
    server.on(OPENAI_DIALECT.chatPath, [
      { send: chunkedHead('text/event-stream') + chunk(OPENAI_DIALECT.text('Once')) },
      { wait: gate },
      { reset: true },
    ])
    const iterator = createOpenaiCompatible({ kind: 'openai', url: server.url, clock })
      .chat(chatRequest())
      [Symbol.asyncIterator]()
    expect((await iterator.next()).value).toEqual({ type: 'text', text: 'Once' })
    gate.open()
    expectFailure(await failure(iterator.next()), 'truncated-stream', { afterFirstText: true })
  })

  test('redirects are not followed', async () => {
    const [server, target] = [await start(), await start()]
    for (const status of [301, 302, 307]) {
      server.on('/x', [{ send: head(status, 'text/plain', { Location: `${target.url}/x` }) }, { end: true }])
      expectFailure(await get(server.url), 'protocol', { status })
    }
    expect(target.requests).toEqual([])
  })

  test('proxy variables are not read', async () => {
    const [server, proxy] = [await start(), await start()]
    server.on('/x', jsonReply(200, { ok: true }))
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']
    const before = names.map((name) => process.env[name])
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url
    try {
      expect(await requestJson(peer(server.url), { method: 'GET', path: '/x', signal: live() })).toEqual({ ok: true })
      expect(await createOllama({ url: server.url, clock }).health(live())).toMatchObject({ isLive: false })
    } finally {
      names.forEach((name, index) => {
        const value = before[index]
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      })
    }
    expect(proxy.requests).toEqual([])
  })

  test('a small request has an end even when the server never answers', async () => {
    const server = await start()
    server.on('/x', [{ hold: true }])
    const slow = createSimulatedClock()
    const pending = failure(
      requestJson(peer(server.url, { clock: slow }), { method: 'GET', path: '/x', signal: live(), timeoutMs: 5000 }),
    )
    const seen = await server.nextRequest('/x')
    await slow.advanceAsync(4999)
    expect(server.openSockets()).toBe(1)
    await slow.advanceAsync(1)
    expectFailure(await pending, 'timeout-total')
    await seen.closed
    expect(slow.pendingTimers()).toBe(0)
  })

  test('no timer of ours or of the library ends a silent answer', async () => {
    const server = await start()
    server.on(OPENAI_DIALECT.chatPath, wireScript(OPENAI_DIALECT, { is: 'silent' }))
    const slow = createSimulatedClock()
    const stop = new AbortController()
    const backend = createOpenaiCompatible({ kind: 'vllm', url: server.url, clock: slow })
    let settled = false
    const pending = collectUntilError(backend.chat(chatRequest({ signal: stop.signal }))).finally(() => {
      settled = true
    })
    await server.nextRequest(OPENAI_DIALECT.chatPath)
    expect(slow.pendingTimers()).toBe(0)
    await slow.advanceAsync(86_400_000)
    expect(settled).toBe(false)
    stop.abort()
    expectFailure((await pending).error, 'cancelled')
  })

  test('Retry-After is read in seconds and as a date', async () => {
    const server = await start()
    const simulated = createSimulatedClock({ wallStartMs: Date.UTC(2026, 0, 1) })
    const ask = (retryAfter: string) => {
      server.on('/x', jsonReply(503, { error: 'server busy' }, { 'Retry-After': retryAfter }))
      return failure(requestJson(peer(server.url, { clock: simulated }), { method: 'GET', path: '/x', signal: live() }))
    }
    expectFailure(await ask('2'), 'queue-full', { retryAfterMs: 2000 })
    expectFailure(await ask('Thu, 01 Jan 2026 00:00:03 GMT'), 'queue-full', { retryAfterMs: 3000 })
    expectFailure(await ask('Wed, 31 Dec 2025 00:00:00 GMT'), 'queue-full', { retryAfterMs: 0 })
    const unread = await ask('soon')
    expectFailure(unread, 'queue-full')
    expect(unread instanceof Error && 'retryAfterMs' in Reflect.get(unread, 'facts')).toBe(false)
  })

  test('the start of an endless error body is enough, and an endless listing is given up', async () => {
    const server = await start()
    const flood = Array.from({ length: 300 }, () => ({ send: Buffer.alloc(64 * 1024, 0x61) }))
    server.on('/x', [{ send: head(500, 'text/plain') }, ...flood, { hold: true }])
    expectFailure(await get(server.url), 'backend-internal', { status: 500 })
    server.on('/x', [{ send: head(200, 'application/json') }, ...flood, { hold: true }])
    expectFailure(await get(server.url), 'protocol')
  })

  test('a message of a server is one printable line of bounded length', async () => {
    const server = await start()
    server.on('/x', textReply(500, 'text/plain', `\u001b[31mred\u001b[0m\n\u0000${'x'.repeat(5000)}`))
    const error = await get(server.url)
    expect(error instanceof Error ? error.message : '').toMatch(/^llamacpp answered 500: [ -~]{0,300}…$/)
  })

  test('two hundred cancelled chats leave no socket, timer or listener behind', async () => {
    const server = await start()
    server.on(OPENAI_DIALECT.chatPath, wireScript(OPENAI_DIALECT, { is: 'silent-after', texts: ['Once'] }))
    const slow = createSimulatedClock()
    const backend = createOpenaiCompatible({ kind: 'vllm', url: server.url, clock: slow })
    const warnings: Error[] = []
    const warn = (warning: Error) => warnings.push(warning)
    process.on('warning', warn)
    const shared = new AbortController()
    for (let index = 0; index < 200; index++) {
      for await (const _ of backend.chat(chatRequest({ signal: shared.signal }))) break
    }
    await Promise.all(server.requests.map((request) => request.closed))
    process.off('warning', warn)
    expect({ sockets: server.openSockets(), timers: slow.pendingTimers(), warnings }).toEqual({
      sockets: 0,
      timers: 0,
      warnings: [],
    })
  })

  test('a prompt of ten megabytes arrives whole, and no message repeats it when it is refused', async () => {
    const server = await start()
    const content = 'abcdefghij'.repeat(1_000_000)
    const request = chatRequest({ messages: [{ role: 'user', content }] })
    server.on(OPENAI_DIALECT.chatPath, wireScript(OPENAI_DIALECT, { is: 'status', status: 400, says: `too long: ${content}` }))
    const { error } = await collectUntilError(createOpenaiCompatible({ kind: 'vllm', url: server.url, clock }).chat(request))
    expectFailure(error, 'bad-request')
    expect(String(error).length).toBeLessThan(500)
    const sent = JSON.parse(server.requests[0]?.body ?? '') as { messages: unknown }
    expect(sent.messages).toEqual(request.messages)
  })

  test('each exchange has a socket of its own that is closed when the answer is complete', async () => {
    const server = await start()
    server.on(OPENAI_DIALECT.chatPath, wireScript(OPENAI_DIALECT, { is: 'answer', texts: ['x'], finish: 'stop' }))
    const backend = createOpenaiCompatible({ kind: 'vllm', url: server.url, clock })
    await collect(backend.chat(chatRequest()))
    await collect(backend.chat(chatRequest()))
    await Promise.all(server.requests.map((request) => request.closed))
    expect([server.requests.length, server.openSockets()]).toEqual([2, 0])
  })

  test('base URLs lose a trailing slash and /v1', () => {
    expect(['http://h:1', 'http://h:1/', 'http://h:1/v1', 'http://h:1/v1//'].map(normaliseUrl)).toEqual(
      Array(4).fill('http://h:1'),
    )
  })
})
