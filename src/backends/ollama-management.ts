import type { Ollama } from 'ollama/browser'
import { BackendError } from '../domain/backend-error.ts'
import type { ModelInfo } from '../domain/model.ts'
import type { Peer } from './exchange.ts'
import { requestJson } from './http.ts'
import { isCloudName, isRemoteEntry } from './ollama-names.ts'
import { numberOrNull, objectsOf, pick, stringOrNull } from './read-json.ts'

/*
 * Ollama's listing calls through its own package, which knows the paths and shapes. It is given our exchange as its
 * fetch: a failed status is classified before the package sees it, the signal closes the socket, proxies are not read.
 */

/** Shows are cheap but one per model; this many at a time. */
const CONCURRENT_SHOWS = 8

async function createClient(peer: Peer, signal: AbortSignal): Promise<Ollama> {
  const { Ollama } = await import('ollama/browser')
  const overOurSocket: typeof fetch = async (input, init) => {
    const path = new URL(String(input)).pathname.slice(new URL(peer.url).pathname.replace(/\/$/, '').length)
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined
    const value = await requestJson(peer, { method: init?.method === 'POST' ? 'POST' : 'GET', path, body, signal })
    return new Response(JSON.stringify(value), { status: 200, headers: { 'content-type': 'application/json' } })
  }
  return new Ollama({ host: peer.url, fetch: overOurSocket })
}

/** Returns Ollama's version; throws `BackendError`, `protocol` when the answer holds none. */
export async function readOllamaVersion(peer: Peer, signal: AbortSignal): Promise<string> {
  const client = await createClient(peer, signal)
  const version = stringOrNull(pick(await client.version(), 'version'))
  if (version === null)
    throw new BackendError('protocol', `${peer.backend} names no version; is it Ollama?`, { backend: peer.backend })
  return version
}

/** Returns what `/api/show` says of a model; throws `BackendError`, `model-not-found` for an unknown one. */
export async function showOllamaModel(peer: Peer, model: string, signal: AbortSignal): Promise<unknown> {
  const client = await createClient(peer, signal)
  return client.show({ model })
}

/**
 * Returns the models that can chat, in Ollama's order. The window is the allocated one of a loaded model, else the one
 * trained for. A model whose details cannot be read is listed without them.
 */
export async function listOllamaModels(peer: Peer, backend: string, signal: AbortSignal): Promise<readonly ModelInfo[]> {
  const client = await createClient(peer, signal)
  const [tags, running] = await Promise.all([client.list(), client.ps()])
  const entries: unknown = pick(tags, 'models')
  if (!Array.isArray(entries))
    throw new BackendError('protocol', `${peer.backend} lists no models; is it Ollama?`, { backend: peer.backend })
  const loadedByDigest = new Map(objectsOf(pick(running, 'models')).map((entry) => [entry['digest'], entry]))

  const describe = async (entry: unknown): Promise<ModelInfo | null> => {
    const name = stringOrNull(pick(entry, 'name')) ?? stringOrNull(pick(entry, 'model'))
    if (name === null) return null
    const isLocal = !isCloudName(name) && !isRemoteEntry(entry)
    const shown: unknown = isLocal ? await client.show({ model: name }).catch(() => null) : null
    const capabilities = pick(shown, 'capabilities')
    if (Array.isArray(capabilities) && !capabilities.includes('completion')) return null
    const loaded = loadedByDigest.get(pick(entry, 'digest'))
    return {
      backend,
      kind: 'ollama',
      name,
      isLocal: isLocal && !isRemoteEntry(shown),
      isLoaded: loaded !== undefined,
      contextTokens: numberOrNull(loaded?.['context_length']) ?? trainedContext(shown),
      parameterSize: stringOrNull(pick(entry, 'details', 'parameter_size')),
      quantization: stringOrNull(pick(entry, 'details', 'quantization_level')),
      sizeBytes: numberOrNull(pick(entry, 'size')),
      parallelSlots: null,
      digest: stringOrNull(pick(entry, 'digest')),
    }
  }

  const models: ModelInfo[] = []
  for (let from = 0; from < entries.length; from += CONCURRENT_SHOWS) {
    const described = await Promise.all(entries.slice(from, from + CONCURRENT_SHOWS).map(describe))
    models.push(...described.filter((model) => model !== null))
  }
  return models
}

function trainedContext(shown: unknown): number | null {
  const architecture = stringOrNull(pick(shown, 'model_info', 'general.architecture'))
  return architecture === null ? null : numberOrNull(pick(shown, 'model_info', `${architecture}.context_length`))
}
