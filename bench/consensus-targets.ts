/** What the choice must reach, in percent of tasks whose pick passes the hidden tests; one point less is allowed. */
export interface RowTarget {
  readonly base: number
  /** With the stricter hidden tests; null where none was measured. */
  readonly strict: number | null
}

export const ALLOWED_SHORTFALL = 1

/** One model's first N distinct samples, 20 assertions of the same model, no examples. */
export const TESTS_ONLY: Readonly<Record<number, RowTarget>> = {
  3: { base: 27.4, strict: null },
  5: { base: 28.0, strict: null },
  10: { base: 36.6, strict: null },
  20: { base: 39.6, strict: null },
}

/** The same with the task's examples and mutated inputs. */
export const FULL_EVIDENCE: Readonly<Record<number, RowTarget>> = {
  3: { base: 32.9, strict: 30.5 },
  5: { base: 34.1, strict: 31.7 },
  10: { base: 46.3, strict: 43.9 },
  20: { base: 53.7, strict: 49.4 },
}

export const POOL_TARGETS: Readonly<Record<string, RowTarget>> = {
  P1: { base: 74.1, strict: 68.6 },
  P2: { base: 51.8, strict: 45.7 },
  P3: { base: 60.4, strict: 51.8 },
  P4: { base: 86.0, strict: 79.3 },
  P5: { base: 84.1, strict: 75.6 },
  P6: { base: 81.7, strict: null },
  P7: { base: 82.9, strict: null },
  P8: { base: 93.3, strict: null },
  P9: { base: 93.9, strict: null },
}

/** Milliseconds for one decision on five candidates, executions included, on two cores. */
export const DECISION_MS = 1000
