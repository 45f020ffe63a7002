import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Conductor, compose } from '../../src/app/compose.ts'
import { startRun } from '../../src/app/start-run.ts'
import { createMock, type MockOptions, sayScript } from '../../src/backends/mock.ts'
import { showRun } from '../../src/cli/show-run.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import { spec } from '../support/test-services.ts'
import { cliWorld, type World } from './cli-world.ts'

const open: { conductor: Conductor; folder: string }[] = []
afterEach(async () => {
  for (const { conductor, folder } of open.splice(0)) {
    await conductor.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Shows a run of two agents on a mock in a world; the store is a real folder. */
async function show(world: World, mock: MockOptions = {}, mustVerify = false) {
  const folder = mkdtempSync(join(tmpdir(), 'show-run-'))
  const config = { ...BUILT_IN_CONFIG, artifactsDir: folder }
  const conductor = await compose({ config, env: {}, cwd: folder, backends: [createMock(mock)] })
  open.push({ conductor, folder })
  const code = await showRun(
    world.context,
    conductor,
    (options) => startRun(spec({ ids: ['architect', 'coder'] }), conductor, options),
    { mustVerify },
  )
  return { code, stdout: world.stdout.text(), stderr: world.stderr.text() }
}

test('on a terminal the summary and the program are the result', async () => {
  const { code, stdout, stderr } = await show(cliWorld({ isTty: true, env: { NO_COLOR: '1' } }))
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\n {2}def \w+\(value, \*more\):\n {6}return .*\n\nWinner {6}\w+\.1 by \w+ on mock\n/)
  expect(stdout).toContain('one model in 2 roles')
  expect(stdout).toContain('Not checked behaviour: ')
  expect(stdout).not.toContain('\x1b')
  expect(stderr).toContain('Round 1 · blind drafts')
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(80)
})

test('what a model writes to a terminal does nothing there', async () => {
  const script = () => sayScript('```python\ndef add(a, b):\n    return a + b  # \x1b]0;owned\x07\u202e\n```\n')
  const world = cliWorld({ isTty: true, env: { NO_COLOR: '1' } })
  const { stdout, stderr } = await show(world, { script })
  expect(stdout).toContain('# ␛]0;owned␇‹U+202E›')
  expect(stdout).not.toMatch(/[\x00-\x08\x0b-\x1f\u202e]/)
  expect(stderr.replace(/\x1b\[(\?25[hl]|\d*[AJK])/g, '')).not.toMatch(/[\x00-\x08\x0b\x0e-\x1f\u202e]/)
})

test('an interrupted run ends with 130 and its last line says how to go on', async () => {
  const world = cliWorld({ isTty: true, env: { NO_COLOR: '1' } })
  const script = () => {
    queueMicrotask(() => world.interrupt('SIGINT'))
    return [{ do: 'text' as const, text: 'def' }, { do: 'hang' as const }]
  }
  const { code, stdout, stderr } = await show(world, { script })
  expect(code).toBe(130)
  expect(stderr).toContain('Press Ctrl-C again')
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^Continue with: {2}codeconductor resume [0-9A-Z]{4}$/)
})

test('a run of which no program comes ends with 4 and tells what was answered', async () => {
  const { code, stderr, stdout } = await show(cliWorld({}), { script: () => sayScript('I cannot do that.') })
  expect([code, stdout]).toEqual([4, ''])
  expect(stderr).toContain('No winner')
  expect(stderr).toContain('no answer holds a program')
})

test('with --verify a winner that was not executed ends with 3', async () => {
  expect((await show(cliWorld({}), {}, true)).code).toBe(3)
})
