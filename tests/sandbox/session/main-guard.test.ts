import { expect, test } from 'vitest'
import type { CandidateProgram } from '../../../src/ports/sandbox.ts'
import { callF, int, javascript, python } from '../../support/candidates.ts'
import { describeInSandbox } from '../../support/this-machines-sandbox.ts'

/** A program that says by `f` whether its guard let the main part run: 0 when it did not. */
const guarded = (head: string, guard: string, tail = ''): string =>
  `${head}\nlet ran = 0\nif (${guard}) ran = 1\n${tail}function f(x) { return ran }\n`

const MODULE_HEAD = [
  "import fs from 'node:fs'",
  "import path from 'node:path'",
  "import { fileURLToPath, pathToFileURL } from 'node:url'",
].join('\n')
const SCRIPT_HEAD =
  "const fs = require('node:fs')\nconst path = require('node:path')\nconst { pathToFileURL } = require('node:url')"

await describeInSandbox('the main part of a program', (sandbox) => {
  const runOf = async (program: CandidateProgram): Promise<unknown> => {
    const session = await sandbox().open(program)
    const load = await session.load()
    const outcome = await session.call(callF(int(0)))
    await session.close()
    return [load, outcome]
  }
  const notRun = [
    { kind: 'loaded', names: ['f'] },
    { kind: 'value', value: int(0) },
  ]

  test.each([
    ['import.meta.url === pathToFileURL(process.argv[1]).href'],
    [['import.meta.url === `file:/', '/$', '{process.argv[1]}`'].join('')],
    ['import.meta.url.endsWith(process.argv[1])'],
    ['fileURLToPath(import.meta.url) === path.resolve(process.argv[1])'],
    ['import.meta.filename === process.argv[1]'],
    ['fileURLToPath(import.meta.url) === fs.realpathSync(process.argv[1])'],
    ['path.basename(import.meta.url) === path.basename(process.argv[1])'],
    ['process.argv.length > 2'],
  ])('is skipped in an ES module that asks: %s', async (guard) => {
    expect(await runOf(javascript(guarded(MODULE_HEAD, guard, 'export { f }\n')))).toEqual(notRun)
  })

  test.each([
    ['require.main === module'],
    ['require.main.filename === __filename'],
    ['!module.parent'],
    ['path.resolve(process.argv[1]) === __filename'],
    ['fs.realpathSync(process.argv[1]) === __filename'],
    ['pathToFileURL(process.argv[1]).href === pathToFileURL(__filename).href'],
  ])('is skipped in a script that asks: %s', async (guard) => {
    expect(await runOf(javascript(guarded(SCRIPT_HEAD, guard, 'module.exports = { f }\n')))).toEqual(notRun)
  })

  test.each([
    ["__name__ == '__main__'"],
    ['len(sys.argv) > 1'],
    ['sys.argv[0] == __file__'],
    ['os.path.abspath(sys.argv[0]) == os.path.abspath(__file__)'],
  ])('is skipped in Python that asks: %s', async (guard) => {
    const code = `import os, sys\nran = 0\nif ${guard}: ran = 1\ndef f(x): return ran\n`
    expect(await runOf(python(code))).toMatchObject([{ kind: 'loaded' }, { kind: 'value', value: int(0) }])
  })
})
