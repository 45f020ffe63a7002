import { expect, test } from 'vitest'
import type { SuiteFramework, SuiteReport } from '../../../src/domain/suite.ts'
import { runSuite } from '../../../src/sandbox/suite/runner.ts'
import { describeInSandbox } from '../../support/this-machines-sandbox.ts'

const node = (names: string, body: string): string =>
  `import test, { describe } from 'node:test'\nimport assert from 'node:assert/strict'\nimport { ${names} } from './solution.mjs'\n${body}\n`
const vitest = (names: string, body: string): string =>
  `import { describe, expect, it } from 'vitest'\nimport { ${names} } from './solution.mjs'\n${body}\n`

/** Words of a text that are also names of what every object inherits; the tests count them in an object of their own. */
const WORDS = `['x', ...['constructor', 'toString', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'valueOf', '__defineGetter__']]`
const BUILT = `const want = {}\n  for (const word of ${WORDS}) want[word] = 1\n`
const OWN_NAMES = `test('own names', () => {
  const row = [1], text = (x) => x, fault = new TypeError('x'), when = new Map([[1, 2]]), word = /a/
  row.map = row.constructor = text.call = text.constructor = fault.constructor = fault.name = when.get = word.exec = 5
  assert.deepEqual([row.map, row.constructor, text.call, text.constructor, fault.constructor, fault.name, when.get, word.exec], Array(8).fill(5))
  assert.throws(() => { Object.freeze(row).push = 1 }, TypeError)
  assert.equal(add(1, 2), 3)
})
`
const COUNT =
  'export function count(ws) { const m = Object.create(null); for (const w of ws) m[w] = (m[w] ?? 0) + 1; return { ...m } }\n'

type Case = readonly [string, SuiteFramework, string, string, boolean, RegExp?]

const ADDS = node(
  'add',
  `describe('add', () => {
  test('sums', () => { for (const n of [1, 2, 3]) assert.equal(add(n, 1), n + 1) })
  test('refuses text', () => assert.throws(() => add('a', 1), TypeError))
})`,
)
const SORTED = node(
  'sorted',
  `test('sorts a copy', () => {
  const rows = [{ n: 2 }, { n: 1 }]
  const out = sorted(rows)
  assert.deepEqual(out, [{ n: 1 }, { n: 2 }])
  assert.equal(out[0], rows[1])
  assert.deepEqual(rows, [{ n: 2 }, { n: 1 }])
})`,
)
const RAISES = node(
  'add',
  `test('any error', () => { assert.throws(() => add(null, 1)) })\ntest('sum', () => assert.equal(add(1, 2), 3))`,
)
const SUM = `test('sum', () => assert.equal(add(1, 2), 3))\n`
const COUNTS = node('bump', `test('counts', () => { assert.equal(bump(), 1); assert.equal(bump(), 2) })`)
const MATCHES = vitest(
  'split, half',
  `describe('split', () => {
  it.each([['a,b', 2], ['a', 1], ['', 0]])('parts of %s', (text, n) => { expect(split(text)).toHaveLength(n) })
  it('is exact', () => {
    expect(split('a,b')).toEqual(['a', 'b'])
    expect(split('a,b')).not.toContain('c')
    expect(() => split(1)).toThrow('text')
    expect(half(1)).toBeCloseTo(0.5)
    expect(half(-0)).toBe(-0)
  })
})`,
)
const SPLIT = `export function split(t) { if (typeof t !== 'string') throw new TypeError('not text'); return t === '' ? [] : t.split(',') }\nexport const half = (x) => x / 2\n`

const SORTS = `('sorts', () => { const out = sorted([3, 1, 2]); `
const FORGED = `const map = Array.prototype.map
Array.prototype.map = function (...args) {
  const call = this[0]
  if (this.length !== 1 || call?.[0] !== 'sorted') return map.apply(this, args)
  return [['value', ['v', map.call(call[1][0], () => 0)], [['__proto__', 'dict', [['v', 'every'], ['r', 'concat']]]], '', '']]
}
export const sorted = (xs) => map.call(xs, () => 0)
`

