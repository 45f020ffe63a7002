import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Language, Parser, type Tree } from 'web-tree-sitter'
import { CodeConductorError } from '../domain/errors.ts'
import type { SyntaxTree } from '../domain/syntax-tree.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import { GRAMMAR_FILES, GRAMMAR_PACKAGE } from './grammars.ts'
import { plainTree } from './plain-tree.ts'

/**
 * Creates a `SyntaxParser` on web-tree-sitter (WebAssembly, no compiler, no install script). Nothing is loaded before
 * the first `parse`, and a grammar only when its language is first asked for.
 *
 * Invariants: 1. every tree and cursor is deleted before `parse` returns, for the WebAssembly heap has no collector;
 * 2. the parser is used without an await between `setLanguage` and `delete`, so interleaved calls cannot mix.
 */
export function createTreeSitterParser(): SyntaxParser {
  const names = Object.keys(GRAMMAR_FILES).sort()
  const languages = new Map<string, Promise<Language>>()
  let started: Promise<Parser> | null = null

  function start(): Promise<Parser> {
    started ??= Parser.init().then(() => new Parser())
    return started
  }

  function grammar(file: string): Promise<Language> {
    const known = languages.get(file)
    if (known) return known
    const loading = Language.load(grammarPath(file)).catch((cause: unknown) => {
      languages.delete(file)
      throw new CodeConductorError('INTERNAL', `loading the grammar ${file} of ${GRAMMAR_PACKAGE}`, {
        cause,
        hint: 'npm ci',
      })
    })
    languages.set(file, loading)
    return loading
  }

  async function parse(language: string, text: string): Promise<SyntaxTree | null> {
    const file = Object.hasOwn(GRAMMAR_FILES, language) ? GRAMMAR_FILES[language] : undefined
    if (file === undefined) return null
    const parser = await start()
    parser.setLanguage(await grammar(file))
    const tree: Tree | null = parser.parse(text)
    if (!tree) throw new CodeConductorError('INTERNAL', `parsing ${text.length} characters of ${language} gave no tree`)
    try {
      return plainTree(language, text, tree)
    } finally {
      tree.delete()
    }
  }

  return { languages: () => names, parse }
}

function grammarPath(file: string): string {
  const require = createRequire(import.meta.url)
  return join(dirname(require.resolve(GRAMMAR_PACKAGE)), file)
}
