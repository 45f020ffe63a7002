import { expect, test } from 'vitest'
import { exportNames } from '../../src/sandbox/export-names.ts'

test('a function that is only declared is exported, one that is exported is left alone', () => {
  expect(exportNames('function add(a, b) { return a + b }', ['add'], ['add'])).toBe(
    'function add(a, b) { return a + b }\nexport { add };\n',
  )
  for (const code of [
    'export function add() {}',
    'export async function add() {}',
    'export function* add() {}',
    'export const add = 1',
    'export class add {}',
    'const sum = 1\nexport { sum as add }',
    'function add() {}\nexport { other, add }',
  ])
    expect(exportNames(code, ['add'], ['add'])).toBe(code)
})

test('a name that begins like the one asked for is another', () => {
  expect(exportNames('export const adder = 1\nconst add = 2', ['add'], ['adder', 'add'])).toContain('export { add };')
  expect(exportNames('export const add$ = 1\nconst add = 2', ['add'], ['add$', 'add'])).toContain('export { add };')
})

test('what a program does not have is not made up', () => {
  expect(exportNames('const x = 1', ['add', 'default'], [])).toBe('const x = 1')
})

test('a CommonJS program offers what it put into its exports', () => {
  const code = 'module.exports = { add: (a, b) => a + b }'
  expect(exportNames(code, ['add', 'default'], [])).toBe(
    `const module = { exports: {} }; const exports = module.exports;${code}\nexport const add = module.exports.add;\nexport default module.exports;\n`,
  )
  expect(exportNames('exports.add = 1', ['add'], [])).toContain('export const add = module.exports.add;')
  expect(exportNames("const fs = require('fs')\nfunction f() {}", ['f'], ['f'])).toMatch(
    /^import \{ createRequire as __require \}[^\n]*const fs/,
  )
})

test('the default is the only thing declared, or the last', () => {
  expect(exportNames('function f() {}', ['default'], ['f'])).toBe('function f() {}\nexport default f;\n')
  expect(exportNames('function f() {}\nfunction g() {}', ['default'], ['f', 'g'])).toMatch(/export default g;\n$/)
  expect(exportNames('export default function f() {}', ['default'], ['f'])).toBe('export default function f() {}')
  expect(exportNames('function f() {}\nexport { f as default }', ['default'], ['f'])).not.toContain('export default')
})

test('the lines of the program stay where they are', () => {
  const code = "const a = require('a')\nmodule.exports.b = 1\n"
  expect(exportNames(code, ['b'], ['a']).split('\n')[1]).toBe('module.exports.b = 1')
})