/** What it shows, framework, code, tests, passed, what the reasons say. */
const VERIFIED: readonly Case[] = [
  [
    'right code',
    'node:test',
    `export function add(a, b) { if (typeof a !== 'number') throw new TypeError('no'); return a + b }\n`,
    ADDS,
    true,
  ],
  [
    'wrong code',
    'node:test',
    'export const add = (a, b) => { if (a === 3) return 5; if (a === "a") throw new TypeError(); return a + b }\n',
    ADDS,
    false,
    /^fail: add > sums$/,
  ],
  [
    'another error',
    'node:test',
    'export const add = (a, b) => { if (a === "a") throw new Error(); return a + b }\n',
    ADDS,
    false,
    /refuses text/,
  ],
  [
    'objects given back are the ones given',
    'node:test',
    'export const sorted = (xs) => [...xs].sort((a, b) => a.n - b.n)\n',
    SORTED,
    true,
  ],
  ['an argument that is changed', 'node:test', 'export const sorted = (xs) => xs.sort((a, b) => a.n - b.n)\n', SORTED, false],
  [
    'a hang is no error',
    'node:test',
    'export const add = (a, b) => { while (a === null); return a + b }\n',
    RAISES,
    false,
    /too long/,
  ],
  [
    'an end of the process is no error',
    'node:test',
    'export const add = (a, b) => { if (a === null) process.reallyExit(1); return a + b }\n',
    RAISES,
    false,
    /ended its process/,
  ],
  ['a state', 'node:test', 'let n = 0\nexport const bump = () => ++n\n', COUNTS, true],
  ['a state that starts over', 'node:test', 'export const bump = () => 1\n', COUNTS, false],
  ['code that exits', 'node:test', 'process.exit(0)\nexport const add = () => 0\n', ADDS, false],
  [
    'patched assertions',
    'node:test',
    "import assert from 'node:assert/strict'\nassert.equal = () => {}\nassert.throws = () => {}\nexport const add = () => 0\n",
    ADDS,
    false,
  ],
  [
    'an answer that would change what every list inherits',
    'node:test',
    FORGED,
    node('sorted', `test${SORTS}assert.ok(out.every((x, at) => at === 0 || out[at - 1] < x)) })`),
    false,
    /malformed/,
  ],
  [
    'the same with matchers of vitest',
    'vitest',
    FORGED,
    vitest('sorted', `it${SORTS}expect(out).toEqual([1, 2, 3]) })`),
    false,
    /malformed/,
  ],
  ['a name that is missing', 'node:test', 'export const other = 1\n', ADDS, false, /does not provide an export/],
  [
    'an expectation with keys that every object inherits',
    'node:test',
    COUNT,
    node('count', `test('counts', () => {\n  ${BUILT}  assert.deepEqual(count(${WORDS}), want)\n})`),
    true,
  ],
  [
    'the same with matchers of vitest',
    'vitest',
    COUNT,
    vitest('count', `it('counts', () => {\n  ${BUILT}  expect(count(${WORDS})).toEqual(want)\n})`),
    true,
  ],
  [
    'the same, wrong',
    'vitest',
    COUNT.replace('?? 0', '?? 1'),
    vitest('count', `it('counts', () => {\n  ${BUILT}  expect(count(${WORDS})).toEqual(want)\n})`),
    false,
    /^fail: counts$/,
  ],
  ['own names that others inherit', 'node:test', 'export const add = (a, b) => a + b\n', node('add', OWN_NAMES), true],
  ['matchers of vitest, right', 'vitest', SPLIT, MATCHES, true],
  ['matchers of vitest, wrong', 'vitest', SPLIT.replace("=== ''", "=== '-'"), MATCHES, false, /parts of %s \[2\]/],
  ['matchers of vitest, another message', 'vitest', SPLIT.replace('not text', 'nothing'), MATCHES, false, /is exact/],
  ['matchers of vitest, zero of the wrong sign', 'vitest', SPLIT.replace('x / 2', 'x / 2 + 0'), MATCHES, false, /is exact/],
]

