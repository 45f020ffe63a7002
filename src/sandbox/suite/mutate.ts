/** Replacements that change what code does while it still parses, tried in order. */
const MUTATIONS: readonly (readonly [RegExp, string])[] = [
  [/(?<=[\w)\]] )\+(?= [\w([])/g, '-'],
  [/(?<=[\w)\]] )-(?= [\w([])/g, '+'],
  [/(?<=[\w)\]] )\*(?= [\w([])/g, '+'],
  [/(?<=[\w)\]] )<=?(?= [\w([-])/g, '>'],
  [/(?<=[\w)\]] )>=?(?= [\w([-])/g, '<'],
  [/(?<=[\w)\]] )===?(?= )/g, '!='],
  [/\breturn (?!None\b|null\b|undefined\b)[^\n;{]+/g, 'return NOTHING'],
  [/=> (?!\{)[^\n;,]+/g, '=> NOTHING'],
]
/** How a body begins. A mutant that empties one is only needed where the changes above change nothing. */
const PYTHON_BODY = /^[ \t]*(?:async )?def [^\n]*:[ \t]*\n+([ \t]+)/gm
const PYTHON_LINE = /^[ \t]*(?:async )?def [^\n]*?\)(?: *->[^\n:]*)?:[ \t]+(?=[^\s#])/gm
const JAVASCRIPT_BODY = /(?:\bfunction\b[^\n{}]*\)|=>)[ \t]*\{/g

/**
 * Returns up to `count` variants of `code`, each with one small change that tests that bite should notice. Several, because a change may
 * happen to change nothing (`x + 0`); where `names` (what the tests take from the code) are given, changes in those come first. None of
 * them is known to parse: a mutant that does not is no evidence, and the caller must not take it for one. Pure.
 */
export function mutants(code: string, count = 4, names: readonly string[] = []): readonly string[] {
  const isPython = /^\s*(def|class|import|from) /m.test(code) && !/[{};]\s*$/m.test(code)
  const nothing = isPython ? 'None' : 'null'
  const start = firstUse(code, names)
  const small = MUTATIONS.map(([pattern, replacement]) =>
    change(code, pattern, start, ([found]) => {
      if (replacement.endsWith('NOTHING') && !isWhole(found)) return null
      return replacement.replace('NOTHING', nothing)
    }),
  )
  const empty = isPython
    ? [
        change(code, PYTHON_BODY, start, ([found, indent = '']) => `${found}return None\n${indent}`),
        change(code, PYTHON_LINE, start, ([found]) => `${found}return None; `),
      ]
    : [change(code, JAVASCRIPT_BODY, start, ([found]) => `${found} return null;`)]
  const unlike = (all: readonly string[]): readonly string[] => [...new Set(all)].filter((mutant) => mutant !== code)
  return unlike([...unlike(small).slice(0, Math.max(1, count - 1)), ...empty, ...small]).slice(0, count)
}

/** Changes the first place at or behind `start` that `to` takes, else the first before it. */
function change(code: string, pattern: RegExp, start: number, to: (found: RegExpMatchArray) => string | null): string {
  const places = [...code.matchAll(pattern)]
  for (const place of [...places.filter(({ index }) => index >= start), ...places.filter(({ index }) => index < start)]) {
    const by = to(place)
    if (by !== null) return code.slice(0, place.index) + by + code.slice(place.index + place[0].length)
  }
  return code
}

/** Returns where the first of `names` is declared in `code`; 0 when none is. */
function firstUse(code: string, names: readonly string[]): number {
  const places = names
    .filter((name) => /^[\w$]+$/.test(name))
    .map((name) =>
      code.search(
        new RegExp(`(?:\\bdef|\\bfunction\\*?|\\bclass|\\bconst|\\blet|\\bvar)\\s+${name.replaceAll('$', '\\$')}(?![\\w$])`),
      ),
    )
    .filter((at) => at >= 0)
  return places.length === 0 ? 0 : Math.min(...places)
}

/** Whether an expression ends where its line does: brackets and quotes are closed, and nothing asks for more. */
function isWhole(found: string): boolean {
  let depth = 0
  let quote = ''
  for (const char of found) {
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if ('\'"`'.includes(char)) quote = char
    else if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char)) depth--
    if (depth < 0) return false
  }
  return depth === 0 && quote === '' && !/(?:[-+*/%&|<>=,.?:(\\]|\b(?:and|or|not|in|is|if|else))\s*$/.test(found)
}
