import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordRun } from '../../src/app/record-run.ts'
import { TASK_SAMPLING, TASK_SEED, TASK_TEAM } from '../../src/app/solve-task.ts'
import { createMock } from '../../src/backends/mock.ts'
import { execute } from '../../src/cli/commands/calibrate.ts'
import { readTask } from '../../src/config/load-tasks.ts'
import { whyNotHere } from '../support/this-machines-sandbox.ts'
import { cliWorld } from './cli-world.ts'

const root = mkdtempSync(join(tmpdir(), 'calibrate-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const HEAD = 'id: double\ntitle: Double\nlanguage: python\nentryPoint: double\nhasExample: true\n'
const PROMPT = 'prompt: |\n  Write the Python function\n\n  def double(x):\n\n  Example: double(2) == 4\n'
const CHECKS = [1, 2, 3, 4, 5, 6].map((n) => `  - call: double(${n})\n    expected: "${2 * n}"\n`).join('')
const TASK = `${HEAD}${PROMPT}checks:\n${CHECKS}`
let recordings = ''

beforeAll(async () => {
  mkdirSync(join(root, 'tasks'))
  writeFileSync(join(root, 'tasks', 'double.yaml'), TASK)
  const said: Readonly<Record<string, string>> = {
    'Bug Hunter': '```python\ndef double(x):\n    return x * x\n```',
    Tester: 'No idea.',
  }
  const right = '```python\ndef double(x):\n    return x + x\n```'
  const mock = createMock({
    script: ({ messages }) => {
      const card = messages.at(-1)?.content ?? ''
      const [, text = right] = Object.entries(said).find(([title]) => card.includes(`You are the ${title}`)) ?? []
      return [{ do: 'text', text }]
    },
  })
  const { prompt } = readTask('double.yaml', TASK)
  const debate = { prompt, agents: TASK_TEAM, sampling: TASK_SAMPLING, seed: TASK_SEED, cwd: root, env: {}, backends: [mock] }
  recordings = (await recordRun(join(root, 'double'), debate)).recordings
})

async function calibrate(options: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const world = cliWorld({ cwd: root, env: { XDG_CACHE_HOME: root, ...env }, flags: { json: true } })
  const code = await execute(world.context, { args: [], options: { tasks: 'tasks', ...options } })
  return { code, found: JSON.parse(world.stdout.text()) as unknown }
}

test('recordings that hold no run of any task are a mistake of use, not advice', async () => {
  const other = join(root, 'empty.jsonl')
  writeFileSync(other, '')
  await expect(calibrate({ recordings: other })).rejects.toMatchObject({
    code: 'USAGE',
    message: 'the recorded answers hold a run of none of the tasks (1)',
    hint: expect.stringContaining('--recordings FILE'),
  })
})

const why = (await whyNotHere('bwrap')) === null ? null : await whyNotHere('unshare')
describe.skipIf(why !== null)(`with recorded runs${why === null ? '' : ` (skipped: ${why})`}`, () => {
  test('the weights in use are those configured, and a filter of models leaves out no recorded one', async () => {
    const env = { CODEBLEU_WEIGHTS: 'seed', ENGINE_MODEL_ALLOWLIST: 'no-such-model', CC_TEMP: '0.9' }
    expect(await calibrate({ recordings }, env)).toMatchObject({
      code: 0,
      found: {
        ...{ type: 'calibration', tasks: 1, unrecorded: 0, current: [0.2, 0.6, 0.2] },
        fittedOn: { tasks: 1, current: 1, fitted: 1 },
        heldOut: { tasks: 0, current: 0, fitted: 0 },
      },
    })
  })
})
