import { BackendError } from '../domain/backend-error.ts'
import type { Peer } from './exchange.ts'
import { requestText } from './http.ts'
import { objectsOf, pick, stringOrNull } from './read-json.ts'
import type { ServerKind } from './registry.ts'

/** What listens at an address. */
export type Fingerprint =
  | { readonly is: 'backend'; readonly kind: ServerKind; readonly isLoading: boolean }
  /** Something answers HTTP that is no backend we know. */
  | { readonly is: 'stranger' }
  | { readonly is: 'silent'; readonly failure: BackendError }

export interface FingerprintLimits {
  readonly connectTimeoutMs: number
  readonly timeoutMs: number
}

/** An answer to one probing path: its parsed body, or why there is none. */
type Probe = { readonly body: unknown } | { readonly error: BackendError }

const PATHS = ['/props', '/health', '/api/v1/models', '/api/v0/models', '/api/version', '/api/tags', '/v1/models'] as const

/**
 * Returns which backend listens at `peer`, by the shape of its answers and never by its port or by a status alone:
 * LM Studio answers 200 to Ollama's paths, llama.cpp has a shim for them, and anything may sit on 8000 or 8080.
 * The paths are asked at once.
 */
export async function fingerprint(peer: Peer, limits: FingerprintLimits, signal: AbortSignal): Promise<Fingerprint> {
  const probes = await Promise.all(PATHS.map(async (path) => [path, await probe(peer, path, limits, signal)] as const))
  const byPath = new Map<string, Probe>(probes)
  const failures = probes.flatMap(([, result]) => ('error' in result ? [result.error] : []))
  const first = failures.find((error) => error.facts.status === undefined && error.failure !== 'protocol')
  if (failures.length === PATHS.length && first !== undefined) return { is: 'silent', failure: first }

  const bodyOf = (path: (typeof PATHS)[number]): unknown => {
    const result = byPath.get(path)
    return result !== undefined && 'body' in result ? result.body : null
  }
  if (pick(bodyOf('/props'), 'default_generation_settings') !== undefined) return found('llamacpp')
  const listed = objectsOf(pick(bodyOf('/v1/models'), 'data'))
  if (listed.some((entry) => entry['owned_by'] === 'llamacpp')) return found('llamacpp')
  if (isLoadingLlama(byPath.get('/health'))) return { is: 'backend', kind: 'llamacpp', isLoading: true }
  if (objectsOf(pick(bodyOf('/api/v1/models'), 'models')).some((entry) => Array.isArray(entry['loaded_instances'])))
    return found('lmstudio')
  if (objectsOf(pick(bodyOf('/api/v0/models'), 'data')).some((entry) => typeof entry['state'] === 'string'))
    return found('lmstudio')
  if (listed.some((entry) => entry['owned_by'] === 'vllm')) return found('vllm')
  if (stringOrNull(pick(bodyOf('/api/version'), 'version')) !== null && Array.isArray(pick(bodyOf('/api/tags'), 'models')))
    return found('ollama')
  if (Array.isArray(pick(bodyOf('/v1/models'), 'data'))) return found('openai')
  return { is: 'stranger' }
}

function found(kind: ServerKind): Fingerprint {
  return { is: 'backend', kind, isLoading: false }
}

/** llama.cpp answers 503 with these words on every path while it loads. */
function isLoadingLlama(health: Probe | undefined): boolean {
  return health !== undefined && 'error' in health && health.error.failure === 'load-failed' && health.error.facts.status === 503
}

async function probe(peer: Peer, path: string, limits: FingerprintLimits, signal: AbortSignal): Promise<Probe> {
  try {
    const text = await requestText(peer, { method: 'GET', path, signal, ...limits })
    return { body: JSON.parse(text) as unknown }
  } catch (error) {
    if (error instanceof BackendError) return { error }
    return { body: null }
  }
}
