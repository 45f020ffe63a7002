import type { SyntaxParser } from '../../ports/syntax-parser.ts'
import { usesJsx } from './find-jsx.ts'
import { stripTypes } from './strip-types.ts'

/** JavaScript to run, or why there is none: `failed` is the text's own fault, `not-run` ours. */
export type Erased =
  | { readonly kind: 'erased'; readonly code: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'not-run'; readonly reason: string }

/** Returns TypeScript without its types. They are blanked on the host; nothing is run, compiled or moved. */
export async function eraseTypes(text: string, parser: SyntaxParser | null): Promise<Erased> {
  const tree = parser === null ? null : await parser.parse('typescript', text)
  if (tree === null) return { kind: 'not-run', reason: 'TypeScript needs a parser to erase its types, and there is none' }
  const stripped = stripTypes(tree)
  switch (stripped.kind) {
    case 'stripped':
      return { kind: 'erased', code: stripped.code }
    case 'syntax-error':
      // JSX and casts in angle brackets exclude one another, so the two are read with grammars of their own.
      if (await usesJsx('tsx', text, parser)) return notErasable('JSX')
      return { kind: 'failed', message: stripped.message }
    case 'not-erasable':
      return notErasable(stripped.what)
  }
}

function notErasable(what: string): Erased {
  return { kind: 'not-run', reason: `TypeScript with ${what} cannot be run without a compiler` }
}
