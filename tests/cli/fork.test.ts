import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compose } from '../../src/app/compose.ts'
import { startRun } from '../../src/app/start-run.ts'
import { createMock } from '../../src/backends/mock.ts'
import { execute } from '../../src/cli/commands/fork.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import { shortRunId } from '../../src/domain/ids.ts'
import { spec } from '../support/test-services.ts'
import { cliWorld } from './cli-world.ts'

const root = mkdtempSync(join(tmpdir(), 'fork-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let parent = ''

beforeAll(async () => {
  const config = { ...BUILT_IN_CONFIG, artifactsDir: join(root, 'artifacts') }
  const conductor = await compose({ config, env: {}, cwd: root, backends: [createMock()] })
  parent = (await (await startRun(spec({ ids: ['architect', 'coder'] }), conductor)).result).runId
  await conductor.close()
})

async function fork(options: Readonly<Record<string, unknown>>) {
  const world = cliWorld({ cwd: root, flags: options })
  const code = await execute(world.context, {
    args: [parent],
    options: { out: 'artifacts', backend: 'mock', at: 'round:1', persona: ['coder=reviewer'], ...options },
  })
  return { code, out: world.stdout.text(), err: world.stderr.text() }
}

test('a fork says which answers in flight it asks for again and which it gives up, at once and in the end', async () => {
  const { code, err } = await fork({})
  const line = `forked from ${shortRunId(parent)} at round:1: 2 records kept; asked again: run/architect#1; given up: run/coder#1`
  expect(code).toBe(0)
  expect(err.startsWith(`${line}\n`)).toBe(true)
  expect(err.replace(/\s+/g, ' ').split(line.replace(/\s+/g, ' '))).toHaveLength(3)
})

test('as JSON the fork is the first line', async () => {
  const { out } = await fork({ json: true })
  expect(JSON.parse(out.split('\n')[0] ?? '')).toEqual({
    type: 'run.forked',
    runId: expect.any(String),
    parent,
    seq: 1,
    askedAgain: ['run/architect#1'],
    cancelled: ['run/coder#1'],
  })
})
