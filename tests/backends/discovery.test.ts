import { afterEach, describe, expect, test } from 'vitest'
import {
  type DiscoveryOptions,
  discoverBackends,
  ollamaUrl,
  USUAL_PLACES,
  type UsualPlace,
} from '../../src/backends/discovery.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { createFaultServer, type FaultServer, jsonReply, textReply } from '../support/fault-server.ts'

const clock = createSystemClock()
const servers: FaultServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function start(routes: Readonly<Record<string, unknown>>): Promise<FaultServer> {
  const server = await createFaultServer()
  servers.push(server)
  for (const [path, body] of Object.entries(routes)) server.on(path, jsonReply(200, body))
  return server
}

const V1 = '/v1/models'
const ollama = () => start({ '/api/version': { version: '0.13.5' }, '/api/tags': { models: [] }, [V1]: { data: [] } })
const llamacpp = () =>
  start({
    '/props': { default_generation_settings: {}, total_slots: 2 },
    [V1]: { data: [{ id: 'half', owned_by: 'llamacpp' }] },
    '/api/tags': { models: [] },
  })
const vllm = () => start({ '/version': { version: '0.32.0' }, [V1]: { data: [{ id: 'half', owned_by: 'vllm' }] } })
const unknown = { error: 'Unexpected endpoint or method.' }
const lmstudio = () =>
  start({
    '/api/version': unknown,
    '/api/tags': unknown,
    '/props': unknown,
    '/health': unknown,
    '/api/v1/models': { models: [{ key: 'q', loaded_instances: [] }] },
    [V1]: { data: [{ id: 'q' }] },
  })
const generic = () => start({ [V1]: { data: [{ id: 'q' }] } })

const discover = (usualPlaces: readonly UsualPlace[], more: Partial<DiscoveryOptions> = {}) =>
  discoverBackends({ clock, signal: new AbortController().signal, usualPlaces, ...more })

async function nobody(): Promise<string> {
  const server = await createFaultServer()
  await server.close()
  return server.url
}

