import { expect, test } from 'vitest'
import type { TypedValue } from '../../../src/domain/value.ts'
import { SUITE_PROXY_HARNESS } from '../../../src/sandbox/harness/suite-proxy-harness.ts'
import { SUITE_PROXY_JAVASCRIPT } from '../../../src/sandbox/harness/suite-proxy-javascript.ts'
import { prepareJavaScript } from '../../../src/sandbox/suite/reach.ts'
import { describeInSandbox } from '../../support/this-machines-sandbox.ts'

/*
 * The process of the tests by itself, given answers that the host would have kept from it: whatever they hold, it takes them for the end of
 * the code, and the answers that follow find it as it was.
 */
const toTyped = (value: unknown): TypedValue => {
  if (typeof value === 'number') return { t: 'int', v: String(value) }
  if (typeof value === 'string') return { t: 'str', v: value }
  if (Array.isArray(value)) return { t: 'list', v: value.map(toTyped) }
  if (value === null) return { t: 'none' }
  if (typeof value === 'boolean') return { t: 'bool', v: value }
  return { t: 'dict', v: Object.entries(Object(value) as object).map(([key, item]) => [toTyped(key), toTyped(item)]) }
}
const tuple = (...v: TypedValue[]): TypedValue => ({ t: 'tuple', v })
const FORGED = { id: 'forged', status: 'fail', message: 'its answer was malformed' }
const V = (value: unknown) => ['v', value]

