/** Kinds of server there is a backend for; the one list that types, configuration and schemas are made of. */
export const SERVER_KINDS = ['ollama', 'lmstudio', 'vllm', 'llamacpp', 'openai'] as const
export type BackendKind = (typeof SERVER_KINDS)[number] | 'mock' | 'replay'

/** One model a backend can answer with. null = the backend did not say. */
export interface ModelInfo {
  /** Id of the backend instance, e.g. `ollama` or `llamacpp@127.0.0.1:8081`. */
  readonly backend: string
  readonly kind: BackendKind
  /** The model's name as the backend wants it. */
  readonly name: string
  /** False for an entry that the local server would forward elsewhere; such a model is never used. */
  readonly isLocal: boolean
  readonly isLoaded: boolean | null
  /** Tokens one sequence may have as allocated now, else as trained; null when unknown. */
  readonly contextTokens: number | null
  readonly parameterSize: string | null
  readonly quantization: string | null
  readonly sizeBytes: number | null
  /** Requests the backend answers at once for this model. */
  readonly parallelSlots: number | null
  readonly digest: string | null
}

/** `backend/name`, unique among the models of a process. */
export type ModelKey = string

/** Returns the key of a model. */
export function modelKey(model: { readonly backend: string; readonly name: string }): ModelKey {
  return `${model.backend}/${model.name}`
}
