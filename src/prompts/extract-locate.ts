/**
 * Where in a file an edit belongs. A place is accepted only if it is the only one of its kind; the kinds are tried in
 * this order: the lines as written, trailing blanks aside, shifted as a whole by one indent.
 */

export type Place =
  | { readonly kind: 'found'; readonly at: number; readonly length: number; readonly reindent: (line: string) => string | null }
  | { readonly kind: 'ambiguous'; readonly count: number }
  | { readonly kind: 'absent' }

const asWritten = (line: string): string | null => line

/** Returns the only place of `wanted` (not empty) in `lines[from, to)`. Linear in both (Knuth, Morris, Pratt on lines). */
export function locate(lines: readonly string[], wanted: readonly string[], from = 0, to = lines.length): Place {
  const exact = decide(matches(lines, wanted, from, to, 2), wanted.length, asWritten)
  if (exact !== null) return exact
  const ended = lines.map((line) => line.trimEnd())
  const wantedEnded = wanted.map((line) => line.trimEnd())
  const blankless = decide(matches(ended, wantedEnded, from, to, 2), wanted.length, asWritten)
  if (blankless !== null) return blankless
  return locateShifted(ended, wantedEnded, from, to) ?? { kind: 'absent' }
}

function decide(found: readonly number[], length: number, reindent: (line: string) => string | null): Place | null {
  const [at] = found
  if (at === undefined) return null
  return found.length > 1 ? { kind: 'ambiguous', count: found.length } : { kind: 'found', at, length, reindent }
}

/** Start indices of `wanted` in `lines[from, to)`, overlapping ones too, at most `limit`. */
function matches(
  lines: readonly string[],
  wanted: readonly string[],
  from: number,
  to: number,
  limit: number,
): readonly number[] {
  if (wanted.length === 0) return []
  const back: number[] = [0]
  for (let at = 1, matched = 0; at < wanted.length; at++) {
    while (matched > 0 && wanted[at] !== wanted[matched]) matched = back[matched - 1] ?? 0
    if (wanted[at] === wanted[matched]) matched += 1
    back.push(matched)
  }
  const found: number[] = []
  for (let at = from, matched = 0; at < to && found.length < limit; at++) {
    while (matched > 0 && lines[at] !== wanted[matched]) matched = back[matched - 1] ?? 0
    if (lines[at] === wanted[matched]) matched += 1
    if (matched === wanted.length) {
      found.push(at - wanted.length + 1)
      matched = back[matched - 1] ?? 0
    }
  }
  return found
}

const indentOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? ''

/** The same lines, all moved right or all moved left by the same blanks. */
function locateShifted(lines: readonly string[], wanted: readonly string[], from: number, to: number): Place | null {
  const first = wanted.findIndex((line) => line !== '')
  const wantedFirst = wanted[first]
  if (wantedFirst === undefined) return null
  const bare = matches(
    lines.map((line) => line.trimStart()),
    wanted.map((line) => line.trimStart()),
    from,
    to,
    MAX_SHIFTED,
  )
  const places: { at: number; add: string; drop: string }[] = []
  for (const at of bare) {
    const have = indentOf(lines[at + first] ?? '')
    const want = indentOf(wantedFirst)
    const add = have.endsWith(want) ? have.slice(0, have.length - want.length) : ''
    const drop = have.endsWith(want) ? '' : want.endsWith(have) ? want.slice(0, want.length - have.length) : null
    if (drop === null) continue
    const fits = wanted.every((line, index) => line === '' || shift(line, add, drop) === lines[at + index])
    if (fits) places.push({ at, add, drop })
    if (places.length > 1) break
  }
  const [only] = places
  if (only === undefined) return null
  // So many look-alikes that not all were examined: uniqueness is not known.
  if (places.length > 1 || bare.length === MAX_SHIFTED) return { kind: 'ambiguous', count: Math.max(2, places.length) }
  return { kind: 'found', at: only.at, length: wanted.length, reindent: (line) => shift(line, only.add, only.drop) }
}

/** How many places that differ in indent alone are compared line by line. */
const MAX_SHIFTED = 200

function shift(line: string, add: string, drop: string): string | null {
  if (line.trim() === '') return line
  return line.startsWith(drop) ? add + line.slice(drop.length) : null
}

const MAX_SUGGESTED_WORDS = 20_000

/**
 * Returns the region most like `wanted`, for the message that refuses an edit, or null below a likeness of 0.8. Likeness is
 * the share of common words (Dice) between `wanted` and a window of as many lines; one pass with running counts.
 */
export function nearestRegion(
  lines: readonly string[],
  wanted: readonly string[],
): { readonly from: number; readonly likeness: number } | null {
  const words = (line: string): readonly string[] => line.match(/[A-Za-z0-9_]+|[^\sA-Za-z0-9_]/g) ?? []
  const want = new Map<string, number>()
  let wantTotal = 0
  for (const line of wanted)
    for (const word of words(line)) {
      want.set(word, (want.get(word) ?? 0) + 1)
      wantTotal += 1
    }
  if (wantTotal === 0 || wantTotal > MAX_SUGGESTED_WORDS || lines.length > MAX_SUGGESTED_WORDS || wanted.length > lines.length)
    return null
  const perLine = lines.map(words)
  const have = new Map<string, number>()
  let total = 0
  let common = 0
  let best: { from: number; likeness: number } | null = null
  const move = (line: readonly string[], by: 1 | -1): void => {
    for (const word of line) {
      const before = have.get(word) ?? 0
      const limit = want.get(word) ?? 0
      have.set(word, before + by)
      total += by
      if (by === 1 ? before < limit : before <= limit) common += by
    }
  }
  for (let at = 0; at < lines.length; at++) {
    move(perLine[at] ?? [], 1)
    if (at >= wanted.length) move(perLine[at - wanted.length] ?? [], -1)
    const likeness = (2 * common) / (wantTotal + total)
    if (at >= wanted.length - 1 && likeness >= 0.8 && (best === null || likeness > best.likeness))
      best = { from: at - wanted.length + 1, likeness }
  }
  return best
}
