import { CONFIG_GROUPS, type Config, type ConfigFile } from '../domain/config.ts'

/** A field of a configuration by its dotted path. */
export interface ConfigEntry {
  readonly path: string
  readonly value: unknown
}

/** Returns every field that is present, those of groups one by one (`limits.quorum`), in the order they stand in. */
export function toEntries(config: Config | ConfigFile): ConfigEntry[] {
  return Object.entries(config).flatMap(([key, value]): ConfigEntry[] =>
    isGroup(key) && typeof value === 'object' && value !== null
      ? Object.entries(value).map(([field, part]) => ({ path: `${key}.${field}`, value: part }))
      : [{ path: key, value }],
  )
}

/** Returns the plain object the entries make up; every group is present. The inverse of `toEntries`. */
export function fromEntries(entries: readonly ConfigEntry[]): Record<string, unknown> {
  const config: Record<string, unknown> = Object.fromEntries(
    entries.filter(({ path }) => !path.includes('.')).map(({ path, value }) => [path, value]),
  )
  for (const group of CONFIG_GROUPS) {
    const fields = entries.filter(({ path }) => path.startsWith(`${group}.`))
    config[group] = Object.fromEntries(fields.map(({ path, value }) => [path.slice(group.length + 1), value]))
  }
  return config
}

function isGroup(key: string): boolean {
  return CONFIG_GROUPS.some((group) => group === key)
}
