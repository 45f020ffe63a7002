import type { BackendFailure } from '../domain/backend-error.ts'

/** What a server said when it refused or gave up. `status` 200 = an error record inside a stream that had begun. */
export interface ServerComplaint {
  readonly status: number
  readonly text: string
  /** `error.type` or `error.code` where the server has such words. */
  readonly type?: string | undefined
}

/** Marks of exhausted memory: Ollama's own list (llm/status.go), its scheduler's and LM Studio's guard. */
const OUT_OF_MEMORY =
  /out of memory|out of device memory|cudamalloc failed|hipmalloc failed|failed to allocate|allocation failed|not enough memory|insufficient memory|out_of_device_memory|erroroutofmemory|requires more system memory|insufficient system resources/i
const CONTEXT_OVERFLOW =
  /exceed_context_size|exceeds? (?:the )?(?:available |model'?s? )?(?:maximum )?context|longer than the context length|maximum context length is|greater than the context length|context length exceeded|context_length_exceeded|input length \(\d+\) exceeds/i
const CRASHED =
  /runner has unexpectedly stopped|error was encountered while running the model|unexpected eof|enginedead|engine ?core.*(?:died|dead)|process has terminated|runner process no longer running/i
const LOAD_FAILED = /loading model|unable to load|failed to load|error loading|may be incompatible|model is (?:still )?loading/i
const QUEUE_FULL = /server busy|pending requests|queue (?:is )?full|no slot|too many requests|overloaded/i
const MODEL_NOT_FOUND =
  /model_not_found|model .{0,200}(?:not found|does not exist|no such)|no models? (?:is |are )?loaded|not found, try pulling/is
const UNSUPPORTED = /does not support|not_supported|not supported|unsupported/i
/** Chat templates that raise; llama.cpp answers 500 for them although a second try cannot help. */
const TEMPLATE = /roles must alternate|system role|only user,? (?:and )?assistant|jinja|chat template/i
const CLOUD = /cloud|remote model/i

/** Returns the failure word for what a server answered. Total: any status and text give a word. */
export function classifyFailure({ status, text, type = '' }: ServerComplaint): BackendFailure {
  const words = `${type} ${text}`
  if (OUT_OF_MEMORY.test(words)) return 'out-of-memory'
  if (CONTEXT_OVERFLOW.test(words)) return 'context-overflow'
  if (status === 401) return 'auth'
  if (status === 403) return CLOUD.test(text) ? 'remote-refused' : 'auth'
  if ((status === 200 || status >= 500) && CRASHED.test(words)) return 'backend-crashed'
  if (MODEL_NOT_FOUND.test(words)) return 'model-not-found'
  if (LOAD_FAILED.test(words)) return 'load-failed'
  if (status === 429 || QUEUE_FULL.test(words)) return 'queue-full'
  if (TEMPLATE.test(words)) return 'bad-request'
  if (status === 404 || status === 405 || status === 501 || UNSUPPORTED.test(words)) return 'unsupported'
  return byStatus(status)
}

function byStatus(status: number): BackendFailure {
  if (status === 503) return 'queue-full'
  if (status === 200 || status === 499 || status >= 500) return 'backend-internal'
  if (status >= 400) return 'bad-request'
  return 'protocol'
}

/**
 * Returns the complaint inside a parsed body or record, or null when it holds none. Understands `{error: "text"}`,
 * `{error: {message, type, code}}`, vLLM's older `{object: "error", message}` and FastAPI's `{detail}`. A numeric code
 * inside a 200 stream replaces the status.
 */
export function findComplaint(value: unknown, status: number): ServerComplaint | null {
  if (!isObject(value)) return null
  const error = value['error']
  if (typeof error === 'string' && error !== '') return { status, text: error }
  if (isObject(error)) return fromErrorObject(error, status)
  if (value['object'] === 'error') return fromErrorObject(value, status)
  if (status >= 400 && value['detail'] !== undefined) return { status, text: textOf(value['detail']) }
  return null
}

function fromErrorObject(error: Readonly<Record<string, unknown>>, status: number): ServerComplaint {
  const code = error['code']
  const words = [error['type'], code].filter((word) => typeof word === 'string')
  return {
    status: status === 200 && typeof code === 'number' && code >= 400 ? code : status,
    text: textOf(error['message'] ?? 'no message'),
    ...(words.length === 0 ? {} : { type: words.join(' ') }),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** True for a plain JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
