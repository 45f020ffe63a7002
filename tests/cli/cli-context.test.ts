import { expect, test } from 'vitest'
import { wantsColor } from '../../src/cli/cli-context.ts'
import { cliWorld } from './cli-world.ts'

test('a terminal gets the live view; a pipe, CI, a dumb terminal and piped stdin get plain lines; --json wins', () => {
  expect(cliWorld({ isTty: true }).context.mode).toBe('live')
  expect(cliWorld({ isTty: false }).context.mode).toBe('plain')
  expect(cliWorld({ isTty: true, env: { CI: 'true' } }).context.mode).toBe('plain')
  expect(cliWorld({ isTty: true, env: { TERM: 'dumb' } }).context.mode).toBe('plain')
  expect(cliWorld({ isTty: true, stdin: 'a task' }).context.mode).toBe('plain')
  expect(cliWorld({ isTty: true, flags: { json: true } }).context.mode).toBe('json')
})

test.each([
  ['always', { NO_COLOR: '1' }, false, true],
  ['never', { FORCE_COLOR: '1' }, true, false],
  ['auto', {}, true, true],
  [null, { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [null, { NO_COLOR: '' }, true, true],
  [null, { FORCE_COLOR: '1' }, false, true],
  [null, { FORCE_COLOR: '0' }, true, false],
  [null, {}, false, false],
] as const)('--color %s with %o on a terminal %s means colour %s', (flag, env, isTty, expected) => {
  expect(wantsColor(flag, env, isTty)).toBe(expected)
})
