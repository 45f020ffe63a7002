import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extractCode } from '../../src/prompts/extract-code.ts'
import { locate, nearestRegion } from '../../src/prompts/extract-locate.ts'

const searchReplace = (old: readonly string[], fresh: readonly string[]): string =>
  `m.py\n<<<<<<< SEARCH\n${[...old, '=======', ...fresh].join('\n')}\n>>>>>>> REPLACE\n`
const diff = (old: readonly string[], fresh: readonly string[]): string =>
  `--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n${[...old.map((line) => `-${line}`), ...fresh.map((line) => `+${line}`)].join('\n')}\n`
const envelope = (old: readonly string[], fresh: readonly string[]): string =>
  `*** Begin Patch\n*** Update File: m.py\n@@\n${[...old.map((line) => `-${line}`), ...fresh.map((line) => `+${line}`)].join('\n')}\n*** End Patch\n`

const indentOf = (text: string): number => text.length - text.trimStart().length

/** The places of the first kind that has any, counted the slow and obvious way: as written, trailing blanks aside, shifted. */
function placesOf(lines: readonly string[], wanted: readonly string[]): readonly number[] {
  const starts = lines.map((_, at) => at).filter((at) => at + wanted.length <= lines.length)
  const where = (view: (text: string) => string): readonly number[] =>
    starts.filter((at) => wanted.every((text, index) => view(lines[at + index] ?? '') === view(text)))
  const shifted = where((text) => text.trim()).filter((at) => {
    const shifts = wanted.flatMap((text, index) =>
      text.trim() === '' ? [] : [indentOf(lines[at + index] ?? '') - indentOf(text)],
    )
    return new Set(shifts).size === 1
  })
  return [where((text) => text), where((text) => text.trimEnd()), shifted].find((places) => places.length > 0) ?? []
}

function withoutEdgeBlanks(lines: readonly string[]): readonly string[] {
  const isText = (text: string): boolean => text.trim() !== ''
  return lines.slice(Math.max(0, lines.findIndex(isText)), lines.findLastIndex(isText) + 1)
}

const line = fc.constantFrom('a', 'b', '  a', '  b', '    a', 'a  ', '', 'c')
// An empty file is left out: filling it is no edit of a place.
const someLines = fc.array(line, { minLength: 1, maxLength: 14 }).filter((lines) => lines.some((text) => text.trim() !== ''))
const someWanted = fc.array(line, { minLength: 1, maxLength: 4 })

test('an edit lands exactly where it is the only one that can be meant, in every form of edit', () => {
  const seen = { applied: 0, ambiguous: 0, absent: 0 }
  fc.assert(
    fc.property(someLines, someWanted, (lines, wanted) => {
      const core = withoutEdgeBlanks(wanted)
      const old = [...lines, '']
      const whole = placesOf(old, wanted)
      const places = core.length === 0 ? [] : whole.length > 0 ? whole : placesOf(old, core)
      seen[places.length === 1 ? 'applied' : places.length === 0 ? 'absent' : 'ambiguous'] += 1
      for (const form of [searchReplace, diff, envelope]) {
        const got = extractCode(form(wanted, ['        NEW']), { existing: { 'm.py': old.join('\n') } })
        const [at] = places
        if (places.length !== 1 || at === undefined) {
          expect(got).toMatchObject({ files: [], warnings: [places.length === 0 ? 'edit_not_found' : 'edit_ambiguous'] })
          continue
        }
        const length = whole.length > 0 ? wanted.length : core.length
        const after = [...old.slice(0, at), 'NEW', ...old.slice(at + length)]
        const code = (got.files[0]?.code ?? '').trimEnd().split('\n')
        expect(code.map((text) => (text.endsWith('NEW') ? 'NEW' : text))).toEqual(after.join('\n').trimEnd().split('\n'))
      }
    }),
    { seed: 3, numRuns: 3000 },
  )
  // The property saw every outcome, often.
  expect(Math.min(seen.applied, seen.ambiguous, seen.absent)).toBeGreaterThan(300)
})

test('an edit whose text is nowhere changes nothing', () => {
  fc.assert(
    fc.property(someLines, (lines) => {
      for (const form of [searchReplace, diff, envelope]) {
        const got = extractCode(form(['nowhere'], ['NEW']), { existing: { 'm.py': `${lines.join('\n')}\n` } })
        expect({ files: got.files, warnings: got.warnings }).toEqual({ files: [], warnings: ['edit_not_found'] })
      }
    }),
    { seed: 5, numRuns: 200 },
  )
})

