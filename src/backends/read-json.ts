import { isObject } from './classify-failure.ts'

/*
 * Readers for bodies whose shape a server decides: absent, null or of the wrong type all read as "the backend did not
 * say", which is null and never 0 or false.
 */

/** Returns the value under a path of keys, or undefined. */
export function pick(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value)
}

/** Returns a finite number of at least 0, else null. */
export function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null
}

/** Returns a non-empty string, else null. */
export function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** Returns the objects of an array; anything else gives none. */
export function objectsOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
