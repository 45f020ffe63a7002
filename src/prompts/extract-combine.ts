/**
 * From blocks to files: which blocks are the answer, which are commands, output, examples or tests beside it, and which
 * of several blocks stand together or replace one another.
 */
import { isSameFamily, kindOfLanguage } from './extract-language.ts'
import { definesName, topLevelSymbols, usesAny } from './extract-symbols.ts'

/** A block with its path, language and code settled. */
export interface CodeBlock {
  readonly path: string | null
  readonly language: string
  /** Whether the reply or the caller named the language, and not the code's looks. */
  readonly isTagged: boolean
  readonly code: string
  /** The nearest text above the block, lower case, else empty. */
  readonly lead: string
}

const OUTPUT_LEAD =
  /\b(?:outputs?|prints?|printed|results?|returns|produces|displays?|you(?:'ll| will| should) (?:see|get)|expected|traceback|error message|sample run|response)\b[^.]{0,80}[:.*]*$/
const USAGE_LEAD =
  /\b(?:usage|examples?|how to use|e\.g\.|try it|test(?:s|ing)? it|run it|call it|demo|verify|check it|you can (?:use|call|test|run)|to (?:use|test|call))\b/
const TEST_LEAD = /\b(?:tests?|test cases?|unit tests?|assertions?|pytest|unittest|jest|vitest)\b/
const SCRIPT_BODY = /^#!|^\s*(?:for |while |if \[|case |function |\w+\(\) *\{)/m

/** Returns the files of a reply's blocks: named ones in order, the last of each name, then what is left unnamed. */
export function combineBlocks(
  blocks: readonly CodeBlock[],
  language: string | null,
  entryPoint: string | null,
): readonly CodeBlock[] {
  const named = new Map<string, CodeBlock>()
  for (const block of blocks) if (block.path !== null) named.set(block.path, block)
  const free = answers(
    blocks.filter((block) => block.path === null),
    blocks,
    language,
  )
  const known = new Set([...named.values()].flatMap((each) => [...topLevelSymbols(each.code, each.language)]))
  const loose = named.size === 0 ? free : free.filter((block) => addsTo(known, block))
  return [...named.values(), ...mergeUnnamed(loose, entryPoint)]
}

/** Unnamed blocks that may be the answer, in the asked-for language where there is any. */
function answers(free: readonly CodeBlock[], all: readonly CodeBlock[], language: string | null): readonly CodeBlock[] {
  const isCode = (block: CodeBlock): boolean => kindOfLanguage(block.language) === 'code' && !isTranscript(block.code)
  const asked =
    language === null ? [] : free.filter((block) => isSameFamily(block.language, language) && !isTranscript(block.code))
  if (asked.length > 0) return asked
  const code = free.filter((block) => isCode(block) && !(OUTPUT_LEAD.test(block.lead) && !block.isTagged))
  if (code.length > 0) return code
  if (all.some((block) => block.path !== null)) return []
  const scripts = free.filter(
    (block) => kindOfLanguage(block.language) === 'shell' && SCRIPT_BODY.test(block.code.slice(0, 4000)),
  )
  if (scripts.length > 0) return scripts
  const data = free.filter((block) => kindOfLanguage(block.language) === 'data' && !OUTPUT_LEAD.test(block.lead))
  if (data.length > 0) return data
  const transcripts = free
    .filter((block) => isTranscript(block.code))
    .map((block) => ({ ...block, language: 'python', code: fromTranscript(block.code) }))
  if (transcripts.length > 0) return transcripts.slice(-1)
  return free.filter((block) => block.language === 'text' && !OUTPUT_LEAD.test(block.lead))
}

const isTranscript = (code: string): boolean => /^\s*>>> /.test(code)

/** The statements of an interactive session, without its prompts and its output. */
function fromTranscript(code: string): string {
  const lines = code.split('\n').filter((line) => /^\s*(?:>>>|\.\.\.)(?: |$)/.test(line))
  return `${lines.map((line) => line.trimStart().slice(4)).join('\n')}\n`
}

/** Beside named files, an unnamed block counts only if it defines something that none of them does. */
function addsTo(known: ReadonlySet<string>, block: CodeBlock): boolean {
  return [...topLevelSymbols(block.code, block.language)].some((name) => !known.has(name))
}

interface Piece extends CodeBlock {
  readonly symbols: ReadonlySet<string>
}

/** One file a language, tests apart: later definitions replace earlier ones, disjoint blocks are joined in order. */
function mergeUnnamed(blocks: readonly CodeBlock[], entryPoint: string | null): readonly CodeBlock[] {
  if (blocks.length < 2) return blocks
  const byLanguage = new Map<string, Piece[]>()
  for (const block of blocks) {
    const { path, language, isTagged, code, lead } = block
    const piece = { path, language, isTagged, code, lead, symbols: topLevelSymbols(code, language) }
    const pieces = byLanguage.get(block.language)
    if (pieces === undefined) byLanguage.set(block.language, [piece])
    else pieces.push(piece)
  }
  const files: CodeBlock[] = []
  for (const pieces of byLanguage.values()) {
    const isTests = pieces.map(isTest)
    const tests = isTests.includes(false) ? pieces.filter((_, index) => isTests[index]) : []
    const main = tests.length === 0 ? pieces : pieces.filter((_, index) => !isTests[index])
    const defined = new Set(main.flatMap((piece) => [...piece.symbols]))
    const kept = main.filter((piece) => piece.symbols.size > 0 || defined.size === 0 || !isExample(piece, defined))
    files.push(join(replaceEarlier(kept, entryPoint)))
    if (tests.length > 0) files.push(join(replaceEarlier(tests, null)))
  }
  return files
}

/** A block that only calls what others define, and is introduced as a use of it. */
function isExample(piece: Piece, defined: ReadonlySet<string>): boolean {
  if (!USAGE_LEAD.test(piece.lead) && !/^\s*(?:#|\/\/) *(?:example|usage|test)/i.test(piece.code)) return false
  return usesAny(piece.code, defined)
}

/** A block of tests: run as part of the answer, it would end the process, need a framework, or fail by its own mistake. */
function isTest(piece: Piece): boolean {
  const names = [...piece.symbols]
  const isNamedTest = names.length > 0 && names.every((name) => /^(?:test_|Test)|Tests?$/.test(name))
  if (isNamedTest) return true
  if (
    /^(?:import (?:pytest|unittest)|from (?:pytest|unittest)\b|(?:describe|it|test)\(|import .* from ['"](?:vitest|node:test|@jest\/globals)['"])/m.test(
      piece.code,
    )
  ) {
    return TEST_LEAD.test(piece.lead) || names.every((name) => /test/i.test(name))
  }
  return (
    names.length === 0 &&
    /^(?:assert\b|console\.assert\()/m.test(piece.code) &&
    !/^(?:import|from)\b(?![^\n]*\n(?:[\s\S]*\n)?assert)/.test(piece.code)
  )
}

/** Languages in which a second definition of a name simply takes the place of the first. */
const REDEFINES = new Set(['python', 'ruby', 'lua', 'bash', 'php', 'r', 'julia'])

/** Later versions take the place of earlier ones. Only pieces that share a name, or are the same text, are compared. */
function replaceEarlier(pieces: readonly Piece[], entryPoint: string | null): readonly Piece[] {
  const kept = new Set<Piece>()
  const definers = new Map<string, Piece[]>()
  const byText = new Map<string, Piece>()
  for (const next of pieces) {
    const same = byText.get(next.code)
    if (same !== undefined) kept.delete(same)
    const rivals = new Set([...next.symbols].flatMap((name) => definers.get(name) ?? []))
    let isSuperseded = false
    for (const earlier of rivals) {
      if (!kept.has(earlier)) continue
      const only = [...earlier.symbols].filter((name) => !next.symbols.has(name))
      if (!isPatchOf(earlier, next, only, entryPoint)) kept.delete(earlier)
      else isSuperseded ||= !REDEFINES.has(next.language)
    }
    if (isSuperseded) continue
    kept.add(next)
    byText.set(next.code, next)
    for (const name of next.symbols)
      definers.set(name, [...(definers.get(name) ?? []).filter((each) => kept.has(each)), next].slice(-RIVALS))
  }
  return [...kept]
}

/** How many standing definers of one name a later block is compared with. */
const RIVALS = 8

/** Whether `next` changes a part of `earlier` and needs the rest of it, rather than being another version of the whole. */
function isPatchOf(earlier: Piece, next: Piece, only: readonly string[], entryPoint: string | null): boolean {
  if (only.length === 0) return false
  if (entryPoint !== null && definesName(next.code, next.language, entryPoint)) return usesAny(next.code, new Set(only))
  if (entryPoint !== null && only.includes(entryPoint)) return true
  return usesAny(next.code, new Set(only)) || (only.length >= 2 && next.code.length * 2 < earlier.code.length)
}

function join(pieces: readonly CodeBlock[]): CodeBlock {
  const [first] = pieces
  if (first === undefined || pieces.length === 1)
    return first ?? { path: null, language: 'text', isTagged: false, code: '', lead: '' }
  return { ...first, code: pieces.map((piece) => piece.code).join('\n') }
}
