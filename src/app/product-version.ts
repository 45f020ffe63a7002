import { readFileSync } from 'node:fs'

/** Returns the version of the package, from its own package.json. */
export function productVersion(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
