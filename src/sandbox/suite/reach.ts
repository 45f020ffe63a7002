/*
 * Which test files the call proxy can run at all: those that reach the code by calling it and in no other way. What is found here by its
 * look only decides the channel; it is no judgement of the tests.
 */

/** The text to run, or what keeps it from being run through the call proxy. */
type Prepared = { readonly tests: string } | { readonly cannot: string }

/** Things of the tests' own process that the code would have to see: they are not there where it runs. */
const PYTHON_WORDS =
  /\b(?:sys\.(?:stdin|modules|argv|path_hooks|meta_path|set\w+|_\w+)|os\.(?:environ|putenv|chdir|mkdir|makedirs|umask)|(?:random|np)\.seed|builtins|setattr|delattr|globals|assertLogs|assertNoLogs|assertWarns\w*|__(?:cause|context|notes|traceback|dict|import)__|open\()/
const PYTHON_MODULES =
  /^[ \t]*(?:import|from)[ \t][^\n]{0,400}?\b(mock|tempfile|pathlib|shutil|importlib|logging|warnings|threading|multiprocessing|concurrent|asyncio|subprocess|signal|inspect|gc|weakref|locale|socket|sqlite3|contextvars)\b/m

/**
 * Returns a Python test file as it is, or what in it reaches past the calls of the code. Names taken from the code with a star are as many
 * as it likes: its own `abs` would stand in the tests' place of Python's.
 */
export function preparePython(tests: string, moduleName: string): Prepared {
  const star = new RegExp(`\\bfrom[\\s\\\\]+[\\w.]*(?<!\\w)${moduleName}[\\s\\\\]+import[\\s\\\\]*\\*`)
  if (star.test(tests)) return { cannot: `${moduleName} import *` }
  const found = PYTHON_WORDS.exec(tests)?.[0] ?? PYTHON_MODULES.exec(tests)?.[1]
  return found === undefined ? { tests } : { cannot: found }
}

const JAVASCRIPT_WORDS =
  /\b(?:require|process|globalThis|global|console|Math\.random|Date|performance|set(?:Timeout|Interval|Immediate)|queueMicrotask|structuredClone|prototype|eval|Reflect|async|await|Promise)\b|\.then\s*\(|\bimport\s*\(|\bimport\.meta\b/
const FRAMEWORK = /^(?:node:test|test|vitest)$/
const ASSERT = /^(?:node:)?assert(?:\/strict)?$/
const IMPORT = /^[ \t]*(?:import|export)\b([^'"\n;]{0,2000}?(?:\n[^'"\n;]{0,400}){0,40}?)(['"])([^'"\n]{1,200})\2/gm

/** Returns a JavaScript test file with its framework imported from `./framework.mjs`, or what in it reaches past the calls of the code. */
export function prepareJavaScript(tests: string, moduleName: string): Prepared {
  const word = JAVASCRIPT_WORDS.exec(tests)?.[0]
  if (word !== undefined) return { cannot: word }
  let foreign: string | null = null
  const replaced = tests.replace(IMPORT, (whole, _clause: string, quote: string, from: string) => {
    if (FRAMEWORK.test(from)) return whole.replace(`${quote}${from}${quote}`, "'./framework.mjs'")
    if (!ASSERT.test(from) && from !== `./${moduleName}.mjs`) foreign ??= from
    return whole
  })
  if (foreign !== null) return { cannot: foreign }
  return /['"](?:node:test|vitest)['"]/.test(replaced) ? { cannot: 'an import in a form of its own' } : { tests: replaced }
}
