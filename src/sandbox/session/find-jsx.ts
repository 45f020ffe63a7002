import { nodeCount, typeOf } from '../../domain/syntax-tree.ts'
import type { SyntaxParser } from '../../ports/syntax-parser.ts'

/**
 * Returns whether `text` is right in `language` and has JSX in it, which no interpreter here can run: that is a lack of this machine's,
 * not an error of the text's. False without a parser.
 */
export async function usesJsx(language: 'javascript' | 'tsx', text: string, parser: SyntaxParser | null): Promise<boolean> {
  const tree = parser === null ? null : await parser.parse(language, text)
  if (tree === null || tree.errorCount > 0) return false
  for (let i = 0; i < nodeCount(tree); i++) if (typeOf(tree, i).startsWith('jsx_')) return true
  return false
}
