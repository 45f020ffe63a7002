import { CodeConductorError } from '../domain/errors.ts'
import { MAX_SUITE_CHARS, type SuiteFramework, type TestSuite } from '../domain/suite.ts'

const LANGUAGE_OF: Readonly<Record<string, TestSuite['language']>> = {
  py: 'python',
  js: 'javascript',
  mjs: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
}

/** Modules a Python test imports that are not the code under test. */
const NOT_THE_CODE = new Set(
  `__future__ abc argparse ast asyncio base64 bisect builtins calendar cmath codecs collections concurrent contextlib copy csv
  dataclasses datetime decimal difflib enum errno fractions functools gc glob gzip hashlib heapq hmac html http importlib inspect io
  ipaddress itertools json keyword locale logging math numbers operator os pathlib pickle platform pprint queue random re secrets
  shlex shutil signal socket sqlite3 statistics string struct subprocess sys tempfile textwrap threading time timeit traceback types
  typing unicodedata unittest urllib uuid warnings weakref xml zipfile zlib zoneinfo pytest hypothesis numpy`.split(/\s+/),
)

interface Import {
  /** As the file says it: `merge`, `src.merge`, `../src/merge.js`. */
  readonly from: string
  readonly names: readonly string[]
}

/**
 * Returns a test file as a suite: its framework, the module it takes the code from, and the names it takes. The import of that module
 * is rewritten so that it lies beside the tests. `module` names it where several could be meant. Throws `USAGE` saying what is missing.
 */
export function readSuite(file: string, text: string, module: string | null = null): TestSuite {
  const language = LANGUAGE_OF[file.toLowerCase().split('.').at(-1) ?? '']
  if (language === undefined) throw refuse(file, 'it is no .py, .js, .mjs, .ts or .mts file')
  if (text.trim() === '') throw refuse(file, 'it is empty')
  if (text.length > MAX_SUITE_CHARS) throw refuse(file, `it has ${text.length} characters; ${MAX_SUITE_CHARS} are the most`)
  const imports = language === 'python' ? pythonImports(text) : javaScriptImports(file, text)
  const code = pick(file, imports, module)
  const moduleName = nameOf(code.from, language)
  return {
    file: baseName(file),
    framework: frameworkOf(file, text, language),
    language,
    moduleName,
    names: [...new Set(code.names)].slice(0, 64),
    text: rewrite(text, code.from, moduleName, language),
  }
}

/**
 * Returns the lines of a test file that state something by themselves: what stands below `with`, `for`, `if` or `try` holds only under
 * what they say.
 */
