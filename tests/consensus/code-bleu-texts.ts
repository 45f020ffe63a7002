import fc from 'fast-check'
import { type CodeBleuResult, type CodeProfile, codeBleu, codeProfile, normaliseCode } from '../../src/consensus/code-bleu.ts'
import { CODE_BLEU_DEFAULTS, type CodeBleuSettings } from '../../src/consensus/code-bleu-settings.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'

const parser = createTreeSitterParser({ maxHeapBytes: 2 ** 27 })

export async function profileOf(
  language: string,
  source: string,
  settings: CodeBleuSettings = CODE_BLEU_DEFAULTS,
): Promise<CodeProfile> {
  const text = normaliseCode(source)
  return codeProfile(text, await parser.parse(language, text), settings)
}

export async function compared(
  language: string,
  a: string,
  b: string,
  settings: CodeBleuSettings = CODE_BLEU_DEFAULTS,
): Promise<CodeBleuResult> {
  return codeBleu(await profileOf(language, a, settings), await profileOf(language, b, settings), settings.weights)
}

export async function parsed(language: string, text: string) {
  const tree = await parser.parse(language, text)
  if (!tree) throw new Error(`no grammar of ${language}`)
  return tree
}

const name = fc.constantFrom('a', 'b', 'total', 'items')
const value = fc.oneof(name, fc.constantFrom('0', '1', '"text"', 'len(items)', 'a + b', '[x for x in items]', 'f(a)[b]'))

/** Python of a few statements, nested up to three levels. */
export const pythonText: fc.Arbitrary<string> = fc
  .letrec<{ line: string[]; block: string[][] }>((tie) => ({
    block: fc.array(tie('line'), { minLength: 1, maxLength: 4 }),
    line: fc.oneof(
      { depthSize: 'small', withCrossShrink: true, maxDepth: 3 },
      fc.tuple(name, fc.constantFrom('=', '+='), value).map((parts) => [parts.join(' ')]),
      value.map((v) => [`return ${v}`]),
      fc
        .tuple(fc.constantFrom('if', 'while'), value, tie('block'))
        .map(([word, v, block]) => [`${word} ${v}:`, ...indented(block)]),
      fc.tuple(name, value, tie('block')).map(([n, v, block]) => [`for ${n} in ${v}:`, ...indented(block)]),
      fc.tuple(value, tie('block'), tie('block')).map(([v, yes, no]) => [`if ${v}:`, ...indented(yes), 'else:', ...indented(no)]),
    ),
  }))
  .block.map((block) => ['def work(items):', ...indented(block)].join('\n'))

function indented(block: readonly (readonly string[])[]): string[] {
  return block.flat().map((line) => `    ${line}`)
}

/** Text of no language in particular, hostile where it can be. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  pythonText,
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.constantFrom('def f(', ')', ':', '\n', '    ', '"""', "'", 'x', '=', '{', '//', '/*', '#', '🎉', '\0', '\ud800'), {
      maxLength: 25,
    })
    .map((parts) => parts.join('')),
)
