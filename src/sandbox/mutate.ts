/** Replacements that change what code does while it still parses, tried in order. */
const MUTATIONS: readonly (readonly [RegExp, string])[] = [
  [/(?<=[\w)\]] )\+(?= [\w([])/, '-'],
  [/(?<=[\w)\]] )-(?= [\w([])/, '+'],
  [/(?<=[\w)\]] )\*(?= [\w([])/, '+'],
  [/(?<=[\w)\]] )<=?(?= [\w([-])/, '>'],
  [/(?<=[\w)\]] )>=?(?= [\w([-])/, '<'],
  [/(?<=[\w)\]] )===?(?= )/, '!='],
  [/\breturn (?!None\b|null\b|undefined\b)[^\n;{]+/, 'return None'],
  [/=> (?!\{)[^\n;]+/, '=> null'],
]

/**
 * Returns up to `count` variants of `code`, each with one small change that tests that bite should notice. Several, because a change may
 * happen to change nothing (`x + 0`). Pure.
 */
export function mutants(code: string, count = 3): readonly string[] {
  const isPython = /^\s*(def|class|import|from) /m.test(code) && !/[{};]\s*$/m.test(code)
  const found = MUTATIONS.map(([pattern, replacement]) =>
    code.replace(pattern, replacement === 'return None' && !isPython ? 'return null' : replacement),
  )
  return [...new Set(found)].filter((mutant) => mutant !== code).slice(0, count)
}
