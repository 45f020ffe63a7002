import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as TreeSitter from 'web-tree-sitter'
import { CodeConductorError } from '../domain/errors.ts'
import { syntaxLanguage } from '../domain/syntax-language.ts'
import { NODE, type SyntaxTree } from '../domain/syntax-tree.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import { GRAMMAR_FILES, GRAMMAR_PACKAGE } from './grammars.ts'
import { plainTree } from './plain-tree.ts'

/** What a text may cost before it is given up as unparsable; the defaults are an order above any honest source file. */
export interface ParserLimits {
  /** UTF-16 code units of one text. */
  readonly maxTextLength?: number
  /** Bytes of the WebAssembly heap; unclosed generics make C# and Java take memory quadratic in their depth. */
  readonly maxHeapBytes?: number
  /** Milliseconds of `cpuMs` for one text; some error recovery is quadratic too. */
  readonly maxParseMs?: number
  /** The clock that `maxParseMs` is read on; CPU time of this process, so that a busy machine changes no result. */
  readonly cpuMs?: () => number
}

interface Runtime {
  readonly module: typeof TreeSitter
  readonly parser: TreeSitter.Parser
  readonly languages: Map<string, Promise<TreeSitter.Language>>
}

/**
 * Creates a `SyntaxParser` on web-tree-sitter (WebAssembly, no compiler, no install script). Nothing is loaded before
 * the first `parse`, and a grammar only when its language is first asked for.
 *
 * Invariants: 1. every tree and cursor is deleted before `parse` returns, for the WebAssembly heap has no collector;
 * 2. a parser is used without an await between `setLanguage` and `delete`, so interleaved calls cannot mix;
 * 3. a heap that trapped, for instance at its limit, is never used again: a trap leaves it in any state. The next
 * call starts another, and the collector takes the old one.
 */
export function createTreeSitterParser(limits: ParserLimits = {}): SyntaxParser {
  const { maxTextLength = 2 ** 20, maxHeapBytes = 2 ** 28, maxParseMs = 2_000, cpuMs = processCpuMs } = limits
  const names = Object.keys(GRAMMAR_FILES).sort()
  let current: Promise<Runtime> | null = null

  async function parse(tag: string, text: string): Promise<SyntaxTree | null> {
    const language = syntaxLanguage(tag)
    const file = Object.hasOwn(GRAMMAR_FILES, language) ? GRAMMAR_FILES[language] : undefined
    if (file === undefined) return null
    if (text.length > maxTextLength) return unparsable(language, text)
    current ??= startRuntime(maxHeapBytes)
    const own = current
    const runtime = await own
    const grammar = await loadGrammar(runtime, file)
    try {
      return parseNow(runtime, grammar, language, text) ?? unparsable(language, text)
    } catch (error) {
      if (!(error instanceof Error && error.name === 'RuntimeError')) throw error
      if (current === own) current = null
      return unparsable(language, text)
    }
  }

  function parseNow(runtime: Runtime, grammar: TreeSitter.Language, language: string, text: string): SyntaxTree | null {
    let calls = 0
    let deadline = Number.POSITIVE_INFINITY
    // Asking for the time is a system call and dearer than the parse of a small text, which never comes to ask.
    const isSpent = () => {
      if (++calls % CALLS_PER_CLOCK !== 0) return false
      const now = cpuMs()
      if (calls === CALLS_PER_CLOCK) deadline = now + maxParseMs
      return now > deadline
    }
    // This also forgets a parse that was given up: else the next would go on where that one stopped.
    runtime.parser.setLanguage(grammar)
    const tree = runtime.parser.parse(text, null, { progressCallback: isSpent })
    if (!tree) return null
    try {
      return plainTree(language, text, tree)
    } finally {
      tree.delete()
    }
  }

  return { languages: () => names, parse }
}

/** Starts a WebAssembly instance of its own: the package keeps one a module, so the module is loaded afresh. */
async function startRuntime(maxHeapBytes: number): Promise<Runtime> {
  const require = createRequire(import.meta.url)
  const path = require.resolve('web-tree-sitter')
  const module = require(path) as typeof TreeSitter
  delete require.cache[path]
  // The limit has to be the memory's own: a grammar can ask for gigabytes between two calls of a progress callback.
  const wasmMemory = new wasm.Memory({ initial: INITIAL_PAGES, maximum: Math.ceil(maxHeapBytes / PAGE_BYTES) })
  await module.Parser.init({ wasmMemory, printErr: () => {} })
  return { module, parser: new module.Parser(), languages: new Map() }
}

/** A parser calls back every hundred steps or so. */
const CALLS_PER_CLOCK = 64

const PAGE_BYTES = 65_536
/** What the module asks for to start with: 32 MiB. */
const INITIAL_PAGES = 512

/** TypeScript declares WebAssembly only together with a browser's globals; this is all that is used of it. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: { readonly Memory: new (limits: { initial: number; maximum: number }) => object }
}

function loadGrammar(runtime: Runtime, file: string): Promise<TreeSitter.Language> {
  const known = runtime.languages.get(file)
  if (known) return known
  const require = createRequire(import.meta.url)
  const path = join(dirname(require.resolve(GRAMMAR_PACKAGE)), file)
  const loading = runtime.module.Language.load(path).catch((cause: unknown) => {
    runtime.languages.delete(file)
    throw new CodeConductorError('INTERNAL', `loading the grammar ${file} of ${GRAMMAR_PACKAGE}`, { cause, hint: 'npm ci' })
  })
  runtime.languages.set(file, loading)
  return loading
}

/** The tree of a text that was given up: one ERROR over all of it. */
function unparsable(language: string, text: string): SyntaxTree {
  return {
    language,
    text,
    types: ['ERROR'],
    fields: [''],
    type: new Uint16Array(1),
    field: new Uint16Array(1),
    start: new Uint32Array(1),
    end: Uint32Array.of(text.length),
    next: Uint32Array.of(1),
    flags: Uint8Array.of(NODE.named | NODE.error),
    errorCount: 1,
    firstError: { line: 1, column: 1 },
    definitions: [],
  }
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
