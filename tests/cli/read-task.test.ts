import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readTask } from '../../src/cli/read-task.ts'
import { cliWorld } from './cli-world.ts'

const folder = mkdtempSync(join(tmpdir(), 'read-task-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'test_add.py'),
  'from adding import add\nfrom helping import build\n\ndef test_a():\n    assert add(1, 2) == 3\n',
)
writeFileSync(
  join(folder, 'add.test.ts'),
  "import test from 'node:test'\nimport { add } from './add.ts'\ntest('a', () => add(1, 2))\n",
)

const read = (options: Record<string, unknown>, args: string[] = [], stdin?: string) =>
  readTask(cliWorld({ isTty: true, cwd: folder, ...(stdin === undefined ? {} : { stdin }) }).context, { args, options })

test('tests alone are a task; words of the user, typed or piped, come first', async () => {
  const tests = 'add.test.ts'
  expect(await read({ tests })).toMatchObject({
    prompt: 'Write the TypeScript module add: define add(…).',
    language: 'typescript',
    suite: { moduleName: 'add', names: ['add'] },
  })
  expect((await read({ tests }, ['Add two numbers.'])).prompt).toBe('Add two numbers.')
  expect((await read({ tests }, [], 'Piped.')).prompt).toBe('Piped.')
  expect((await read({ tests }, [], '')).prompt).toBe('Write the TypeScript module add: define add(…).')
  expect((await read({ tests, language: 'javascript' })).language).toBe('javascript')
})

test('without tests there is no suite, and a module alone is a usage error', async () => {
  expect((await read({}, ['Add.'])).suite).toBeNull()
  await expect(read({ module: 'adding' }, ['Add.'])).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('--tests'),
  })
})

test('where the code could be one of several modules, the user is asked to name it', async () => {
  await expect(read({ tests: 'test_add.py' })).rejects.toMatchObject({
    code: 'USAGE',
    message: '--tests test_add.py: the code could be any of adding, helping',
    hint: 'codeconductor run --tests test_add.py --module adding …',
  })
  expect((await read({ tests: 'test_add.py', module: 'adding' })).suite).toMatchObject({ moduleName: 'adding' })
})
