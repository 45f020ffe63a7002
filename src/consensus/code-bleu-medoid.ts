/** A text to be ranked by agreement. */
export interface MedoidCandidate {
  /** Normalised: equal texts are one. */
  readonly text: string
  readonly errorCount: number
}

export interface Medoid {
  /** Index of the candidate that agrees most with the others; null if there are none. */
  readonly winner: number | null
  /** Mean score of each candidate with all others, in [0, 1]; 1 for a lone one. */
  readonly means: readonly number[]
  /** Sizes of the camps, largest first: candidates linked, directly or not, by scores of `CAMP_SCORE` and more. */
  readonly camps: readonly number[]
}

/** Scores from here on make two candidates one camp; a mean alone hides a tie of two camps. */
const CAMP_SCORE = 0.8

/** Means that differ by less are equal: sums in another order differ in the last digits. */
const TOLERANCE = 1e-9

/**
 * Returns the medoid of candidates by `score`, a symmetric function of two indices. Equal texts are compared once and
 * weigh by their number. Ties: a text without syntax errors, then the shorter, then the lower index.
 * O(n²) scores for n different texts.
 */
export function codeBleuMedoid(candidates: readonly MedoidCandidate[], score: (a: number, b: number) => number): Medoid {
  const groups = new Map<string, number[]>()
  for (const [i, { text }] of candidates.entries()) groups.set(text, [...(groups.get(text) ?? []), i])
  const members = [...groups.values()]
  const scores = members.map(([a = 0], row) =>
    members.map(([b = 0], column) => (row === column ? 1 : score(Math.min(a, b), Math.max(a, b)))),
  )
  const groupMeans = scores.map((row, own) => {
    const sum = row.reduce((total, value, i) => total + value * ((members[i]?.length ?? 0) - Number(i === own)), 0)
    return candidates.length === 1 ? 1 : sum / (candidates.length - 1)
  })
  const means = candidates.map(({ text }) => groupMeans[[...groups.keys()].indexOf(text)] ?? 0)
  return { winner: bestOf(candidates, means), means, camps: campSizes(members, scores) }
}

function bestOf(candidates: readonly MedoidCandidate[], means: readonly number[]): number | null {
  const most = Math.max(...means)
  let best: number | null = null
  for (const [i, candidate] of candidates.entries()) {
    if ((means[i] ?? 0) < most - TOLERANCE) continue
    const rival = best === null ? undefined : candidates[best]
    if (!rival || isBetter(candidate, rival)) best = i
  }
  return best
}

function isBetter(a: MedoidCandidate, b: MedoidCandidate): boolean {
  const validity = Number(a.errorCount === 0) - Number(b.errorCount === 0)
  return validity !== 0 ? validity > 0 : a.text.length < b.text.length
}

function campSizes(members: readonly (readonly number[])[], scores: readonly (readonly number[])[]): number[] {
  const unseen = new Set(members.keys())
  const sizes: number[] = []
  for (const first of members.keys()) {
    if (!unseen.delete(first)) continue
    const waiting = [first]
    let size = 0
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      size += members[next]?.length ?? 0
      for (const other of unseen) {
        if ((scores[next]?.[other] ?? 0) < CAMP_SCORE) continue
        unseen.delete(other)
        waiting.push(other)
      }
    }
    sizes.push(size)
  }
  return sizes.sort((a, b) => b - a)
}
