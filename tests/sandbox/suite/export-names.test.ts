import { expect, test } from 'vitest'
import { createTreeSitterParser } from '../../../src/project/tree-sitter-parser.ts'
import { exportNames } from '../../../src/sandbox/suite/export-names.ts'

const parser = createTreeSitterParser()
const toModule = async (code: string, ...names: string[]): Promise<string> =>
  exportNames(await parser.parse('javascript', code), names)(code)
/** What the text gives when it is imported: the program runs here, so only those of this file. */
const load = async (code: string, ...names: string[]): Promise<Record<string, unknown>> => {
  const text = await toModule(code, ...names)
  return { ...((await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`)) as object) }
}
const E = 'export const z = 1\n'

test.each([
  'export function add() {}',
  'export async function add() {}',
  'export function* add() {}',
  'export const add = 1',
  'export class add {}',
  'const sum = 1\nexport { sum as add }',
  'function add() {}\nexport { z, add }\nconst z = 1',
  'const z = 0; export function add(a, b) { return a + b + z }',
  'export const sub = 1,\n add = 2',
  'export const { add } = { add: 1 }',
  'export const [a, { b: add = 1, ...rest }] = [0, {}]\n',
  "export * as add from 'node:fs'",
  "export { readFile as add } from 'node:fs'",
])('what is exported is left alone: %s', async (code) => {
  expect(await toModule(code, 'add')).toBe(code)
})

test.each([
  'function add() {}',
  'const add = 1',
  'let { x: add } = {}',
  '/*\nexport function add(a, b)\n*/\nfunction add(a, b) { return a + b }',
  "import { add } from 'node:fs'",
])('a module exports what it only declares: %s', async (code) => {
  expect(await toModule(E + code, 'add')).toBe(`${E}${code}\nexport { add };\n`)
})

test('a name that begins like the one asked for is another', async () => {
  expect(await toModule('export const adder = 1\nconst add = 2', 'add')).toContain('export { add };')
  expect(await toModule('export const add$ = 1\nconst add = 2', 'add')).toContain('export { add };')
})

test('what a program does not have is not made up', async () => {
  expect(await toModule(E, 'add', 'default')).toBe(E)
  expect(Object.keys(await load('const x = 1', 'add', 'default'))).toEqual([])
  expect(Object.keys(await load('exports.sum = 1', 'add'))).toEqual([])
  expect(Object.keys(await load('const x = 1 // one more module: add', 'add', 'default'))).toEqual([])
})

test('a script offers what it declares, and keeps the loose rules it was written under', async () => {
  const { add } = await load('#!/usr/bin/env node\nfunction add(a, b) { total = a + b; return total }\n', 'add')
  expect((add as (a: number, b: number) => number)(1, 2)).toBe(3)
  expect(await load('const { add } = { add: 5 }', 'add')).toEqual({ add: 5 })
  expect(await load('"use strict"\nconst add = function () { return this }()', 'add')).toEqual({ add: undefined })
})

test('a CommonJS program offers what it put into its exports', async () => {
  expect(await load('module.exports = { add: 1 }', 'add', 'default')).toEqual({ add: 1, default: { add: 1 } })
  expect(await load('const add = 1\nmodule.exports = { add: 2 }', 'add')).toEqual({ add: 2 })
  expect(await load('if (typeof module !== "undefined") module.exports = { add: 1 }\nelse window.add = 1', 'add')).toEqual({
    add: 1,
  })
  expect(await load('exports.run = require("node:path").sep\nif (require.main === module) exports.run = 0', 'run')).toEqual({
    run: '/',
  })
  expect(await load('#!/bin/node\nexports.default = 1', 'default')).toEqual({ default: 1 })
})

test('a module that uses the words of CommonJS gets them, unless they are its own', async () => {
  const mixed = '#!/usr/bin/env node\nexport const z = require("node:path").sep\nmodule.exports.add = 1\n'
  expect(await load(mixed, 'add', 'z')).toEqual({ add: 1, z: '/' })
  expect((await toModule(mixed, 'add')).split('\n')[2]).toBe('module.exports.add = 1')
  const own = 'const module = { exports: {} }\nmodule.exports.x = 1\nexport function add(a, b) { return a + b }\n'
  expect(await toModule(own, 'add')).toBe(own)
  const made =
    "import { createRequire } from 'node:module'\nconst require = createRequire('file:///')\nexport const add = require('node:path').sep\n"
  expect(await toModule(made, 'add')).toBe(made)
})

test('the default is the only thing declared, or the last', async () => {
  const name = async (code: string): Promise<unknown> => ((await load(code, 'default'))['default'] as { name?: unknown }).name
  expect(await name('function f() {}')).toBe('f')
  expect(await name('function f() {}\nfunction g() {}')).toBe('g')
  expect(await name(`${E}function f() {}\nconst g = () => 1`)).toBe('g')
  expect(await toModule('export default function f() {}', 'default')).toBe('export default function f() {}')
  expect(await toModule('function f() {}\nexport { f as default }', 'default')).not.toContain('export default')
})

test('a mutant is made a module as its program is', async () => {
  const wrap = exportNames(await parser.parse('javascript', 'const add = 1'), ['add'])
  expect(wrap('const add = null')).toBe((wrap('const add = 1') as string).replace('add = 1', 'add = null'))
})

test('a program the parser cannot read is told by its words', async () => {
  expect(await toModule('export function add( {', 'add')).toMatch(/^export function add\( \{/)
  expect(await toModule('function add( {', 'add')).toMatch(/compileFunction/)
})
