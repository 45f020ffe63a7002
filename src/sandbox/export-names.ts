/**
 * Returns JavaScript as an ES module that offers `names`: programs of models declare a function and often export nothing, or do it
 * as CommonJS. `definitions` are the names the program declares at its top level. What it does not have is not made up.
 */
export function exportNames(code: string, names: readonly string[], definitions: readonly string[]): string {
  const head: string[] = []
  const tail: string[] = []
  const usesModule = /\bmodule\.exports\b|^exports\.\w/m.test(code)
  if (usesModule) head.push('const module = { exports: {} }; const exports = module.exports;')
  if (/(?<![\w$.])require\s*\(/.test(code) && !/\bcreateRequire\b/.test(code))
    head.push("import { createRequire as __require } from 'node:module'; const require = __require('file:///box/');")
  for (const name of names) {
    if (isExported(code, name)) continue
    if (name === 'default') {
      const only = definitions.length === 1 ? definitions[0] : usesModule ? 'module.exports' : definitions.at(-1)
      if (only !== undefined) tail.push(`export default ${only};`)
    } else if (definitions.includes(name)) tail.push(`export { ${name} };`)
    else if (usesModule) tail.push(`export const ${name} = module.exports.${name};`)
  }
  // On one line, so that line numbers in messages stay those of the program.
  return `${head.join(' ')}${code}${tail.length === 0 ? '' : `\n${tail.join('\n')}\n`}`
}

function isExported(code: string, name: string): boolean {
  if (name === 'default') return /^\s*export\s+default\b|^\s*export\s*\{[^}]*\bas\s+default\b/m.test(code)
  const word = `(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`
  return new RegExp(
    `^\\s*export\\s+(?:async\\s+)?(?:function\\*?|const|let|var|class)\\s+${word}|^\\s*export\\s*\\{[^}]*${word}\\s*[,}]`,
    'm',
  ).test(code)
}
