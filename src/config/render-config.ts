import type { LoadedConfig } from '../domain/config.ts'
import { toEntries } from './config-entries.ts'
import { toPrintable } from './explain-issues.ts'

const WIDEST_VALUE = 60

/**
 * Returns the configuration, one value a line (`limits.turnTimeoutSeconds: 300`, JSON on the right), in the order of its
 * fields; with `origin`, what set it stands behind. Tokens are in no configuration: a backend shows the name of the variable
 * that holds its own.
 */
export function renderConfig({ config, origins }: LoadedConfig, options: { readonly origin: boolean }): string {
  const lines = toEntries(config).map(({ path, value }) => ({ path, text: toPrintable(`${path}: ${JSON.stringify(value)}`) }))
  const width = Math.min(WIDEST_VALUE, Math.max(...lines.map(({ text }) => text.length)))
  const rendered = lines.map(({ path, text }) => {
    if (!options.origin) return text
    const origin = origins.get(path)
    return `${text.padEnd(width)}  # ${toPrintable(origin === undefined ? 'built-in' : `${origin.source} ${origin.where}`.trim())}`
  })
  return `${rendered.join('\n')}\n`
}
