import { Script } from 'node:vm'
import { expect, test } from 'vitest'
import { createTreeSitterParser } from '../../../src/project/tree-sitter-parser.ts'
import { type Stripped, stripTypes } from '../../../src/sandbox/session/strip-types.ts'

const parser = createTreeSitterParser()
async function strip(code: string): Promise<Stripped> {
  const tree = await parser.parse('typescript', code)
  if (!tree) throw new Error('no TypeScript grammar')
  return stripTypes(tree)
}
const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim()

test.each([
  ['function f(a: number, b?: string): string { return b! + a }', 'function f(a , b ) { return b + a }'],
  ['const f = <T,>(xs: readonly T[], g: (x: T) => boolean): T[] => xs.filter(g)', 'const f = (xs , g ) => xs.filter(g)'],
  ['interface A { x: number }\ntype B = A | null\nlet x: B = null', '; ; let x = null'],
  ['const m = new Map<string, number[]>() as unknown as Map<string, number>', 'const m = new Map ()'],
  ['const o = { a: 1 } as const satisfies object', 'const o = { a: 1 }'],
  [
    'abstract class A<T> extends B<T> implements C { private readonly x: number = 1; static y?: T; declare z: T; [k: string]: unknown; abstract m(): void; get v(): T { return this.x as T } }',
    'class A extends B { x = 1; static y ; ; ; ; ; ; ; get v() { return this.x } }',
  ],
  ['function f(this: Window, a: string): asserts a is string {}', 'function f( a ) {}'],
  [
    'function over(a: string): string\nfunction over(a: number): number\nfunction over(a: unknown) { return a }',
    '; ; function over(a ) { return a }',
  ],
  ['declare const g: number\nexport type X = 1\nexport interface Y {}\nvar z = <any>window', '; ; ; var z = window'],
  ['for (const [k, v] of Object.entries(o) as [string, number][]) { k; v }', 'for (const [k, v] of Object.entries(o) ) { k; v }'],
  ['try { f<string>("x") } catch (e: unknown) {}', 'try { f ("x") } catch (e ) {}'],
  [
    'const pick = async <T extends object, K extends keyof T>(o: T, k: K): Promise<T[K]> => o[k]',
    'const pick = async (o , k ) => o[k]',
  ],
  ['let a = b as number\n(c)', 'let a = b ; (c)'],
])('%s', async (code, expected) => {
  const result = await strip(code)
  if (result.kind !== 'stripped') throw new Error(JSON.stringify(result))
  expect(squeeze(result.code).replace(/(; )+/g, '; ')).toBe(squeeze(expected).replace(/(; )+/g, '; '))
  expect(result.code).toHaveLength(code.length)
  new Script(`(function () {${result.code}\n})`)
})

test.each([
  ['enum E { A }', 'an enum'],
  ['function f() { return 8 }\nexport = f', 'an export assignment'],
  ['@dec class A {}', 'a decorator'],
  ['function f(@dec x: number) {}', 'a decorator'],
  ['namespace N { export const x = 1 }', 'a namespace'],
  ['class A { constructor(private x: number) {} }', 'a parameter property'],
  ['class A { constructor(readonly x: number) {} }', 'a parameter property'],
])('%s is named, not guessed at', async (code, what) => {
  expect(await strip(code)).toEqual({ kind: 'not-erasable', what })
})

test('type-only imports and exports go, others stay', async () => {
  const result = await strip('import type { A } from "a"\nimport { type B, c } from "b"\nexport type { A }\nexport const d = c\n')
  expect(result.kind === 'stripped' && squeeze(result.code)).toBe('; import { c } from "b" ; export const d = c')
})

test('an arrow whose return type spans lines stays one expression', async () => {
  const result = await strip('const f = (a: number): {\n  x: number\n} => ({ x: a })')
  if (result.kind !== 'stripped') throw new Error(result.kind)
  new Script(result.code)
})

/** What the code with its types gone gives when it is run. */
async function resultOf(code: string): Promise<unknown> {
  const result = await strip(code)
  if (result.kind !== 'stripped') throw new Error(JSON.stringify(result))
  expect(result.code).toHaveLength(code.length)
  return new Script(result.code).runInNewContext()
}

test.each<[string, string, unknown]>([
  ['on the line after the parameters', 'const f = (n: number)\n  : number => n + 1\nf(1)', 2],
  ['behind a comment to the end of the line', 'const f = (n: number) // why\n  : number => n + 1\nf(1)', 2],
  ['that is followed by a comment', 'const f = (n: number): number /* why */\n  => n + 1\nf(1)', 2],
  ['of an async arrow', 'const f = async (n: number)\n  : Promise<number> => n\ntypeof f', 'function'],
  ['that is a predicate', 'const f = (n: unknown)\n  : n is number => n === 1\nf(1)', true],
])('an arrow stays on one line with its parameters: a return type %s', async (_, code, expected) => {
  expect(await resultOf(code)).toBe(expected)
})

test.each<[string, string, unknown]>([
  ['a cast', 'const f = (): number => {\n  return <number>\n    5\n}\nf()', 5],
  ['a cast and a comment', 'const f = (): number => {\n  return <number> // why\n    5\n}\nf()', 5],
  ['a generic arrow', 'const f = () => {\n  return <T,>\n    (x: T): T => x\n}\nf()(3)', 3],
])('what is returned stays on the line of its return: %s', async (_, code, expected) => {
  expect(await resultOf(code)).toBe(expected)
})

test.each<[string, string, unknown]>([
  ['a generator', 'class A {\n  x?: number\n  *g() { yield 1 }\n}\n[...new A().g()].length', 1],
  ['a generator, after a definite field', 'class A {\n  x!: number\n  *g() { yield 1 }\n}\n[...new A().g()].length', 1],
  ['a method, where the field is called get', 'class A {\n  get: number\n  y() { return 1 }\n}\nnew A().y()', 1],
  ['a method, where the field is called set', 'class A {\n  set?: number\n  y() { return 1 }\n}\nnew A().y()', 1],
  ['a field, where the field is called static', 'class A {\n  static: number\n  y = 1\n}\nnew A().y', 1],
  ['a computed name', 'class A {\n  x: number\n  ["y"] = 2\n}\nnew A().y', 2],
  ['a generator, where the field has a value', 'class A {\n  x: number = 2;\n  *g() { yield 1 }\n}\nnew A().x', 2],
])('a field without a value ends where its type stood: before %s', async (_, code, expected) => {
  expect(await resultOf(code)).toBe(expected)
})

test.each(['class A {\n  x: number *g() { yield 1 }\n}', 'class A {\n  x: number\n  *g() { yield 1 }\n  y: = 1\n}'])(
  'a class that is broken is a syntax error all the same: %s',
  async (code) => {
    expect(await strip(code)).toMatchObject({ kind: 'syntax-error' })
  },
)

test('a syntax error is said with its place, and plain JavaScript is left as it is', async () => {
  expect(await strip('const x: = 1')).toMatchObject({ kind: 'syntax-error' })
  const plain = 'const f = (a, b) => (a < b ? a : b > 3 ? [...b] : {})\n// as const: a comment\nconst s = "x as T"\n'
  expect(await strip(plain)).toEqual({ kind: 'stripped', code: plain })
})
