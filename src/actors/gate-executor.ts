import { CODE_BLEU_DEFAULTS } from '../consensus/code-bleu-settings.ts'
import { findEntryPoint, languageOfTask } from '../consensus/find-entry-point.ts'
import { normaliseCandidate } from '../consensus/normalise-candidate.ts'
import { poolLikeness } from '../consensus/pool-likeness.ts'
import { similarityMatrix, subtreeFeatures, tokenSimilarityMatrix } from '../consensus/subtree-similarity.ts'
import type { Candidate, RejectedAnswer } from '../domain/candidate.ts'
import { namedNodeCount, type SyntaxTree } from '../domain/syntax-tree.ts'
import type { AnswerToGate, GateRequest, GateResult } from '../machines/effects.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import { type ExtractedFile, extractCode, pickMainFile } from '../prompts/extract-code.ts'
import { restoreControlTokens } from '../prompts/neutralise.ts'
import { shortHash } from './digest.ts'
import { type Executor, executorOf } from './executor.ts'
import { profilePool } from './profile-pool.ts'

interface Taken {
  readonly answer: AnswerToGate
  readonly files: readonly ExtractedFile[]
  readonly main: ExtractedFile
  readonly warnings: readonly string[]
  readonly tree: SyntaxTree | null
}

/** Returns the executor of `gate`: answers in, candidates out, parsed, merged where equal, and compared. */
export function createGateExecutor(parser: SyntaxParser): Executor {
  return executorOf((request: GateRequest) => gateAnswers(request, parser))
}

/** Takes candidates from answers. Order, ids and hashes depend on the answers alone. */
export async function gateAnswers(request: GateRequest, parser: SyntaxParser): Promise<GateResult> {
  const asked = request.language ?? languageOfTask(request.prompt)
  const rejected: RejectedAnswer[] = []
  const taken: Taken[] = []
  for (const answer of request.answers) {
    // Material was shown with its control tokens broken; a model that repeats it gives it back so.
    const extraction = extractCode(restoreControlTokens(answer.text), {
      ...(asked === null ? {} : { language: asked }),
      finish: answer.finish,
    })
    const main = pickMainFile(extraction, entryPointOf(request, []))
    if (main === null) {
      const detail = extraction.refused[0]?.why ?? extraction.warnings.join(', ')
      rejected.push({ id: answer.id, agent: answer.agent, reason: extraction.refused.length > 0 ? 'refused' : 'no-code', detail })
      continue
    }
    const tree = await parser.parse(main.language, main.code)
    if (answer.finish !== 'length' || tree === null || tree.errorCount === 0) {
      taken.push({ answer, files: extraction.files, main, warnings: extraction.warnings, tree })
      continue
    }
    const kept = await dropCutTail(main, parser)
    if (kept === null) {
      rejected.push({ id: answer.id, agent: answer.agent, reason: 'cut-and-unfinished', detail: parseErrorOf(tree) ?? '' })
      continue
    }
    const files = extraction.files.map((file) => (file === main ? kept.main : file))
    taken.push({ answer, files, main: kept.main, warnings: [...extraction.warnings, 'cut_tail_dropped'], tree: kept.tree })
  }
  const language = asked ?? mostCommon(taken.map((each) => each.main.language)) ?? 'text'
  const entryPoint = entryPointOf(
    request,
    taken.map((each) => each.tree?.definitions ?? []),
  )
  const merged = merge(taken, request, entryPoint)
  const trees = await Promise.all(merged.map((candidate) => parser.parse(candidate.language, candidate.program)))
  // What is run is what has to parse: the text may go on with demonstrations that are no program.
  const candidates = merged.map((candidate, i) => withTree(candidate, trees[i] ?? null))
  const features = trees.flatMap((tree) => (tree === null ? [] : [subtreeFeatures(tree)]))
  const hasTrees = features.length === candidates.length
  const settings = request.codeBleu ?? CODE_BLEU_DEFAULTS
  const likeness = poolLikeness((await profilePool(candidates, parser, settings)).programs, settings.weights)
  return {
    language,
    entryPoint,
    candidates,
    rejected,
    similarity: hasTrees ? similarityMatrix(features) : tokenSimilarityMatrix(candidates.map((candidate) => candidate.program)),
    similarityBy: hasTrees ? 'subtrees' : 'tokens',
    ...(likeness === null ? {} : { likeness }),
  }
}

/** What the user's tests import is what has to be there: the one the task names too, else the first. */
function entryPointOf({ prompt, names = [] }: GateRequest, definitions: readonly (readonly string[])[]): string | null {
  const named = findEntryPoint(prompt, definitions)
  if (names.length === 0 || (named !== null && names.includes(named))) return named
  const defined = new Set(definitions.flat())
  return names.find((name) => defined.has(name)) ?? names.find((name) => name !== 'default') ?? named
}

/**
 * An answer cut at the token limit often ends in demonstrations after a whole program. Returns the program without its
 * last statement at the left margin, if what is left parses and defines something; null otherwise.
 */
async function dropCutTail(main: ExtractedFile, parser: SyntaxParser): Promise<{ main: ExtractedFile; tree: SyntaxTree } | null> {
  const lines = main.code.split('\n')
  const last = lines.findLastIndex((line) => /^\S/.test(line))
  if (last <= 0) return null
  const code = `${lines.slice(0, last).join('\n').trimEnd()}\n`
  const tree = await parser.parse(main.language, code)
  return tree === null || tree.errorCount > 0 || tree.definitions.length === 0 ? null : { main: { ...main, code }, tree }
}

/** Answers whose normalised text is the same are one candidate, under the first of them. */
function merge(taken: readonly Taken[], { prompt, module }: GateRequest, entryPoint: string | null): Candidate[] {
  const byHash = new Map<string, Candidate>()
  for (const { answer, files, main, warnings } of taken) {
    const code = module === undefined ? main.code : withoutItself(main.code, module)
    const program = normaliseCandidate(code, main.language, entryPoint === null ? undefined : { prompt, entryPoint })
    const codeHash = shortHash(program)
    const known = byHash.get(codeHash)
    if (known !== undefined) {
      const models = known.models.includes(answer.model) ? known.models : [...known.models, answer.model].sort()
      byHash.set(codeHash, { ...known, duplicates: [...known.duplicates, answer.id], models })
      continue
    }
    byHash.set(codeHash, {
      id: answer.id,
      agent: answer.agent,
      round: answer.round,
      turn: answer.turn,
      model: answer.model,
      duplicates: [],
      models: [answer.model],
      language: main.language,
      files: files.map(({ path, language, code }) => ({ path, language, code })),
      main: files.indexOf(main),
      program,
      codeHash,
      parseError: null,
      nodes: 0,
      isCut: answer.finish === 'length',
      warnings,
    })
  }
  return [...byHash.values()]
}

/** A program that repeats the tests' own import would look for itself. `module` is a plain word. */
function withoutItself(code: string, module: string): string {
  return code.replace(
    new RegExp(`^(?:from\\s+\\.?${module}\\s+import\\s+[\\w, ]+|import\\s+${module})[ \\t]*(?:#.*)?$`, 'gm'),
    '',
  )
}

function withTree(candidate: Candidate, tree: SyntaxTree | null): Candidate {
  return tree === null ? candidate : { ...candidate, parseError: parseErrorOf(tree), nodes: namedNodeCount(tree) }
}

function parseErrorOf(tree: SyntaxTree): string | null {
  if (tree.errorCount === 0) return null
  const at = tree.firstError
  return at === null ? 'it does not parse' : `line ${at.line}, column ${at.column}`
}

function mostCommon(names: readonly string[]): string | null {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? null
}
