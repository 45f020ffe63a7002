import { pick, stringOrNull } from './read-json.ts'

/** True for the names of Ollama's cloud models: `gpt-oss:120b-cloud`, `glm-4.6:cloud`. */
export function isCloudName(name: string): boolean {
  return /[:-]cloud$/i.test(name)
}

/** True for a listing, a shown model or a record that names another host. */
export function isRemoteEntry(entry: unknown): boolean {
  return stringOrNull(pick(entry, 'remote_host')) !== null || stringOrNull(pick(entry, 'remote_model')) !== null
}
