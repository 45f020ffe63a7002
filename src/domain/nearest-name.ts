/** Words longer than this are compared by their first characters only, so that a hostile key costs nothing. */
const MAX_COMPARED = 64

/**
 * Returns the one of `names` a person most likely meant by `word`, or null if none is near. Near is: equal but for case,
 * or at most a third of the characters (at least one, at most three) inserted, deleted, replaced or swapped, or else the
 * only name that begins with the word (three characters or more). Ties go to the name listed first.
 * O(names × length²), length ≤ 64.
 */
export function nearestName(word: string, names: readonly string[]): string | null {
  const wanted = word.slice(0, MAX_COMPARED).toLowerCase()
  const allowed = Math.min(3, Math.max(1, Math.floor(wanted.length / 3)))
  let best: string | null = null
  let bestDistance = allowed + 1
  for (const name of names) {
    const distance = editDistance(wanted, name.slice(0, MAX_COMPARED).toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  if (best !== null || wanted.length < 3) return best
  const continued = names.filter((name) => name.toLowerCase().startsWith(wanted))
  return continued.length === 1 ? (continued[0] ?? null) : null
}

/** Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours cost 1 each. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], i: number): number {
  return row[i] ?? Number.POSITIVE_INFINITY
}
