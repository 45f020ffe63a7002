import type { BackendKind } from './model.ts'
import type { EvidenceGrade, Outcome, StopReason } from './verdict.ts'

/** Version of `kpi.json` written today. 1.0.0 was the first product's; 2.0.0 lets a value that was not measured be null. */
export const KPI_SCHEMA_VERSION = '2.0.0'

/** Tests run, by result. */
export interface TestCounts {
  readonly suite_name: string
  readonly total: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** What a backend was sent for one answer; null = not sent, the server's own default held. */
export interface KpiSampling {
  readonly temperature: number | null
  readonly top_p: number | null
  readonly top_k: number | null
  readonly min_p: number | null
  readonly repeat_penalty: number | null
  readonly seed: number | null
  readonly max_tokens: number | null
  readonly presence_penalty: number | null
  readonly frequency_penalty: number | null
}

/** What `codebleu_score` is the weighted mean of, each in [0, 1]; null where neither text has anything to compare. */
export interface KpiCodeBleuParts {
  readonly ngram: number | null
  readonly weighted: number | null
  readonly ast: number | null
  readonly flow: number | null
  readonly token: number | null
}

/** What stands between candidates and the machine, as it held in this run. */
interface KpiSafety {
  readonly allow_net: boolean
  /** `<driver>/<isolation>`; `none` where nothing was executed. */
  readonly sandbox_mode: string
  /** What a candidate could see and write: `scratch-only`, or `none` where nothing was executed. */
  readonly fs_scope: string
  /** Null where nothing was executed. */
  readonly driver: string | null
  readonly isolation: 'full' | 'partial' | null
  /** Of argv template, filter and limits; results under different hashes are not compared. */
  readonly policy_hash: string | null
  /**
   * Attacks of the driver's self-test that got out under this policy, as counted by it; a driver that lets one out is not used.
   * Null where nothing was executed, or the driver does not say. Says nothing of escapes that nobody can see.
   */
  readonly escapes_seen: number | null
}

/** What the machine has, as `hardware`; null what cannot be told. */
export interface KpiHardware {
  readonly gpu_name: string | null
  readonly vram_gb: number | null
  readonly driver: string | null
  readonly cuda_version: string | null
  readonly cpu_model: string | null
  readonly ram_gb: number | null
}

/** Token counts of one model as its backend reported them; null where it did not. */
export interface KpiTokens {
  readonly prompt_tokens: number | null
  readonly completion_tokens: number | null
}

/**
 * `kpi.json`: the figures of one run, in the file's own spelling; `schemas/kpi.schema.json` is checked on every write. Every
 * field is present. Null says that the thing did not happen or was not measured; no figure stands in for another.
 * Times are ISO 8601 in UTC, durations whole ms.
 */
export interface Kpi {
  readonly kpi_schema_version: typeof KPI_SCHEMA_VERSION
  readonly product_version: string
  readonly run_id: string
  /** When this file was written. */
  readonly ts: string
  /** Folder of the run, relative to where the product ran. */
  readonly artifacts_dir: string
  readonly outcome: Outcome
  readonly stop_reason: StopReason
  readonly evidence_grade: EvidenceGrade
  /** In [0, 1]; null without a verdict. */
  readonly confidence: number | null
  /** Rolling digest of the log; null where the log could not be sealed. */
  readonly log_digest: string | null
  /** From the first request being sent to the first text of any answer. */
  readonly ttft_ms: number | null
  readonly t_start: string
  /**
   * When the first candidate passed all that was given, over a channel it cannot forge: every example, and of the user's tests every one
   * under the grade `verified`. Where neither was given, when the first passed every assertion. Null if none did.
   */
  readonly t_first_green: string | null
  /** `exit_status.tests_passed`, and the winner is of the first round. */
  readonly first_prompt_success: boolean
  /** The user's tests on a module with nothing in it; null where none were run on the winner. */
  readonly tests_before: TestCounts | null
  /** How far `tests_after` can be trusted: of the user's tests their own grade, of examples `verified`; null where none was run. */
  readonly tests_grade: EvidenceGrade | null
  /**
   * The user's tests on the winner, else the task's own examples; null where neither was run on one. Tests under the grade `unverified`
   * count as skipped: what passes and proves nothing is not passed.
   */
  readonly tests_after: TestCounts | null
  /** The blind assertions on the winner, believed or not: a model wrote them, so they are never added to `tests_after`. */
  readonly assertions_after: TestCounts | null
  /** passed / (passed + failed), in [0, 1]; null when nothing ran. */
  readonly pass_rate_before: number | null
  readonly pass_rate_after: number | null
  readonly winner_model: string | null
  /** Comparable within the run only. */
  readonly winner_score: number | null
  /** The rule that picked the winner, e.g. `execution-agreement`; `none` where nothing was picked. */
  readonly consensus_method: string
  /** Normalised to sum 1: three (n-gram, syntax tree, token) or CodeBLEU's four; null when it was not computed. */
  readonly codebleu_weights: readonly number[] | null
  readonly codebleu_lang: string | null
  /** Mean CodeBLEU of the winner with every other answer that gave a program, in [0, 1]: likeness, not correctness. */
  readonly codebleu_score: number | null
  readonly codebleu_parts: KpiCodeBleuParts | null
  /** What befell the comparisons: `no_grammar`, `truncated`, `budget`, `degenerate`; null when it was not computed. */
  readonly codebleu_flags: readonly string[] | null
  /** Of the winner's answer, else of the first answer; null when no request was sent. */
  readonly sampling: KpiSampling | null
  /** `sha256:` and hex of the lines `NAME=value` of `env` in `run_config.json`, names sorted, joined by line ends. */
  readonly config_digest: string
  readonly exit_status: {
    /** True if files were changed or yielded. */
    readonly patched: boolean
    /**
     * True if the winner passed every example and the user's tests, under a grade better than `unverified`; tests that were given and not
     * run are not passed. Where neither was given: every assertion that is believed, and there was one.
     */
    readonly tests_passed: boolean
    /** True if the user gave no tests, and there was neither an example nor an assertion to run. */
    readonly tests_missing: boolean
    readonly error: string | null
  }
  readonly agent_config: readonly {
    readonly name: string
    readonly role: string
    readonly method: string
    /** The models that answered for it, in order of use. */
    readonly models: readonly string[]
  }[]
  readonly models: readonly {
    readonly name: string
    /** Where it came from: backend and digest or address, as the backend says. */
    readonly source: string
    readonly quant: string | null
    readonly context_length: number | null
  }[]
  /** The winner's backend, else the first used; null when none was. */
  readonly engine: { readonly backend: BackendKind; readonly version: string | null } | null
  readonly hardware: KpiHardware | null
  /** Wall time by what was done; null what was not. */
  readonly latency_ms: {
    /** Until the first round: looking for models and giving them to agents. */
    readonly planning: number | null
    /** Rounds of rebuttal, revision, repair and arbitration. */
    readonly debate: number | null
    /** From the end of a round to its ranking, without `tests`. */
    readonly selection: number | null
    /** Rounds of drafts, proposals and finals. */
    readonly generation: number | null
    readonly patch_apply: number | null
    /** Executions in the sandbox. */
    readonly tests: number | null
  }
  /** By model name. */
  readonly token_usage: Readonly<Record<string, KpiTokens>>
  readonly safety: KpiSafety
  readonly dataset_tags: readonly string[]
}
