import type { CallOutcome } from '../domain/value.ts'

/** How loading a candidate's program ended: what the sandbox reports, without the names it found. Only `loaded` is live. */
export type LoadResult =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'failed'; readonly error: string; readonly message: string }
  | { readonly kind: 'no-entry-point' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'not-run'; readonly reason: string }

/** One candidate's executions: `outcomes[i]` is how `plan.calls[i]` ended, empty when it did not load. */
export interface ExecutionRow {
  readonly candidate: string
  readonly load: LoadResult
  readonly outcomes: readonly CallOutcome[]
}

/** One row per candidate; a candidate without a row was not executed and is not live. */
export type ExecutionMatrix = readonly ExecutionRow[]

/** How a call that never ran ends. */
export const NOT_RUN: CallOutcome = { kind: 'not-run', reason: 'not executed' }

/** Returns in words why no program of `matrix` can be called, where none can. */
export function whyNoneIsLive(matrix: ExecutionMatrix): string {
  const [kind, ...others] = new Set(matrix.map(({ load }) => load.kind))
  if (others.length === 0 && kind === 'failed') return 'no candidate loads in the sandbox'
  if (others.length === 0 && kind === 'no-entry-point') return 'no candidate defines the function that was to be called'
  if (others.length === 0 && kind === 'timeout') return 'no candidate could be loaded in time'
  return 'no candidate could be loaded and called'
}

/** Returns in words why a program cannot be called; null when it can. */
export function loadProblem(load: LoadResult): string | null {
  switch (load.kind) {
    case 'loaded':
      return null
    case 'failed':
      return load.message === '' ? load.error : `${load.error}: ${load.message}`
    case 'no-entry-point':
      return 'the asked function is not defined'
    case 'timeout':
      return 'loading took too long'
    case 'not-run':
      return load.reason
    default:
      return load satisfies never
  }
}
