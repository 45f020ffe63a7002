import { readFileSync } from 'node:fs'

/** Scores of one direction as the published implementation gave them; ranges are over seeds of its hash tables. */
interface RecordedScores {
  readonly ngram: number
  readonly weighted_ngram: number
  readonly syntax: number
  readonly dataflow_range: readonly [number, number]
}

/** A line of the recorded pairs, as far as it is read here. */
export interface ReferencePair {
  readonly lang: string
  readonly kind: string
  readonly reference: string
  readonly hypothesis: string
  readonly k4black: RecordedScores
  readonly k4black_swapped: RecordedScores
}

export function readPairs(path: string): ReferencePair[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ReferencePair)
}

/** Returns `count` different Python texts of the pairs, shortest kinds first: bodies, then functions, then with their prompts. */
export function texts(pairs: readonly ReferencePair[], count: number): string[] {
  const rank = (pair: ReferencePair) => ['body only', 'no docstring', ''].findIndex((kind) => pair.kind.includes(kind))
  const python = pairs.filter((pair) => pair.lang === 'python' && !pair.kind.startsWith('edge'))
  const distinct = new Set(python.sort((a, b) => rank(a) - rank(b)).flatMap((pair) => [pair.reference, pair.hypothesis]))
  return [...distinct].slice(0, count)
}
