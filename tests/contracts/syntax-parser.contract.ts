import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { childrenOf, NODE, nodeCount, type SyntaxTree, typeOf } from '../../src/domain/syntax-tree.ts'
import type { SyntaxParser } from '../../src/ports/syntax-parser.ts'

/** Sound text of a few lines in each language a parser may offer, with what it defines at the top level. */
const SAMPLES: Readonly<Record<string, { text: string; definitions: string[] }>> = {
  c: { text: 'int *find(int a) { return 0; }\nstruct Node { int x; };\n', definitions: ['find', 'Node'] },
  c_sharp: { text: 'namespace N { class A { void M() {} } struct S {} }\n', definitions: ['A', 'S'] },
  cpp: {
    text: 'template<class T> T twice(T a) { return a; }\nclass K { int m() { return 1; } };\n',
    definitions: ['twice', 'K'],
  },
  go: { text: 'package m\n\nfunc F(a int) int { return a }\n\ntype S struct{}\n', definitions: ['F', 'S'] },
  java: { text: 'class A { void m() {} }\ninterface B {}\n', definitions: ['A', 'B'] },
  javascript: {
    text: 'function a() { function inner() {} }\nexport const b = () => 1\nexport default class C { m() {} }\n',
    definitions: ['a', 'b', 'C'],
  },
  php: { text: '<?php function f($a) { return $a; } class A { function m() {} }\n', definitions: ['f', 'A'] },
  python: {
    text: '@cached\ndef f(x):\n    def inner(): pass\n    return x\n\nclass A:\n    def m(self): pass\n\nh = lambda x: x\n',
    definitions: ['f', 'A', 'h'],
  },
  ruby: { text: 'def f(x)\n  x\nend\n\nclass A\n  def m; end\nend\n', definitions: ['f', 'A'] },
  rust: { text: 'fn f(x: i32) -> i32 { x }\npub struct S;\nmod m { fn z() {} }\n', definitions: ['f', 'S'] },
  tsx: { text: 'const View = () => <b className="x">{y}</b>\nenum E { A }\n', definitions: ['View', 'E'] },
  typescript: {
    text: 'interface I { a: number }\nexport abstract class F {}\nfunction h(a: number) {}\n',
    definitions: ['I', 'F', 'h'],
  },
}

/** Runs the numbered contract of `SyntaxParser` (see the port) against what `create` makes. */
export function describeSyntaxParser(name: string, create: () => SyntaxParser): void {
  describe(`${name} keeps the contract of a syntax parser`, () => {
    const parser = create()

    async function parsed(language: string, text: string): Promise<SyntaxTree> {
      const tree = await parser.parse(language, text)
      if (!tree) throw new Error(`no grammar of ${language}`)
      return tree
    }

    test('1: languages are sorted, each once', () => {
      const languages = parser.languages()
      expect(languages).toEqual([...new Set(languages)].sort())
      expect(languages.length).toBeGreaterThan(0)
    })

    test('2: a language goes by every spelling, and null is for what is not offered, whatever its name', async () => {
      const foreign = ['', 'cobol', 'toString', '__proto__', '../python', 'python\0']
      for (const language of foreign) expect(await parser.parse(language, 'x')).toBeNull()
      for (const language of parser.languages()) {
        expect(await parser.parse(` ${language.toUpperCase()}`, '')).toMatchObject({ language, errorCount: 0 })
      }
      const spelled = { py: 'python', 'c#': 'c_sharp', csharp: 'c_sharp', jsx: 'javascript', golang: 'go' }
      for (const [spelling, name] of Object.entries(spelled)) {
        const expected = parser.languages().includes(name) ? name : undefined
        expect((await parser.parse(spelling, ''))?.language).toBe(expected)
      }
    })

    test('3: a syntax error is data: how many, and where the first is', async () => {
      for (const language of parser.languages()) {
        const text = language === 'php' ? '<?php\n(((' : '\n((('
        const tree = await parsed(language, text)
        expect(tree.errorCount, language).toBeGreaterThan(0)
        expect(tree.firstError?.line, language).toBeGreaterThanOrEqual(1)
      }
      expect((await parsed('python', 'x = 1\ny = 2 )\n')).firstError).toEqual({ line: 2, column: 1 })
      expect((await parsed('python', 'class A:\n  x = "🎉"; y = 2 $ 3\n')).firstError).toEqual({ line: 2, column: 17 })
    })

    test('3, 5: any text gives a well-formed tree', async () => {
      const fragment = fc.constantFrom(
        'def f(',
        ')',
        '{',
        '"',
        "'",
        '\n',
        'if ',
        '=',
        'é',
        '🎉',
        '\ud800',
        '\0',
        '<',
        '`${',
        '/*',
        ' ',
      )
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')),
      )
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...parser.languages()), text, async (language, source) => {
          expectWellFormed(await parsed(language, source), source)
        }),
        { numRuns: 150 },
      )
    })

    test('4: equal texts give equal trees, interleaved and in any order', async () => {
      const jobs = parser.languages().flatMap((language) => [language, language])
      const together = await Promise.all(jobs.map((language) => parsed(language, sampleText(language))))
      const fresh = create()
      for (const [i, language] of [...jobs.entries()].reverse()) {
        expect(await fresh.parse(language, sampleText(language))).toEqual(together[i])
      }
    })

    test('5: offsets count UTF-16 code units', async () => {
      const tree = await parsed('python', 's = "é🎉" + name\n')
      const names = [...tree.type.keys()].filter((i) => typeOf(tree, i) === 'identifier')
      expect(names.map((i) => tree.text.slice(tree.start[i], tree.end[i]))).toEqual(['s', 'name'])
    })

    test('6: memory does not grow with the number of parses', async () => {
      const text = 'x = f(a, b + 1)\n'.repeat(500)
      for (let i = 0; i < 10; i++) await parsed('python', text)
      const before = process.memoryUsage().rss
      for (let i = 0; i < 60; i++) await parsed('python', text)
      // Trees kept would take more than 55 MB here.
      expect(process.memoryUsage().rss - before).toBeLessThan(40 * 2 ** 20)
    })

    test('7: definitions are those of the top level, in order', async () => {
      for (const language of parser.languages()) {
        const tree = await parsed(language, sampleText(language))
        expect({ language, errors: tree.errorCount, definitions: tree.definitions }).toEqual({
          language,
          errors: 0,
          definitions: SAMPLES[language]?.definitions,
        })
      }
    })
  })
}

function sampleText(language: string): string {
  return SAMPLES[language]?.text ?? ''
}

function expectWellFormed(tree: SyntaxTree, text: string): void {
  expect(tree.text).toBe(text)
  let errors = 0
  for (let i = 0; i < nodeCount(tree); i++) {
    if ((tree.flags[i] ?? 0) & (NODE.error | NODE.missing)) errors++
    let at = tree.start[i] ?? -1
    for (const child of childrenOf(tree, i)) {
      if ((tree.start[child] ?? -1) < at) throw new Error(`node ${child} starts before its elder sibling ends`)
      at = tree.end[child] ?? -1
    }
    if (at > (tree.end[i] ?? -1)) throw new Error(`node ${i} ends before its last child`)
  }
  expect({ last: tree.next[0], errors }).toEqual({ last: nodeCount(tree), errors: tree.errorCount })
  expect(tree.firstError === null).toBe(tree.errorCount === 0)
}
