import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type ExtractionCase, missOf } from '../../bench/extraction-score.ts'
import { type Extraction, extractCode, pickMainFile } from '../../src/prompts/extract-code.ts'

const casesIn = (name: string): readonly ExtractionCase[] =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')) as readonly ExtractionCase[]

const shared = casesIn('extraction-cases')
const own = casesIn('extraction-own-cases')

test('the files of cases are there and hold what they should', () => {
  expect(shared.length).toBeGreaterThanOrEqual(30)
  expect(own.length).toBeGreaterThanOrEqual(25)
  expect(new Set([...shared, ...own].map((each) => each.id)).size).toBe(shared.length + own.length)
})

test.each([...shared, ...own].map((each) => [each.id, each] as const))('case %s holds the files it should', (_, each) => {
  expect(missOf(each)).toBeNull()
})

test('the score fails a case for its path, its language, its code, its number of files or a warning it lacks', () => {
  const reply = 'a.py\n```python\nx = 1\n```\n'
  const file = { path: 'a.py', lang: 'python', code: 'x = 1\n' }
  const missed = (expected: ExtractionCase['expect']): boolean => missOf({ id: 'any', reply, expect: expected }) !== null
  expect(missed({ files: [file] })).toBe(false)
  expect(missed({ files: [{ ...file, path: 'b.py' }] })).toBe(true)
  expect(missed({ files: [{ lang: 'python', code: 'x = 1\n' }] })).toBe(true)
  expect(missed({ files: [{ ...file, lang: 'go' }] })).toBe(true)
  expect(missed({ files: [{ ...file, code: 'x = 2\n' }] })).toBe(true)
  expect(missed({ files: [] })).toBe(true)
  expect(missed({ files: [file], warnings: ['unterminated_fence'] })).toBe(true)
})

test.each([
  ['*** Begin Patch\n*** Add File: a.py\n+x = 1\n*** End Patch\n', 'envelope'],
  ['a.py\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n', 'search-replace'],
  ['--- /dev/null\n+++ b/a.py\n@@ -0,0 +1 @@\n+x = 1\n', 'diff'],
  ['{"path": "a.py", "code": "x = 1"}', 'json'],
  ['a.py\n```python\nx = 1\n```\n', 'fence'],
  ['a.py\n\n    x = 1\n', 'indented'],
  ['a.py\n\nx = 1\n', 'span'],
] as const)('%j is read as the form it is in', (reply, source) => {
  expect(extractCode(reply)).toEqual({
    files: [{ path: 'a.py', language: 'python', code: 'x = 1\n' }],
    source,
    warnings: [],
    refused: [],
  })
})

test('a reply without code yields nothing and says so', () => {
  expect(extractCode('I would rather not.')).toEqual({ files: [], source: 'none', warnings: [], refused: [] })
  expect(extractCode('')).toEqual({ files: [], source: 'none', warnings: [], refused: [] })
})

test('a refused file is named with its reason', () => {
  const { files, refused } = extractCode('```python title="../x.py"\nx = 1\n```\n')
  expect({ files, refused }).toEqual({ files: [], refused: [{ what: '../x.py', why: 'path leaves the root' }] })
})

test('when every edit is refused, its marks do not pass for code', () => {
  const reply = 'm.py\n```python\n<<<<<<< SEARCH\nq = 1\n=======\nq = 2\n>>>>>>> REPLACE\n```\n\n```python\nx = 1\n```\n'
  const { files, source } = extractCode(reply, { existing: { 'm.py': 'x = 1\n' } })
  expect({ files, source }).toEqual({ files: [], source: 'none' })
})

test('a name like __proto__ is a path like any other', () => {
  const reply = '__proto__\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n'
  expect(extractCode(reply, { existing: { 'm.py': 'x = 1\n', 'n.py': 'x = 1\n' } }).files).toEqual([])
  expect(extractCode('{"files": {"constructor.py": "x = 1"}}').files).toEqual([
    { path: 'constructor.py', language: 'python', code: 'x = 1\n' },
  ])
})

const extraction = (...files: Extraction['files']): Extraction => ({ files, source: 'fence', warnings: [], refused: [] })
const file = (path: string | null, language: string, code: string): Extraction['files'][number] => ({ path, language, code })

test('the main file is the one that defines the entry point, however short', () => {
  const short = file(null, 'python', 'def solve(x):\n    return x\n')
  const long = file(null, 'python', `def other():\n${'    pass\n'.repeat(50)}`)
  expect(pickMainFile(extraction(long, short), 'solve')).toBe(short)
  expect(pickMainFile(extraction(short, long), null)).toBe(long)
})

test('without an entry point the main file is the longest of the main language, and no test', () => {
  const page = file('index.html', 'html', `<p>${'x'.repeat(200)}</p>\n`)
  const one = file('a.ts', 'typescript', `export const a = '${'x'.repeat(150)}'\n`)
  const two = file('b.ts', 'typescript', `export const b = '${'x'.repeat(120)}'\n`)
  const tests = file('tests/a.test.ts', 'typescript', `test('${'x'.repeat(900)}', () => {})\n`)
  expect(pickMainFile(extraction(page, two, one, tests), null)).toBe(one)
  expect(pickMainFile(extraction(tests), null)).toBe(tests)
  expect(pickMainFile(extraction(), 'solve')).toBeNull()
})

test('an entry point with characters of a pattern in its name is looked up as text', () => {
  const only = file(null, 'python', 'def f(x):\n    return x\n')
  expect(pickMainFile(extraction(only), 'f(')).toBe(only)
  expect(pickMainFile(extraction(only), 'f(.*')).toBe(only)
  expect(pickMainFile(extraction(only), '')).toBe(only)
})
