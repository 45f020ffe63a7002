import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { MAIN, WHY_NOT } from './cli-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-modules-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Reports every ES module as it is loaded, and at the end every CommonJS one. */
writeFileSync(
  join(folder, 'hooks.mjs'),
  `import { appendFileSync } from 'node:fs'
export async function load(url, context, next) {
  if (!url.startsWith('node:')) appendFileSync(process.env.SEEN, url + '\\n')
  return next(url, context)
}`,
)
writeFileSync(
  join(folder, 'watch.mjs'),
  `import { appendFileSync } from 'node:fs'
import Module, { register } from 'node:module'
import { pathToFileURL } from 'node:url'
register(${JSON.stringify(pathToFileURL(join(folder, 'hooks.mjs')).href)})
process.on('exit', () => { for (const path of Object.keys(Module._cache)) appendFileSync(process.env.SEEN, pathToFileURL(path).href + '\\n') })`,
)

/** Returns the modules a command loads, named from the folder of the packages or of the build. */
function modulesOf(...args: string[]): string[] {
  const seen = join(folder, `${args.join('_').replace(/\W/g, '')}.txt`)
  writeFileSync(seen, '')
  spawnSync(process.execPath, ['--import', pathToFileURL(join(folder, 'watch.mjs')).href, MAIN, ...args], {
    env: { PATH: process.env['PATH'], SEEN: seen },
  })
  const urls = readFileSync(seen, 'utf8')
    .split('\n')
    .filter((url) => url !== '' && !url.includes('/cli-modules-'))
  return [...new Set(urls.map((url) => url.split('/node_modules/')[1] ?? url.split('/dist/')[1] ?? url))].sort()
}

const PARSER = [
  'app/product-version.js',
  'cli/command-table.js',
  'cli/create-program.js',
  'cli/main.js',
  'commander/esm.mjs',
  'commander/index.js',
  'commander/lib/argument.js',
  'commander/lib/command.js',
  'commander/lib/error.js',
  'commander/lib/help.js',
  'commander/lib/option.js',
  'commander/lib/suggestSimilar.js',
]

describe.skipIf(WHY_NOT !== null)(`what the command line loads${WHY_NOT === null ? '' : ` (skipped: ${WHY_NOT})`}`, () => {
  test.each([[['--version']], [['--help']], [['run', '--help']], [['help', 'replay']]])(
    '%j loads the parser and the table of commands, 12 modules in all',
    (args) => {
      expect(modulesOf(...args)).toEqual(PARSER)
    },
  )

  test('a Tab loads what completes besides, and nothing that runs', () => {
    const modules = modulesOf('complete', '--', 'ru')
    expect(modules.filter((name) => !PARSER.includes(name) && !name.startsWith('@bomb.sh/tab/'))).toEqual([
      'cli/complete-command.js',
    ])
  })

  test('a usage error loads no engine', () => {
    const modules = modulesOf('run', '--agnets', 'x')
    expect(modules.filter((name) => /^(actors|machines|backends|store|sandbox|xstate|undici)\//.test(name))).toEqual([])
  })
})
