import fc from 'fast-check'
import { dump } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { parseYaml, YamlProblem } from '../../src/config/yaml-source.ts'

function problemOf(source: string): { line: number; message: string } {
  try {
    parseYaml(source)
  } catch (error) {
    if (error instanceof YamlProblem) return { line: error.line, message: error.message }
    throw error
  }
  throw new Error('no problem was found')
}

describe('a YAML text', () => {
  test('gives its value and the line of every key and item', () => {
    const source = '# a comment\nid: x\nrules:\n  - one\n  - |\n    two\n    lines\nlimits: { a: 1,\n  b: 2 }\n'
    const document = parseYaml(source)
    expect(document.value).toEqual({ id: 'x', rules: ['one', 'two\nlines\n'], limits: { a: 1, b: 2 } })
    const paths = [['id'], ['rules'], ['rules', 0], ['rules', 1], ['limits', 'a'], ['limits', 'b'], []]
    expect(paths.map((path) => document.lineOf(path))).toEqual([2, 3, 4, 6, 8, 9, 2])
  })

  test('names the nearest line above for what is not there', () => {
    expect(parseYaml('a: 1\nlimits:\n  b: 2\n').lineOf(['limits', 'c', 'd'])).toBe(2)
  })

  test('that is empty has the value null', () => {
    expect([parseYaml('').value, parseYaml('# only a comment\n').value]).toEqual([null, null])
  })

  test('may share a part through an alias', () => {
    const document = parseYaml('base: &b [x]\nother: *b\n')
    expect(document.value).toEqual({ base: ['x'], other: ['x'] })
    expect(document.lineOf(['other'])).toBe(2)
  })

  test.each([
    ['a tag of its own', 'a: 1\nb: !danger x', 2, 'unknown scalar tag'],
    ['a JavaScript tag', 'b: !!js/function "x"', 1, 'unknown scalar tag'],
    ['a key twice', 'a: 1\na: 2', 2, 'duplicated'],
    ['two documents', 'a: 1\n---\nb: 2', 1, 'more than one'],
    ['a list that is not closed', 'a: [1,', 1, ''],
    ['deep nesting', '['.repeat(500), 1, 'nesting'],
    ['an alias of itself', 'a: 1\nb: &x [*x]', 2, 'itself'],
    ['an alias of itself under a name used before', 'b: &x 1\na: &x [*x]', 2, 'itself'],
    ['an alias of nothing', 'a: *x', 1, ''],
    ['a NUL', 'a: \0', 1, 'null byte'],
  ])('with %s is refused', (_, source, line, words) => {
    const problem = problemOf(source)
    expect(problem.line).toBe(line)
    expect(problem.message).toContain(words)
  })

  test('that expands a billion times is refused at once', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
    const problem = problemOf(`l0: &l0 [lol]\n${levels.join('\n')}\n`)
    expect(problem).toEqual({ line: 6, message: 'its aliases expand to too much' })
  })

  test('is never quoted in what is said of it', () => {
    expect(problemOf('token: "sk-very-secret\nother: [').message).not.toContain('secret')
  })

  test('comes back from a dump as it was, and never fails in another way than by a problem', () => {
    const name = fc.stringMatching(/^[a-z]{1,6}$/)
    const tree = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.integer(),
        fc.boolean(),
        fc.string(),
        fc.array(tie('node')),
        fc.dictionary(name, tie('node')),
      ),
    })).node
    fc.assert(
      fc.property(tree, (value) => {
        expect(parseYaml(dump(value)).value).toEqual(value)
      }),
      { numRuns: 200 },
    )
    fc.assert(
      fc.property(fc.string(), (source) => {
        try {
          parseYaml(source)
        } catch (error) {
          expect(error).toBeInstanceOf(YamlProblem)
        }
      }),
    )
  })
})