export function plainTests(text: string, language: 'python' | 'javascript'): string {
  if (language === 'javascript') return text
  let blockedAt: number | null = null
  const kept = text.split('\n').filter((line) => {
    if (line.trim() === '') return true
    const indent = line.length - line.trimStart().length
    if (blockedAt !== null && indent > blockedAt) return false
    blockedAt = /^\s*(?:async\s+)?(?:with|for|while|if|elif|else|try|except|finally)\b.*:\s*(?:#.*)?$/.test(line) ? indent : null
    return blockedAt === null
  })
  return kept.join('\n')
}

function frameworkOf(file: string, text: string, language: TestSuite['language']): SuiteFramework {
  if (language === 'python') return /\bpytest\b/.test(text) || !/\bunittest\b/.test(text) ? 'pytest' : 'unittest'
  if (/from\s*['"]vitest['"]/.test(text)) return 'vitest'
  if (/from\s*['"](?:node:)?test['"]/.test(text)) return 'node:test'
  throw refuse(file, 'it imports neither node:test nor vitest')
}

function pythonImports(text: string): Import[] {
  const found: Import[] = []
  for (const [, from = '', bracketed, plain = ''] of text.matchAll(
    /^from[ \t]+([.\w]{1,200})[ \t]+import[ \t]+(?:\(([^)]{0,4000})\)|([^\n#]{1,2000}))/gm,
  )) {
    const names = (bracketed ?? plain).split(',').flatMap((part) => /^\s*([A-Za-z_]\w*)/.exec(part)?.[1] ?? [])
    found.push({ from, names })
  }
  for (const [, list = ''] of text.matchAll(/^import[ \t]+([^\n#]{1,2000})/gm)) {
    for (const part of list.split(',')) {
      const [, from, alias] = /^\s*([A-Za-z_][\w.]*)(?:\s+as\s+(\w+))?\s*$/.exec(part) ?? []
      if (from === undefined) continue
      const used = text.matchAll(new RegExp(`\\b${alias ?? from.replaceAll('.', '\\.')}\\.([A-Za-z_]\\w*)`, 'g'))
      found.push({ from, names: [...used].map(([, name = '']) => name) })
    }
  }
  return found.filter(({ from }) => !NOT_THE_CODE.has(from.split('.')[0] ?? ''))
}

function javaScriptImports(file: string, text: string): Import[] {
  if (/\brequire\s*\(\s*['"]\.{1,2}\//.test(text)) throw refuse(file, 'it uses require; only import is understood')
  const found: Import[] = []
  for (const [, clause = '', from = ''] of text.matchAll(
    /^import\s+([^'"]{1,2000}?)\s*from\s*['"](\.{1,2}\/[^'"\n]{1,200})['"]/gm,
  )) {
    const [, space] = /\*\s*as\s+([\w$]+)/.exec(clause) ?? []
    const [, list = ''] = /\{([^}]*)\}/.exec(clause) ?? []
    const names = list.split(',').flatMap((part) => /^\s*(?:type\s+)?([\w$]+)/.exec(part)?.[1] ?? [])
    if (/^[\w$]/.test(clause) && !clause.startsWith('type ')) names.push('default')
    if (space !== undefined) {
      const used = text.matchAll(new RegExp(`(?<![\\w$])${space.replaceAll('$', '\\$')}\\.([A-Za-z_$][\\w$]*)`, 'g'))
      names.push(...[...used].map(([, name = '']) => name))
    }
    found.push({ from, names })
  }
  return found
}

/** The one module it imports; of several the one that is named, or that the test file is named after. */
function pick(file: string, imports: readonly Import[], module: string | null): Import {
  const sources = [...new Set(imports.map(({ from }) => from))]
  const stem = baseName(file)
    .replace(/\.(?:test|spec)(?=\.)|\.\w+$/gi, '')
    .replace(/^test_|_test$/i, '')
  const isNamed = (from: string, name: string): boolean => from === name || stemOf(from) === name
  const chosen =
    module !== null
      ? sources.find((from) => isNamed(from, module))
      : sources.length === 1
        ? sources[0]
        : sources.find((from) => isNamed(from, stem))
  if (chosen !== undefined) {
    const names = imports.filter(({ from }) => from === chosen).flatMap((each) => each.names)
    if (names.length === 0) throw refuse(file, `it takes no name from ${chosen}`)
    return { from: chosen, names }
  }
  if (sources.length === 0) throw refuse(file, 'it imports no module that could be the code')
  throw refuse(
    file,
    `the code could be any of ${sources.slice(0, 8).join(', ')}`,
    `codeconductor run --tests ${baseName(file)} --module ${stemOf(sources[0] ?? '')} …`,
  )
}

function nameOf(from: string, language: TestSuite['language']): string {
  const stem = stemOf(from)
  if (language === 'python') return stem
  const plain = stem.replace(/\W/g, '_')
  return /^(?:test|\d)/i.test(plain) ? `m_${plain}` : plain
}

function rewrite(text: string, from: string, moduleName: string, language: TestSuite['language']): string {
  if (language !== 'python')
    return text.replaceAll(`'${from}'`, `'./${moduleName}.mjs'`).replaceAll(`"${from}"`, `'./${moduleName}.mjs'`)
  if (from === moduleName) return text
  const source = from.replaceAll('.', '\\.')
  return text
    .replace(new RegExp(`^from[ \\t]+${source}[ \\t]+import`, 'gm'), `from ${moduleName} import`)
    .replace(new RegExp(`^import[ \\t]+${source}[ \\t]+as`, 'gm'), `import ${moduleName} as`)
}

function stemOf(from: string): string {
  return from.includes('/') ? baseName(from).replace(/\.\w+$/, '') : (from.split('.').at(-1) ?? from)
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path
}

function refuse(file: string, why: string, hint = 'codeconductor help tests'): CodeConductorError {
  return new CodeConductorError('USAGE', `--tests ${file.slice(0, 120)}: ${why}`, { hint })
}
