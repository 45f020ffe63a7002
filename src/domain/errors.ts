/**
 * Every error this product throws on purpose. Each carries a `code` that never changes once released, whether a
 * retry can help (`retryable`, decided where the facts are), and a `hint` naming one command to run next.
 * An expected outcome (a refused patch, a failed test, no consensus) is a return value, not one of these.
 */
export type ErrorCode = keyof typeof EXIT_BY_CODE

/** Process exit codes, as documented by `codeconductor help exit-codes`. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  unavailable: 3,
  noConsensus: 4,
  testsFailed: 5,
  stale: 6,
  patchConflict: 7,
  budget: 8,
  refused: 9,
  diverged: 10,
  interrupted: 130,
  terminated: 143,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const EXIT_BY_CODE = {
  INTERNAL: EXIT.internal,
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  PERSONA_INVALID: EXIT.usage,
  AGENT_UNKNOWN: EXIT.usage,
  PROMPT_TOO_LARGE: EXIT.usage,
  NO_BACKEND: EXIT.unavailable,
  NO_SANDBOX: EXIT.unavailable,
  BACKEND: EXIT.unavailable,
  RUN_NOT_FOUND: EXIT.usage,
  RUN_HELD: EXIT.refused,
  RUN_AMBIGUOUS: EXIT.usage,
  RUN_PINNED: EXIT.refused,
  LOG_CORRUPT: EXIT.internal,
  LOG_TOO_NEW: EXIT.usage,
  STORE_FAILED: EXIT.internal,
  ARTIFACT_INVALID: EXIT.internal,
  REPLAY_DIVERGED: EXIT.diverged,
  REPLAY_MISS: EXIT.diverged,
  SANDBOX: EXIT.internal,
  POLICY_REFUSED: EXIT.refused,
  BUDGET_EXHAUSTED: EXIT.budget,
} as const

export interface ErrorFacts {
  /** One command or step that helps, in the imperative. */
  readonly hint?: string
  readonly retryable?: boolean
  readonly cause?: unknown
  /** Facts for `--json` and the log: plain data, no secret, no home path, no whole prompt. */
  readonly details?: Readonly<Record<string, unknown>>
}

export class CodeConductorError extends Error {
  readonly code: ErrorCode
  readonly hint: string | null
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'CodeConductorError'
    this.code = code
    this.hint = facts.hint ?? null
    this.retryable = facts.retryable ?? false
    this.details = facts.details ?? {}
  }

  /** The process exit code this error maps to. */
  get exitCode(): ExitCode {
    return EXIT_BY_CODE[this.code]
  }

  /** The form that crosses into the log. */
  toData(): ErrorData {
    return { code: this.code, message: this.message, retryable: this.retryable }
  }
}

/** The form in which an error crosses into the log: data, never an `Error`. */
export interface ErrorData {
  readonly code: string
  readonly message: string
  readonly retryable: boolean
}

/** Returns `error` as data for a record; an unknown throwable becomes code `INTERNAL`. */
export function toErrorData(error: unknown): ErrorData {
  if (error instanceof CodeConductorError) return error.toData()
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), retryable: false }
}

/** Returns a `CodeConductorError` as it is, and anything else wrapped as `INTERNAL` with the original as `cause`. */
export function toCodeConductorError(error: unknown, doing: string): CodeConductorError {
  if (error instanceof CodeConductorError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new CodeConductorError('INTERNAL', `${doing}: ${message}`, { cause: error })
}
