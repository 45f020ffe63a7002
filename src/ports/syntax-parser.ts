import type { SyntaxTree } from '../domain/syntax-tree.ts'

/**
 * Parses source text into plain data. The contract, each number with a test in `tests/contracts`:
 *
 * 1. `languages()` is sorted, without duplicates, and equal in every process of one release.
 * 2. `parse` takes a language by every spelling `syntaxLanguage` knows, and returns null exactly if it is not in
 *    `languages()`; no name of a language throws.
 * 3. Any text gives a tree: a syntax error is data (`errorCount`, `firstError`), never a throw. A text whose errors
 *    exhaust the parser's step budget gives a tree of one ERROR node over the whole text.
 * 4. Equal language and text give deeply equal trees, in any order and when interleaved.
 * 5. Offsets index the text in UTF-16 code units; a child lies inside its parent; siblings are ordered, disjoint.
 * 6. Nothing is kept of a text after its tree is returned; memory does not grow with the number of parses.
 * 7. `definitions` names what is defined at the top level, in order; a name within a function or class is not there.
 */
export interface SyntaxParser {
  languages(): readonly string[]
  parse(language: string, text: string): Promise<SyntaxTree | null>
}
