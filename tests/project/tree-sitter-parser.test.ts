import { expect, test } from 'vitest'
import { SYNTAX_LANGUAGES } from '../../src/domain/syntax-language.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'

test('it offers the languages a configuration may name', () => {
  expect(createTreeSitterParser().languages()).toEqual(SYNTAX_LANGUAGES)
})

const GIVEN_UP = { types: ['ERROR'], errorCount: 1, firstError: { line: 1, column: 1 }, definitions: [] }

test('a text that exhausts the heap is unparsable, and the next text parses', async () => {
  const parser = createTreeSitterParser({ maxHeapBytes: 2 ** 26 })
  const bomb = 'a<'.repeat(20_000)
  expect(await parser.parse('java', bomb)).toMatchObject({ ...GIVEN_UP, text: bomb })
  // What the trapped heap still holds would leave no room for this.
  const large = `class A {\n${'  int f(int a) { return a + 1; }\n'.repeat(8_000)}}\n`
  expect(await parser.parse('java', large)).toMatchObject({ errorCount: 0, definitions: ['A'] })
})

test('texts parsed while another exhausts the heap are not lost', async () => {
  const parser = createTreeSitterParser({ maxHeapBytes: 2 ** 26 })
  const trees = await Promise.all(
    [['python', 'x = 1'] as const, ['java', 'a<'.repeat(20_000)] as const, ['java', 'class A {}'] as const].map(
      ([language, text]) => parser.parse(language, text),
    ),
  )
  expect([trees[0]?.errorCount, trees[1]?.types]).toEqual([0, ['ERROR']])
  expect(await parser.parse('java', 'class A {}')).toMatchObject({ errorCount: 0 })
})

test('a text that takes too long is unparsable, and leaves nothing for the next text', async () => {
  let now = 0
  const parser = createTreeSitterParser({ maxParseMs: 5, cpuMs: () => now++ })
  expect(await parser.parse('python', 'x = f(a, b)\n'.repeat(5_000))).toMatchObject(GIVEN_UP)
  expect(await parser.parse('python', 'y = 2\n')).toMatchObject({ errorCount: 0, text: 'y = 2\n' })
})

test('a text longer than the limit is unparsable without being read', async () => {
  const parser = createTreeSitterParser({ maxTextLength: 10 })
  expect(await parser.parse('python', 'x = 1 + 2 + 3')).toMatchObject(GIVEN_UP)
  expect(await parser.parse('python', 'x = 1 + 23')).toMatchObject({ errorCount: 0 })
})

test('nesting of any depth gives a tree', async () => {
  const parser = createTreeSitterParser()
  const tree = await parser.parse('python', `x = ${'('.repeat(50_000)}1${')'.repeat(50_000)}\n`)
  expect(tree?.errorCount).toBe(0)
  expect(tree?.type.length).toBeGreaterThan(150_000)
})

test('a node may have any number of children', async () => {
  const parser = createTreeSitterParser()
  expect(await parser.parse('python', '('.repeat(150_000))).toMatchObject({ errorCount: 1, definitions: [] })
})

test('C is read by the grammar of C++', async () => {
  const parser = createTreeSitterParser()
  expect(await parser.parse('c', 'static int twice(int n) { return 2 * n; }')).toMatchObject({
    language: 'c',
    errorCount: 0,
    definitions: ['twice'],
  })
})
