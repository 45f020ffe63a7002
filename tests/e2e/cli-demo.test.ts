import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createCliFolder, jsonLines, MAIN, WHY_NOT } from './cli-process.ts'

const recording = join(MAIN, '../../../examples/recordings/demo.jsonl')
const whyNot = WHY_NOT ?? (existsSync(recording) ? null : 'examples/recordings/demo.jsonl is missing')
const folder = createCliFolder()
afterAll(() => folder.remove())

describe.skipIf(whyNot !== null)(`the demo that ships${whyNot === null ? '' : ` (skipped: ${whyNot})`}`, () => {
  test('it plays with no server, every answer from the recording, and ends with a winner', async () => {
    const { code, stdout } = await folder.run(['demo', '--offline', '--json'])
    const events = jsonLines(stdout)
    expect([code, events.at(-1)]).toEqual([0, expect.objectContaining({ type: 'run.completed', outcome: 'completed' })])
    expect(events.filter(({ type }) => type === 'turn.failed')).toEqual([])
  })

  test('for people it says that the tokens were recorded, and from which models', async () => {
    const { code, stderr } = await folder.run(['demo'], { env: { DISCOVERY_DISABLE: '1' } })
    expect([code, stderr]).toEqual([0, expect.stringMatching(/no model server is used: the tokens were recorded from \S+/)])
  })
})