describe('discovery', () => {
  test('each make is known by what it answers', async () => {
    const [o, l, c, v] = [await ollama(), await lmstudio(), await llamacpp(), await vllm()]
    const { backends, probes } = await discover([
      { kind: 'ollama', url: o.url },
      { kind: 'lmstudio', url: l.url },
      { kind: 'llamacpp', url: c.url },
      { kind: 'vllm', url: v.url },
    ])
    expect(backends.map((backend) => [backend.id, backend.kind, backend.url])).toEqual([
      ['ollama', 'ollama', o.url],
      ['lmstudio', 'lmstudio', l.url],
      ['llamacpp', 'llamacpp', c.url],
      ['vllm', 'vllm', v.url],
    ])
    expect(probes.map((probe) => probe.outcome)).toEqual(['found', 'found', 'found', 'found'])
  })

  test('a known make on the port of another is used for what it is; a stranger is not used', async () => {
    const [c, web, g] = [await llamacpp(), await start({}), await generic()]
    web.on('/health', textReply(200, 'text/html', '<html>'))
    const { backends, probes } = await discover([
      { kind: 'vllm', url: c.url },
      { kind: 'llamacpp', url: web.url },
      { kind: 'lmstudio', url: g.url },
    ])
    expect(backends.map((backend) => [backend.id, backend.kind])).toEqual([[`llamacpp@127.0.0.1:${c.port}`, 'llamacpp']])
    expect(probes.slice(1)).toEqual([
      { name: 'llamacpp', url: web.url, outcome: 'not-a-backend', detail: 'something else listens there' },
      {
        name: 'lmstudio',
        url: g.url,
        outcome: 'not-a-backend',
        detail: 'OpenAI-compatible, make unknown; name it under backends in the configuration to use it',
      },
    ])
  })

  test('a version alone is not Ollama: many servers have one at that path', async () => {
    const versioned = await start({ '/api/version': { version: '2.1' }, '/api/tags': unknown })
    const { probes } = await discover([{ kind: 'ollama', url: versioned.url }])
    expect(probes.map((probe) => probe.outcome)).toEqual(['not-a-backend'])
  })

  test('where nothing listens or nothing answers, the probe says which', async () => {
    const silent = await createFaultServer()
    servers.push(silent)
    for (const path of ['/props', '/health', '/api/v1/models', '/api/v0/models', '/api/version', '/api/tags', V1])
      silent.on(path, [{ hold: true }])
    const gone = await nobody()
    const { backends, probes } = await discover(
      [
        { kind: 'ollama', url: gone },
        { kind: 'vllm', url: silent.url },
      ],
      { timeoutMs: 100 },
    )
    expect(backends).toEqual([])
    expect(probes).toEqual([
      { name: 'ollama', url: gone, outcome: 'nothing-there', detail: 'nothing listens' },
      { name: 'vllm', url: silent.url, outcome: 'no-answer', detail: 'no answer in time' },
    ])
  })

  test('llama.cpp that still loads its model is found, as loading', async () => {
    const server = await start({})
    for (const path of ['/props', '/health', V1])
      server.on(path, jsonReply(503, { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } }))
    const { backends, probes } = await discover([{ kind: 'llamacpp', url: server.url }])
    expect(backends.map((backend) => backend.kind)).toEqual(['llamacpp'])
    expect(probes).toEqual([{ name: 'llamacpp', url: server.url, outcome: 'loading', detail: 'llamacpp, loading its model' }])
  })

  test('what is switched off is never asked', async () => {
    const [o, l, v] = [await ollama(), await lmstudio(), await vllm()]
    const places: UsualPlace[] = [
      { kind: 'ollama', url: o.url },
      { kind: 'lmstudio', url: l.url },
      { kind: 'vllm', url: v.url },
    ]
    const off = await discover(places, {
      isOllamaDisabled: true,
      isLmstudioDisabled: true,
      enabledKinds: ['ollama', 'LM-Studio'],
    })
    expect(off.backends).toEqual([])
    expect(off.probes.map((probe) => [probe.outcome, probe.detail])).toEqual([
      ['disabled', 'switched off by OLLAMA_DISABLE'],
      ['disabled', 'switched off by LMSTUDIO_DISABLE'],
      ['disabled', 'not among ENGINE_BACKENDS'],
    ])
    const none = await discover(places, { isDiscoveryDisabled: true })
    expect(none).toEqual({ backends: [], probes: [] })
    expect([o, l, v].flatMap((server) => server.requests)).toEqual([])
  })

  test('a configured server is used without discovery, under its own id, even when its make is unknown', async () => {
    const [g, v] = [await generic(), await vllm()]
    const { backends } = await discover([], {
      isDiscoveryDisabled: true,
      configured: [{ url: `${g.url}/v1` }, { id: 'box', kind: 'vllm', url: v.url, apiKey: 'sk-1' }],
    })
    expect(backends.map((backend) => [backend.id, backend.kind])).toEqual([
      [`openai@127.0.0.1:${g.port}`, 'openai'],
      ['box', 'vllm'],
    ])
    expect(v.requests[0]?.headers['authorization']).toBe('Bearer sk-1')
    expect(g.requests[0]?.headers['authorization']).toBe(undefined)
  })

  test('a configured server that is another make than said is not used', async () => {
    const c = await llamacpp()
    const { backends, probes } = await discover([], { configured: [{ kind: 'ollama', url: c.url }] })
    expect(backends).toEqual([])
    expect(probes).toEqual([
      { name: 'ollama', url: c.url, outcome: 'not-a-backend', detail: 'configured as ollama, but it is llamacpp' },
    ])
  })

  test('a place named twice is asked once', async () => {
    const o = await ollama()
    const { backends } = await discover([{ kind: 'ollama', url: o.url }], {
      configured: [{ id: 'mine', url: `http://localhost:${o.port}/` }],
    })
    expect(backends.map((backend) => backend.id)).toEqual(['mine'])
  })

  test('nothing off this machine is asked unless the configuration names it', async () => {
    const { probes } = await discover([{ kind: 'ollama', url: 'http://127.0.0.1:1' }], { ollamaHost: 'models.example.org' })
    expect(probes).toEqual([
      {
        name: 'ollama',
        url: 'http://models.example.org:11434',
        outcome: 'off-machine',
        detail: 'not this machine; name it under backends in the configuration to use it',
      },
    ])
  })

  test('OLLAMA_HOST says where Ollama is', async () => {
    const o = await ollama()
    const { backends } = await discover([{ kind: 'ollama', url: 'http://127.0.0.1:1' }], { ollamaHost: `0.0.0.0:${o.port}` })
    expect(backends.map((backend) => backend.url)).toEqual([o.url])
  })

  test.each([
    ['', 'http://127.0.0.1:11434'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    [':9000', 'http://127.0.0.1:9000'],
    ['[::1]:9000', 'http://[::1]:9000'],
    ['[::]', 'http://127.0.0.1:11434'],
    ['http://localhost', 'http://localhost:80'],
    ['https://host', 'https://host:443'],
    ['"host:1/path/"', 'http://host:1/path'],
  ])('OLLAMA_HOST %j is read as Ollama reads it', (host, url) => {
    expect(ollamaUrl(host)).toBe(url)
  })

  test('an address that is no address is told, not thrown', async () => {
    const { probes } = await discover([], { configured: [{ url: 'not a url' }] })
    expect(probes).toEqual([{ name: 'configured', url: 'not a url', outcome: 'nothing-there', detail: 'not a URL' }])
  })

  test('the usual places are on this machine', () => {
    expect(USUAL_PLACES.map((place) => new URL(place.url).hostname)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1'])
  })
})
