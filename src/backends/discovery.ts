import type { BackendError } from '../domain/backend-error.ts'
import type { Backend } from '../ports/backend.ts'
import type { Clock } from '../ports/clock.ts'
import { type Fingerprint, fingerprint } from './fingerprint.ts'
import { normaliseUrl } from './http.ts'
import { BACKENDS, type ServerKind } from './registry.ts'

/** A server the user named in the configuration. */
export interface ConfiguredServer {
  readonly id?: string
  /** What it is; when left out it is found out. */
  readonly kind?: ServerKind
  /** May be another machine's: naming it is the permission. */
  readonly url: string
  readonly apiKey?: string
}

export interface DiscoveryOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** `ENGINE_BACKENDS`: the kinds to use at all; absent = every kind. */
  readonly enabledKinds?: readonly string[]
  /** `LMSTUDIO_DISABLE`: nothing is ever sent to LM Studio's port. */
  readonly isLmstudioDisabled?: boolean
  /** `OLLAMA_DISABLE`. */
  readonly isOllamaDisabled?: boolean
  /** `DISCOVERY_DISABLE`: only configured servers. */
  readonly isDiscoveryDisabled?: boolean
  /** `OLLAMA_HOST` in Ollama's own forms (`host`, `host:port`, URL); an address off this machine is not used. */
  readonly ollamaHost?: string
  readonly configured?: readonly ConfiguredServer[]
  /** Default 300 ms. */
  readonly connectTimeoutMs?: number
  /** For each answer, default 3 s: a server busy with a prompt answers slowly. */
  readonly timeoutMs?: number
  /** Where to look unasked; default the usual ports of this machine. */
  readonly usualPlaces?: readonly UsualPlace[]
}

export interface UsualPlace {
  readonly kind: ServerKind
  readonly url: string
}

export type ProbeOutcome = 'found' | 'loading' | 'nothing-there' | 'no-answer' | 'not-a-backend' | 'disabled' | 'off-machine'

/** What was looked for where, and what came of it; the lines of the message when there is no backend. */
export interface Probe {
  readonly name: string
  readonly url: string
  readonly outcome: ProbeOutcome
  /** One sentence part for people. */
  readonly detail: string
}

export interface Discovery {
  /** In the order of the probes. */
  readonly backends: readonly Backend[]
  readonly probes: readonly Probe[]
}

export const USUAL_PLACES: readonly UsualPlace[] = [
  { kind: 'ollama', url: 'http://127.0.0.1:11434' },
  { kind: 'lmstudio', url: 'http://127.0.0.1:1234' },
  { kind: 'llamacpp', url: 'http://127.0.0.1:8080' },
  { kind: 'vllm', url: 'http://127.0.0.1:8000' },
]

interface Candidate {
  readonly id: string | null
  readonly expected: ServerKind | null
  readonly url: string
  readonly apiKey: string | undefined
  readonly isConfigured: boolean
}

/**
 * Returns the backends that answer, asking all places at once. A place is trusted for what its answers show it to be,
 * not for its port; a server of unknown make counts only where the configuration names it. Never throws for what a
 * place does or does not answer. Ids: a configured one's own, else the kind at its usual place, else `kind@host:port`.
 */
export async function discoverBackends(options: DiscoveryOptions): Promise<Discovery> {
  const results = await Promise.all(candidatesOf(options).map((candidate) => examine(candidate, options)))
  return {
    backends: results.flatMap((result) => result.backend ?? []),
    probes: results.map((result) => result.probe),
  }
}

function candidatesOf(options: DiscoveryOptions): readonly Candidate[] {
  const usual = (options.usualPlaces ?? USUAL_PLACES).map((place) => ({
    ...place,
    url: place.kind === 'ollama' && options.ollamaHost !== undefined ? ollamaUrl(options.ollamaHost) : place.url,
  }))
  const configured = (options.configured ?? []).map(
    (server): Candidate => ({
      id: server.id ?? null,
      expected: server.kind ?? null,
      url: normaliseUrl(server.url),
      apiKey: server.apiKey,
      isConfigured: true,
    }),
  )
  const unasked = usual.map(
    (place): Candidate => ({ id: null, expected: place.kind, url: place.url, apiKey: undefined, isConfigured: false }),
  )
  const all = options.isDiscoveryDisabled === true ? configured : [...configured, ...unasked]
  const seen = new Set<string>()
  return all.filter((candidate) => {
    const place = samePlace(candidate.url)
    return !seen.has(place) && seen.add(place)
  })
}

