import { BackendError } from '../domain/backend-error.ts'
import type { BackendKind, ModelInfo } from '../domain/model.ts'
import type { Peer } from './exchange.ts'
import { requestJson } from './http.ts'
import { numberOrNull, objectsOf, pick, stringOrNull } from './read-json.ts'

export type OpenaiKind = Extract<BackendKind, 'lmstudio' | 'vllm' | 'llamacpp' | 'openai'>

/** A model and the other names its server takes for it. */
export interface ListedModel {
  readonly info: ModelInfo
  readonly aliases: readonly string[]
}

/** Returns the models that can chat, in the server's order; throws `BackendError`. */
export async function listOpenaiModels(peer: Peer, kind: OpenaiKind, signal: AbortSignal): Promise<readonly ListedModel[]> {
  if (kind === 'lmstudio') {
    const own =
      (await listLmstudio(peer, signal, '/api/v1/models', readLmstudioV1)) ??
      (await listLmstudio(peer, signal, '/api/v0/models', readLmstudioV0))
    if (own !== null) return own
  }
  const body = await requestJson(peer, { method: 'GET', path: '/v1/models', signal })
  const data = pick(body, 'data')
  if (!Array.isArray(data))
    throw new BackendError('protocol', `${peer.backend} lists no models at /v1/models`, { backend: peer.backend })
  const slots = kind === 'llamacpp' ? await readSlots(peer, signal) : null
  return objectsOf(data).flatMap((entry) => {
    const name = stringOrNull(entry['id'])
    if (name === null || (kind === 'lmstudio' && name.startsWith('text-embedding-'))) return []
    return [{ info: { ...blank(peer, kind, name), ...readEntry(kind, entry, slots) }, aliases: stringsOf(entry['aliases']) }]
  })
}

function blank(peer: Peer, kind: OpenaiKind, name: string): ModelInfo {
  return {
    backend: peer.backend,
    kind,
    name,
    isLocal: true,
    isLoaded: null,
    contextTokens: null,
    parameterSize: null,
    quantization: null,
    sizeBytes: null,
    parallelSlots: null,
    digest: null,
  }
}

function readEntry(kind: OpenaiKind, entry: Readonly<Record<string, unknown>>, slots: number | null): Partial<ModelInfo> {
  if (kind === 'vllm') return { isLoaded: true, contextTokens: numberOrNull(entry['max_model_len']) }
  if (kind !== 'llamacpp') return {}
  const meta = entry['meta']
  const status = stringOrNull(pick(entry, 'status', 'value'))
  return {
    // A server of one model has no status and always holds it; a router says.
    isLoaded: status === null ? true : status === 'loaded',
    contextTokens: numberOrNull(pick(meta, 'n_ctx')) ?? numberOrNull(pick(meta, 'n_ctx_train')),
    parameterSize: billions(numberOrNull(pick(meta, 'n_params'))),
    quantization: stringOrNull(pick(meta, 'ftype')),
    sizeBytes: numberOrNull(pick(meta, 'size')),
    parallelSlots: slots,
  }
}

/** llama.cpp's `/props` can be switched off; then the slots are unknown. */
async function readSlots(peer: Peer, signal: AbortSignal): Promise<number | null> {
  const props = await requestJson(peer, { method: 'GET', path: '/props', signal }).catch(() => null)
  return numberOrNull(pick(props, 'total_slots'))
}

/** LM Studio answers 200 with an error body to a path it does not know, so only the shape of the body counts. */
async function listLmstudio(
  peer: Peer,
  signal: AbortSignal,
  path: string,
  read: (peer: Peer, body: unknown) => readonly ListedModel[] | null,
): Promise<readonly ListedModel[] | null> {
  const body = await requestJson(peer, { method: 'GET', path, signal }).catch((error: unknown) => {
    if (error instanceof BackendError && error.failure === 'unsupported') return null
    throw error
  })
  return read(peer, body)
}

/** `/api/v1/models` of LM Studio 0.4 and later. */
function readLmstudioV1(peer: Peer, body: unknown): readonly ListedModel[] | null {
  const models = pick(body, 'models')
  if (!Array.isArray(models)) return null
  return objectsOf(models).flatMap((entry) => {
    const name = stringOrNull(entry['key'])
    if (name === null || entry['type'] === 'embedding') return []
    const instance = objectsOf(entry['loaded_instances'])[0]
    const info: ModelInfo = {
      ...blank(peer, 'lmstudio', name),
      isLoaded: instance !== undefined,
      contextTokens: numberOrNull(pick(instance, 'config', 'context_length')) ?? numberOrNull(entry['max_context_length']),
      parameterSize: stringOrNull(entry['params_string']),
      quantization: stringOrNull(pick(entry, 'quantization', 'name')),
      sizeBytes: numberOrNull(entry['size_bytes']),
      parallelSlots: numberOrNull(pick(instance, 'config', 'parallel')),
    }
    return [{ info, aliases: objectsOf(entry['loaded_instances']).flatMap((each) => stringOrNull(each['id']) ?? []) }]
  })
}

/** `/api/v0/models` of earlier ones. */
function readLmstudioV0(peer: Peer, body: unknown): readonly ListedModel[] | null {
  const data = pick(body, 'data')
  if (!Array.isArray(data)) return null
  return objectsOf(data).flatMap((entry) => {
    const name = stringOrNull(entry['id'])
    if (name === null || entry['type'] === 'embeddings') return []
    const info: ModelInfo = {
      ...blank(peer, 'lmstudio', name),
      isLoaded: entry['state'] === 'loaded',
      contextTokens: numberOrNull(entry['loaded_context_length']) ?? numberOrNull(entry['max_context_length']),
      quantization: stringOrNull(entry['quantization']),
    }
    return [{ info, aliases: [] }]
  })
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

function billions(parameters: number | null): string | null {
  if (parameters === null) return null
  return parameters >= 1e9 ? `${(parameters / 1e9).toFixed(1)}B` : `${Math.round(parameters / 1e6)}M`
}