await describeInSandbox('the process of the tests, given forged answers', (sandbox) => {
  /** What became of each test, when its calls are answered so, in order; every test makes one call. */
  const judge = async (
    language: 'python' | 'javascript',
    framework: string,
    tests: string,
    known: TypedValue[],
    more: readonly string[] = [],
  ) => {
    const code = language === 'python' ? SUITE_PROXY_HARNESS : SUITE_PROXY_JAVASCRIPT
    const session = await sandbox().open({ language, code, entryPoint: 'run', seed: 1 })
    const names = ['f', 'g', ...more].map((name) => [name, 'function', []])
    const args = [{ t: 'list', v: known } as const, toTyped(tests), toTyped('solution'), toTyped(names), toTyped(framework)]
    const outcome = await session.call({ fn: 'run', args }, { cpuMs: 5_000, wallMs: 20_000 })
    await session.close()
    return JSON.stringify(outcome)
      .replaceAll(/\{"t":"\w+","v":("(?:[^"\\]|\\.)*"|\[)/g, '$1')
      .replaceAll(/(?<=["\]])\}/g, '')
  }
  const PYTHON =
    'import unittest\nfrom solution import f, g\nclass T(unittest.TestCase):\n    def test_a(self):\n        with self.assertRaises(TypeError): f([1], {"k": 1})\n    def test_b(self): self.assertEqual(g(), 1)\n'
  const ROW = '["T.test_b","fail","AssertionError: 2 != 1"]'

  test.each([
    ['an index that is a word', ['value', V(1), [['append', 'list', []]], '', '']],
    ['an index from behind', ['value', V(1), [[-1, 'dict', []]], '', '']],
    ['an index that is a truth', ['value', V(1), [[true, 'dict', []]], '', '']],
    ['a reference from behind', ['value', ['r', -2], [], '', '']],
    ['a kind of another thing', ['value', V(1), [[0, 'dict', []]], '', '']],
    ['half an entry', ['value', ['dict', [V(1)]], [], '', '']],
    ['a tag that is no word', ['value', [['v'], 1], [], '', '']],
    ['output that is a number', ['value', V(1), [], 5, '']],
    ['output that is a list', ['value', V(1), [], '', ['x']]],
    ['an unknown word', ['pass', V(1), [], '', '']],
    ['a class that is a number', ['raised', [[['builtins', 5]], [], ''], [], '', '']],
    ['no class', ['raised', [[], [], ''], [], '', '']],
    ['more than an answer', ['value', V(1), [], '', '', '']],
  ])('Python takes %s for the end of the code', async (_, answer) => {
    const known = [
      tuple(tuple(toTyped('f'), tuple(toTyped([1]), toTyped({ k: 1 })), tuple(), tuple()), toTyped(answer)),
      tuple(tuple(toTyped('g'), tuple(), tuple(), tuple()), toTyped(['value', V(2), [], '', ''])),
    ]
    const said = await judge('python', 'unittest', PYTHON, known)
    expect(said).toContain(`["T.test_a","fail","${FORGED.message}"]`)
    expect(said).toContain(ROW)
  })

  const NODE =
    "import test from 'node:test'\nimport assert from 'node:assert'\nimport { f, g } from './solution.mjs'\ntest('a', () => { const xs = [1]; assert.throws(() => f(xs, { k: 1 }), Error) })\ntest('b', () => { const xs = g(); assert.ok(xs.every((x) => x === 1)) })\ntest('c', () => { class Own extends Error { constructor() { super(); this.name = 'Own' } }\n const o = {}; o.toString = () => 'o'; assert.equal(o + String(new Own()), 'oOwn') })\n"
  const VITEST =
    "import { test, expect } from 'vitest'\nimport { f, g } from './solution.mjs'\ntest('a', () => { expect(() => f([1], { k: 1 })).toThrow() })\ntest('b', () => { expect(g()).toEqual([1]) })\n"

  test.each(['__getattr__', '__class__', 'a b', 'x = 1'])('a name that is none is not put into a module: %s', async (name) => {
    expect(await judge('python', 'unittest', PYTHON, [], [name])).toContain('["cannot","a name that is none"]')
    if (!name.startsWith('__'))
      expect(await judge('javascript', 'vitest', '', [], [name])).toContain('["cannot","a name that is none"]')
  })

  test.each([
    ['a word of every list', ['value', V(1), [['__proto__', 'dict', [V('every'), ['r', 'concat']]]], '', '']],
    ['a word of every list, to be made one', ['value', V(1), [['__proto__', 'list', [V(1)]]], '', '']],
    ['the class of lists', ['value', V(1), [['constructor', 'dict', [V('isArray'), ['r', 'concat']]]], '', '']],
    ['a way of lists', ['value', V(1), [['every', 'dict', [V('call'), ['r', 'concat']]]], '', '']],
    ['a reference by a word', ['value', ['r', 'concat'], [], '', '']],
    ['a reference by a number in words', ['value', ['r', '0'], [], '', '']],
    ['a reference by a list', ['value', ['r', [0]], [], '', '']],
    ['a kind of another thing', ['value', V(1), [[0, 'dict', [V('every'), V(1)]]], '', '']],
    ['an unknown kind', ['value', V(1), [[1, '__proto__', []]], '', '']],
    ['a key that is a list', ['value', ['dict', [V(['k']), V(1)]], [], '', '']],
    ['a kind of error that every object has', ['raised', ['toString', 'x'], [], '', '']],
    ['a kind of error in a list', ['raised', [['TypeError'], 'x'], [], '', '']],
    ['a message that is an object', ['raised', ['TypeError', {}], [], '', '']],
    ['an unknown word', ['pass', V(1), [], '', '']],
    ['a word for an answer', ['value', 'v1', [], '', '']],
  ])('JavaScript takes %s for the end of the code', async (_, answer) => {
    const known = [
      [['f', [[1], { k: 1 }]], answer],
      [
        ['g', []],
        ['value', V([2]), [], '', ''],
      ],
    ].map(toTyped)
    for (const [framework, tests] of [
      ['node:test', NODE],
      ['vitest', VITEST],
    ] as const) {
      const prepared = prepareJavaScript(tests, 'solution')
      const said = await judge('javascript', framework, 'tests' in prepared ? prepared.tests : prepared.cannot, known)
      expect(said).toContain(`["a","fail","${FORGED.message}"]`)
      expect(said).toContain('["b","fail",')
      if (framework === 'node:test') expect(said).toContain('["c","pass",""]')
    }
  })
})
