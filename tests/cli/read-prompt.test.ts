import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { MAX_PROMPT_CHARACTERS, readPrompt } from '../../src/cli/read-prompt.ts'
import { cliWorld } from './cli-world.ts'

const folder = mkdtempSync(join(tmpdir(), 'read-prompt-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'task.md'), 'from a file\n')

const read = (options: Record<string, unknown>, args: string[] = [], stdin?: string) =>
  readPrompt({ args, options }, cliWorld({ isTty: true, cwd: folder, ...(stdin === undefined ? {} : { stdin }) }).context)

test('the task is the argument, --prompt, the file, or stdin where it is piped', async () => {
  expect(await read({}, ['an argument'])).toBe('an argument')
  expect(await read({ prompt: 'a flag' })).toBe('a flag')
  expect(await read({ promptFile: 'task.md' })).toBe('from a file\n')
  expect(await read({}, [], 'from stdin')).toBe('from stdin')
})

test.each([
  ['no task on a terminal', {}, [], undefined, 'no task is given'],
  ['an empty stdin', {}, [], ' \n', 'the task is empty'],
  ['an empty --prompt', { prompt: '' }, [], undefined, 'the task is empty'],
  ['two tasks', { prompt: 'a' }, ['b'], undefined, 'more than once'],
  ['a file that is not there', { promptFile: 'absent.md' }, [], undefined, 'absent.md cannot be read (ENOENT)'],
  ['a folder', { promptFile: '.' }, [], undefined, 'is a folder'],
] as const)('%s is a usage error', async (_name, options, args, stdin, message) => {
  await expect(read(options, [...args], stdin)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(message),
  })
})

test('a task beyond 1 MiB of characters is refused', async () => {
  await expect(read({}, [], 'x'.repeat(MAX_PROMPT_CHARACTERS + 1))).rejects.toMatchObject({ code: 'PROMPT_TOO_LARGE' })
  expect(await read({}, [], 'x'.repeat(MAX_PROMPT_CHARACTERS))).toHaveLength(MAX_PROMPT_CHARACTERS)
})

test('of a stdin that never ends no more than 4 MiB and one piece are read', async () => {
  let pieces = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      pieces += 1
      yield new Uint8Array(1_048_576).fill(0x78)
    }
  }
  const stdin = { isTty: false, chunks: endless }
  await expect(readPrompt({ args: [], options: {} }, { stdin, cwd: folder })).rejects.toMatchObject({ code: 'PROMPT_TOO_LARGE' })
  expect(pieces).toBe(5)
})