async function examine(candidate: Candidate, options: DiscoveryOptions): Promise<{ probe: Probe; backend: Backend | null }> {
  const name = candidate.id ?? candidate.expected ?? 'configured'
  const { url } = candidate
  const without = (outcome: ProbeOutcome, detail: string) => ({ probe: { name, url, outcome, detail }, backend: null })

  const reason = candidate.expected === null ? null : disabledReason(candidate.expected, options)
  if (reason !== null) return without('disabled', reason)
  if (!URL.canParse(url)) return without('nothing-there', 'not a URL')
  if (!candidate.isConfigured && !isLoopback(url)) {
    return without('off-machine', 'not this machine; name it under backends in the configuration to use it')
  }

  const peer = { backend: name, url, clock: options.clock, apiKey: candidate.apiKey }
  const limits = { connectTimeoutMs: options.connectTimeoutMs ?? 300, timeoutMs: options.timeoutMs ?? 3000 }
  const seen = await fingerprint(peer, limits, options.signal)
  if (seen.is === 'silent') return without(...silence(seen.failure))
  const kind = kindToTrust(candidate, seen)
  if (kind === null) return without('not-a-backend', strangeness(candidate, seen))
  const late = disabledReason(kind, options)
  if (late !== null) return without('disabled', late)

  const id = candidate.id ?? idFor(kind, url, options.usualPlaces ?? USUAL_PLACES)
  const backend = await BACKENDS[kind]({
    id,
    url,
    clock: options.clock,
    ...(candidate.apiKey === undefined ? {} : { apiKey: candidate.apiKey }),
  })
  const isLoading = seen.is === 'backend' && seen.isLoading
  return {
    probe: { name: id, url, outcome: isLoading ? 'loading' : 'found', detail: isLoading ? `${kind}, loading its model` : kind },
    backend,
  }
}

function kindToTrust(candidate: Candidate, seen: Fingerprint): ServerKind | null {
  if (seen.is !== 'backend') return null
  if (seen.kind !== 'openai')
    return candidate.isConfigured && candidate.expected !== null && !agrees(candidate.expected, seen.kind) ? null : seen.kind
  return candidate.isConfigured ? (candidate.expected ?? 'openai') : null
}

/** A server of a known make may be configured as plainly OpenAI-compatible. */
function agrees(expected: ServerKind, seen: ServerKind): boolean {
  return expected === seen || expected === 'openai'
}

function strangeness(candidate: Candidate, seen: Fingerprint): string {
  if (seen.is === 'backend' && seen.kind !== 'openai') return `configured as ${candidate.expected}, but it is ${seen.kind}`
  if (seen.is === 'backend') return 'OpenAI-compatible, make unknown; name it under backends in the configuration to use it'
  return 'something else listens there'
}

function silence(failure: BackendError): [ProbeOutcome, string] {
  if (failure.failure === 'unreachable') return ['nothing-there', 'nothing listens']
  if (failure.failure === 'cancelled') return ['no-answer', 'given up']
  return ['no-answer', failure.failure === 'timeout-connect' ? 'no connection in time' : 'no answer in time']
}

function disabledReason(kind: ServerKind, options: DiscoveryOptions): string | null {
  if (kind === 'lmstudio' && options.isLmstudioDisabled === true) return 'switched off by LMSTUDIO_DISABLE'
  if (kind === 'ollama' && options.isOllamaDisabled === true) return 'switched off by OLLAMA_DISABLE'
  const enabled = options.enabledKinds?.map((each) =>
    each
      .trim()
      .toLowerCase()
      .replace(/[^a-z]/g, ''),
  )
  return enabled !== undefined && !enabled.includes(kind) ? 'not among ENGINE_BACKENDS' : null
}

/** Ollama's own reading of its variable: scheme and port may be missing, and the any-address means this machine. */
export function ollamaUrl(host: string): string {
  const trimmed = host.trim().replace(/^['"]|['"]$/g, '')
  const hasScheme = /^https?:\/\//i.test(trimmed)
  const withScheme = hasScheme ? trimmed : `http://${trimmed === '' ? '127.0.0.1' : trimmed.replace(/^:/, '127.0.0.1:')}`
  if (!URL.canParse(withScheme)) return withScheme
  const url = new URL(withScheme)
  const isAny = url.hostname === '0.0.0.0' || url.hostname === '[::]'
  const hasPort = /:\d+(?:\/|$)/.test(withScheme.replace(/^https?:\/\//i, ''))
  const port = hasPort
    ? url.port || (url.protocol === 'https:' ? '443' : '80')
    : hasScheme
      ? url.protocol === 'https:'
        ? '443'
        : '80'
      : '11434'
  return normaliseUrl(`${url.protocol}//${isAny ? '127.0.0.1' : url.hostname}:${port}${url.pathname}`)
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function samePlace(url: string): string {
  if (!URL.canParse(url)) return url
  const { protocol, hostname, port, pathname } = new URL(url)
  return `${protocol}//${hostname === 'localhost' ? '127.0.0.1' : hostname}:${port}${pathname}`
}

function idFor(kind: ServerKind, url: string, usual: readonly UsualPlace[]): string {
  const isUsual = usual.some((place) => place.kind === kind && samePlace(place.url) === samePlace(url))
  return isUsual ? kind : `${kind}@${new URL(url).host}`
}
