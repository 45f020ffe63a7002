import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placeFiles } from '../../src/app/place-files.ts'
import type { Candidate, CandidateFile } from '../../src/domain/candidate.ts'
import { sampleCandidate } from '../support/sample-candidate.ts'

const candidate = (files: readonly Partial<CandidateFile>[], main = 0): Candidate => sampleCandidate(files, { main })

const pathsOf = (files: readonly Partial<CandidateFile>[], entryPoint: string | null = 'add'): string[] =>
  placeFiles(candidate(files), entryPoint).map(({ path }) => path)

test('a file without a path is named after the entry point and its language; the program is as it was judged', () => {
  expect(placeFiles(candidate([{}]), 'merge_intervals')).toEqual([
    { path: 'merge_intervals.py', content: 'def add(): pass\n', isMain: true },
  ])
  expect(pathsOf([{ language: 'typescript' }])).toEqual(['add.ts'])
  expect(pathsOf([{ language: 'html' }], null)).toEqual(['program.html'])
  expect(pathsOf([{ language: 'brainfuck' }], null)).toEqual(['program.txt'])
  expect(pathsOf([{ language: 'constructor' }], null)).toEqual(['program.txt'])
})

test('a path the answer names is kept, and further files without one are numbered', () => {
  expect(pathsOf([{ path: 'src/app.py' }, { path: 'tests/test_app.py' }, {}])).toEqual([
    'src/app.py',
    'tests/test_app.py',
    'file-3.py',
  ])
})

test.each([
  [
    ['a.py', 'a.py'],
    ['a.py', 'a-2.py'],
  ],
  [
    ['A.py', 'a.py'],
    ['A.py', 'a-2.py'],
  ],
  [
    ['a', 'a/b.py'],
    ['a', 'a-2/b.py'],
  ],
  [
    ['a/b.py', 'a'],
    ['a/b.py', 'a-2'],
  ],
  [
    ['con.py', 'x:y?.py', 'end. '],
    ['_con.py', 'x_y_.py', 'end'],
  ],
])('paths that would meet or that no disk takes are changed: %j', (wanted, paths) => {
  expect(pathsOf(wanted.map((path) => ({ path })))).toEqual(paths)
})

test('whatever an answer names, every path is plain, inside, and its own', () => {
  const segment = fc.oneof(fc.constantFrom('..', '.', '', 'a', 'A', 'nul', '.git', '~'), fc.string({ maxLength: 300 }))
  const path = fc.option(fc.array(segment, { maxLength: 20 }).map((parts) => parts.join('/')))
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 6 }), fc.option(fc.string()), (paths, entryPoint) => {
      const placed = pathsOf(
        paths.map((each) => ({ path: each })),
        entryPoint,
      )
      expect(placed).toHaveLength(paths.length)
      for (const each of placed) {
        for (const part of each.split('/')) {
          expect(part).not.toMatch(/^\.{0,2}$|^\.git$|[\x00-\x1f\x7f\\:]/)
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(200)
        }
        expect(placed.filter((other) => other === each || other.startsWith(`${each}/`))).toEqual([each])
      }
    }),
  )
})