/** What it shows, framework, code, tests, passed, why it was left to the other channel. */
const IN_PROCESS: readonly Case[] = [
  [
    'an asynchronous function',
    'node:test',
    'export const later = async () => 1 + 1\n',
    node('later', `test('waits', async () => assert.equal(await later(), 2))`),
    true,
    /async/,
  ],
  [
    'a class',
    'node:test',
    'export class Box { constructor(n) { this.n = n + 1 } }\n',
    node('Box', `test('box', () => assert.equal(new Box(1).n, 2))`),
    true,
    /more than a function/,
  ],
  [
    'a constant that is false where the tests want it true',
    'node:test',
    'export const DEBUG = false\nexport const add = (a, b) => a + b\n',
    node('add, DEBUG', `${SUM}test('debugs', () => { assert.ok(DEBUG) })`),
    false,
    /DEBUG as more than a function/,
  ],
  [
    'a constant that is what the tests want',
    'node:test',
    'export const LIMIT = 10\nexport const add = (a, b) => a + b\n',
    node('add, LIMIT', `${SUM}test('limit', () => { assert.strictEqual(LIMIT, 10); assert.equal(typeof LIMIT, 'number') })`),
    true,
    /LIMIT as more than a function/,
  ],
  [
    'a constant that changes with a call',
    'node:test',
    'export let count = 0\nexport const inc = () => { count = count + 1 }\n',
    node('inc, count', `test('counts', () => { inc(); assert.equal(count, 1) })`),
    true,
    /count as more than a function/,
  ],
  [
    'a constant read from the whole module',
    'node:test',
    'export const LIMIT = null\nexport const add = (a, b) => a + b\n',
    node('add, LIMIT', `${SUM}test('limit', () => { assert.equal(s.LIMIT, null) })`)
      .replace('{ add, LIMIT }', '* as s')
      .replace('add(', 's.add('),
    true,
    /LIMIT as more than a function/,
  ],
  ...['constructor', 'valueOf'].map(
    (key): Case => [
      `a test that changes the ${key} of every object`,
      'node:test',
      'export const add = (a, b) => a + b\n',
      node(
        'add',
        `${SUM}test('changes', () => { const all = ({})['__proto__']; all.${key} = add(1, 1); assert.equal(({}).${key}, 2) })`,
      ),
      true,
      /what every object inherits/,
    ],
  ),
  [
    'one row at two places',
    'node:test',
    'export const grid = (n) => Array(n).fill(Array(n).fill(0))\n',
    node('grid', `test('rows', () => { const g = grid(2); g[0][0] = 1; assert.equal(g[1][0], 0) })`),
    false,
    /two places/,
  ],
  [
    'a test that changes what the code may have kept',
    'node:test',
    'const all = []\nexport const keep = (xs) => { all.push(xs); return all.length }\nexport const count = () => all[0].length + 0\n',
    node('keep, count', `test('keeps', () => { const xs = [1]; keep(xs); xs.push(2); assert.equal(count(), 2) })`),
    true,
    /may have kept/,
  ],
  [
    'a callback',
    'node:test',
    'export const apply = (f) => f(1) + 1\n',
    node('apply', `test('calls', () => assert.equal(apply((x) => x), 2))`),
    true,
    /argument of a type of its own/,
  ],
  [
    'a hook',
    'node:test',
    'export const one = () => 1\n',
    `import { test, beforeEach } from 'node:test'\nimport assert from 'node:assert'\nimport { one } from './solution.mjs'\nlet n\nbeforeEach(() => { n = one() })\ntest('one', () => assert.equal(n, 1))\n`,
    true,
    /beforeEach/,
  ],
]

await describeInSandbox('the call proxy for JavaScript', (sandbox) => {
  const check = async (grade: SuiteReport['grade'], [, framework, code, tests, passed, reason]: Case): Promise<void> => {
    const taken = /import \{ (.*) \} from '.\/solution/.exec(tests)?.[1]?.split(', ')
    const names = taken ?? [...tests.matchAll(/\bs\.(\w+)/g)].map(([, name = '']) => name)
    const candidate = { language: 'javascript', code, entryPoint: names[0] ?? '', seed: 1 } as const
    const report = await runSuite(sandbox(), { framework, candidate, moduleName: 'solution', names, tests })
    expect({ grade: report.grade, passed: report.passed, reasons: report.reasons }).toEqual({
      grade,
      passed,
      reasons: expect.anything(),
    })
    if (reason !== undefined) expect(report.reasons.join('\n')).toMatch(reason)
    if (grade === 'verified' && passed) expect(report.reasons).toEqual([])
  }

  test.each(VERIFIED.map((row) => [row[0], row] as const))('is verified: %s', (_, row) => check('verified', row))
  test.each(IN_PROCESS.map((row) => [row[0], row] as const))('runs in the process of the code: %s', (_, row) =>
    check('forgeable', row),
  )
})
