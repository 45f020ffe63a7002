import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readLocatedRun } from '../../src/app/find-run.ts'
import { createMock } from '../../src/backends/mock.ts'
import { execute } from '../../src/cli/commands/run.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import { runDebate } from '../../src/index.ts'
import { cliWorld } from './cli-world.ts'

const root = mkdtempSync(join(tmpdir(), 'run-code-bleu-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const ENV = { XDG_CACHE_HOME: root, CODEBLEU_WEIGHTS: 'seed', CODEBLEU_STRIP_COMMENTS: '0' }
const EXPECTED = { ...BUILT_IN_CONFIG.codebleu, weights: [0.2, 0.6, 0.2], stripComments: false }

test('a run of the command line records the settings of likeness it was configured with', async () => {
  const options = { out: 'artifacts', json: true }
  const world = cliWorld({ cwd: root, env: { ...ENV, CC_QUICK_CI: '1' }, flags: options })
  await execute(world.context, { args: ['Write add(a, b) in Python.'], options })
  const [runId = ''] = readdirSync(join(root, 'artifacts', 'runs'))
  const { records } = await readLocatedRun(join(root, 'artifacts', 'runs', runId), {})
  expect(records[0]?.d).toMatchObject({ spec: { codeBleu: EXPECTED } })
})

test('so does a run of the library', async () => {
  const debate = await runDebate({
    prompt: 'Write add(a, b) in Python.',
    cwd: root,
    env: ENV,
    artifactsDir: 'library',
    backends: [createMock()],
  })
  expect((await debate.result).context.spec.codeBleu).toEqual(EXPECTED)
})
