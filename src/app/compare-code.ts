import { profileText } from '../actors/profile-pool.ts'
import { codeBleu, normaliseCode } from '../consensus/code-bleu.ts'
import { referenceCodeBleu, referenceProfile } from '../consensus/code-bleu-reference.ts'
import { referenceSource } from '../consensus/code-bleu-reference-source.ts'
import { CODE_BLEU_DEFAULTS, codeBleuWeights, comparisonLanguage } from '../consensus/code-bleu-settings.ts'
import { unknownLanguage } from '../domain/code-bleu-config.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { syntaxLanguage } from '../domain/syntax-language.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import { createTreeSitterParser } from '../project/tree-sitter-parser.ts'

/** How runs compare programs; everything has the default that runs have. */
export interface ConsensusComparison {
  readonly mode?: 'consensus'
  /** Absent: only tokens are compared, with the flag `no_grammar`. */
  readonly language?: string
  /** Four numbers are n-gram, weighted n-gram, syntax and data flow; three are n-gram, syntax and token. */
  readonly weights?: readonly number[]
  /** Fold case, in the `token` part alone. */
  readonly normalize?: boolean
  readonly stripComments?: boolean
  readonly stripDocstrings?: boolean
}

/** CodeBLEU as published, for comparison with the literature. */
export interface ReferenceComparison {
  readonly mode: 'reference'
  readonly language: string
  /** `k4black`: a data flow of 0, or none, counts as 1, as in that implementation; else one that is not there does not count. */
  readonly compat?: 'k4black'
}

/** What comparing two texts gave. Score and parts in [0, 1]; a part is null where there is nothing to compare, or the mode has no such part. */
export interface CodeComparison {
  readonly mode: 'consensus' | 'reference'
  readonly score: number
  readonly parts: {
    readonly ngram: number | null
    readonly weighted: number | null
    readonly ast: number | null
    readonly flow: number | null
    readonly token: number | null
  }
  /** The language both were read as; null = none was told. */
  readonly language: string | null
  /** `degenerate`, `no_grammar`, `truncated`, `budget`; none in `reference` mode. */
  readonly flags: readonly string[]
  /** Syntax errors in either text, which is scored on what could be parsed; null in `reference` mode. */
  readonly errors: { readonly candidate: number; readonly reference: number } | null
}

/** Compares two texts; see `compareCode`. */
export type CompareCode = (
  candidate: string,
  reference: string,
  options?: ConsensusComparison | ReferenceComparison,
) => Promise<CodeComparison>

/** Returns a `compareCode` for many comparisons: its parser and grammars are loaded once, with the first. */
export function createCodeComparer(): CompareCode {
  const parser = createTreeSitterParser()
  return async (candidate, reference, options = {}) =>
    options.mode === 'reference'
      ? compareAsPublished(candidate, reference, options, parser)
      : compareAsRuns(candidate, reference, options, parser)
}

/**
 * Returns how like `candidate` is to `reference` by CodeBLEU (arXiv 2009.10297): likeness, not correctness. For many pairs,
 * `createCodeComparer`.
 *
 * `consensus` (the default) is symmetric and 1 for equal texts. `reference` computes the published scores, oddities included: it
 * is directed, and below 1 for very short equal texts.
 * Throws `CONFIG_INVALID` for weights that are none, `USAGE` in `reference` mode for a language without a grammar.
 */
export async function compareCode(
  candidate: string,
  reference: string,
  options: ConsensusComparison | ReferenceComparison = {},
): Promise<CodeComparison> {
  return createCodeComparer()(candidate, reference, options)
}

async function compareAsRuns(
  candidate: string,
  reference: string,
  options: ConsensusComparison,
  parser: SyntaxParser,
): Promise<CodeComparison> {
  const { weights, normalize, stripComments, stripDocstrings } = options
  const settings = {
    weights: weights === undefined ? CODE_BLEU_DEFAULTS.weights : codeBleuWeights(weights, 'weights'),
    normalize: normalize ?? CODE_BLEU_DEFAULTS.normalize,
    stripComments: stripComments ?? CODE_BLEU_DEFAULTS.stripComments,
    stripDocstrings: stripDocstrings ?? CODE_BLEU_DEFAULTS.stripDocstrings,
    language: null,
  }
  const language = comparisonLanguage({ argument: options.language ?? null, tags: [] })
  const [a, b] = [
    await profileText(normaliseCode(candidate), language, parser, settings),
    await profileText(normaliseCode(reference), language, parser, settings),
  ]
  const { score, parts, flags, errorsA, errorsB } = codeBleu(a, b, settings.weights)
  return { mode: 'consensus', score, parts, language, flags, errors: { candidate: errorsA, reference: errorsB } }
}

async function compareAsPublished(
  candidate: string,
  reference: string,
  options: ReferenceComparison,
  parser: SyntaxParser,
): Promise<CodeComparison> {
  const language = syntaxLanguage(options.language)
  const profile = async (text: string) => {
    const tree = await parser.parse(language, referenceSource(text, language))
    if (tree !== null) return referenceProfile(text, tree)
    throw new CodeConductorError(
      'USAGE',
      `comparing with a reference: language ${unknownLanguage(language) ?? 'has no grammar'}`,
      {
        hint: "compareCode(candidate, reference, { mode: 'consensus' })",
      },
    )
  }
  const { score, parts } = referenceCodeBleu(
    await profile(reference),
    await profile(candidate),
    options.compat === undefined ? {} : { compat: options.compat },
  )
  return { mode: 'reference', score, parts: { ...parts, token: null }, language, flags: [], errors: null }
}
