import { createHash } from 'node:crypto'
import type { ChatMessage, Sampling } from '../domain/message.ts'

/** What decides an answer; two requests that agree in this are the same question. */
export interface KeyedRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly sampling: Sampling
}

/** Returns the SHA-256 of the canonical request, hex: ids, deadlines and signals do not count. */
export function requestKey(request: KeyedRequest): string {
  return createHash('sha256').update(canonicalRequest(request)).digest('hex')
}

/** Returns the request's deciding fields as canonical JSON. */
function canonicalRequest({ model, messages, sampling }: KeyedRequest): string {
  return canonicalJson({ model, messages: messages.map(({ role, content }) => ({ role, content })), sampling })
}

/** Returns JSON with sorted keys and no spaces, in the manner of RFC 8785; undefined fields are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each === undefined ? null : each)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
  return `{${fields.join(',')}}`
}