test.each([
  ['as written', ['x', '  y'], { at: 1, length: 2 }],
  ['trailing blanks aside', ['x  ', '  y\t'], { at: 1, length: 2 }],
  ['moved left as a whole', ['p', ' q'], { at: 3, length: 2 }],
  ['moved right as a whole', ['          p', '           q'], { at: 3, length: 2 }],
])('lines are found %s', (_, wanted, place) => {
  expect(locate(['a', 'x', '  y', '    p', '     q', 'z'], wanted)).toMatchObject({ kind: 'found', ...place })
})

test('lines whose indents differ from one another by different amounts are another text', () => {
  expect(locate(['    p', '      q'], ['p', ' q'])).toEqual({ kind: 'absent' })
  expect(locate(['\tp', '\t\tq'], ['p', '    q'])).toEqual({ kind: 'absent' })
})

test('overlapping places count as two', () => {
  expect(locate(['a', 'a', 'a'], ['a', 'a'])).toEqual({ kind: 'ambiguous', count: 2 })
})

test('a better kind of place wins over a looser one, which is then not counted', () => {
  expect(locate(['x', '  x'], ['x'])).toMatchObject({ kind: 'found', at: 0 })
  expect(locate(['  x', '    x'], ['x'])).toEqual({ kind: 'ambiguous', count: 2 })
})

test('a refused edit says which region is nearest', () => {
  const existing = { 'm.py': 'def add(first, second):\n    return first + second\n\n\ndef other():\n    return None\n' }
  const reply = searchReplace(['def add(first, second):', '    return first - second'], ['pass'])
  expect(extractCode(reply, { existing }).refused).toEqual([
    { what: 'm.py', why: 'not found in m.py; nearest is lines 1-2, likeness 0.92' },
  ])
  expect(nearestRegion(['x', 'y'], ['completely', 'other'])).toBeNull()
})

test('a file keeps its line ends and everything an edit does not name', () => {
  const reply = searchReplace(['b = 1'], ['b = 2', 'c = 3'])
  expect(extractCode(reply, { existing: { 'm.py': 'a = 1\r\nb = 1\r\nd = 4\r\n' } }).files).toEqual([
    { path: 'm.py', language: 'python', code: 'a = 1\r\nb = 2\r\nc = 3\r\nd = 4\r\n' },
  ])
  expect(extractCode(reply, { existing: { 'm.py': 'a = 1   \nb = 1' } }).files[0]?.code).toBe('a = 1   \nb = 2\nc = 3\n')
})

test('an edit that names no file means the only one there is, and none of several', () => {
  const reply = '<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n'
  expect(extractCode(reply, { existing: { 'm.py': 'x = 1\n' } }).files).toEqual([
    { path: 'm.py', language: 'python', code: 'x = 2\n' },
  ])
  expect(extractCode(reply, { existing: { 'm.py': 'x = 1\n', 'n.py': 'y = 1\n' } }).warnings).toEqual(['edit_without_path'])
})

test('later blocks see what earlier ones did', () => {
  const reply = `${searchReplace(['x = 1'], ['x = 2'])}\n${searchReplace(['x = 2'], ['x = 3'])}`
  expect(extractCode(reply, { existing: { 'm.py': 'x = 1\n' } }).files[0]?.code).toBe('x = 3\n')
})

test('a file that exists is neither created over nor deleted', () => {
  const existing = { 'm.py': 'x = 1\n' }
  const add = '*** Begin Patch\n*** Add File: m.py\n+y = 1\n*** End Patch\n'
  const remove = '*** Begin Patch\n*** Delete File: m.py\n*** End Patch\n'
  expect(extractCode(add, { existing })).toMatchObject({ files: [], warnings: ['edit_not_found'] })
  expect(extractCode(remove, { existing })).toMatchObject({ files: [], warnings: ['deletion_refused'] })
})

test('a model that loops over the same edit is stopped', () => {
  const reply = searchReplace(['x'], ['x']).repeat(500)
  expect(extractCode(reply, { existing: { 'm.py': 'x\n' } }).warnings).toEqual(['too_many_edits'])
})

test('an anchor narrows an edit to its own block, and refuses a place before it', () => {
  const existing = { 't.py': 'def a():\n    return 0\n\ndef b():\n    return 1\n' }
  const patch = (anchor: string, old: string): string =>
    `*** Begin Patch\n*** Update File: t.py\n@@ ${anchor}\n-    ${old}\n+    pass\n*** End Patch\n`
  expect(extractCode(patch('def b():', 'return 1'), { existing }).files[0]?.code).toBe(
    'def a():\n    return 0\n\ndef b():\n    pass\n',
  )
  expect(extractCode(patch('def b():', 'return 0'), { existing }).files).toEqual([])
})
