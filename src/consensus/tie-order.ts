/** What two candidates with equal evidence are compared by. */
export interface TieFacts {
  /** Distinct models behind the candidate's behaviour. */
  readonly models: number
  readonly medoid: number
  readonly nodes: number
  readonly codeHash: string
  readonly id: string
}

/** Scores closer than this are equal: below it lies only the order in which floats were added. */
export const SCORE_EPSILON = 1e-9

const RULES: readonly { readonly name: string; readonly compare: (a: TieFacts, b: TieFacts) => number }[] = [
  { name: 'more models behind the behaviour', compare: (a, b) => b.models - a.models },
  {
    name: 'closer to the other programs',
    compare: (a, b) => (Math.abs(a.medoid - b.medoid) < SCORE_EPSILON ? 0 : b.medoid - a.medoid),
  },
  { name: 'shorter syntax tree', compare: (a, b) => a.nodes - b.nodes },
  { name: 'lowest hash of the text', compare: (a, b) => compareText(a.codeHash, b.codeHash) },
  { name: 'lowest id', compare: (a, b) => compareText(a.id, b.id) },
]

/** Returns a negative number when `a` comes first among equals. Never arrival order, length of text or rank of an author. */
export function compareTied(a: TieFacts, b: TieFacts): number {
  for (const rule of RULES) {
    const order = rule.compare(a, b)
    if (order !== 0) return order
  }
  return 0
}

/** Returns the names of the rules looked at until one told `a` from `b`, that one last. */
export function tieRulesUsed(a: TieFacts, b: TieFacts): string[] {
  const used: string[] = []
  for (const rule of RULES) {
    used.push(rule.name)
    if (rule.compare(a, b) !== 0) break
  }
  return used
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
