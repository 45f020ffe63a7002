import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createCliFolder, jsonLines, WHY_NOT } from './cli-process.ts'

const folder = createCliFolder()
afterAll(() => folder.remove())
/** A machine on which no driver can work: there is no place for a sandbox. */
const env = { TMPDIR: join(folder.path, 'gone') }
const TASK = 'Write add(a, b) in Python. For example add(1, 2) == 3.'

describe.skipIf(WHY_NOT !== null)(`a machine without isolation${WHY_NOT === null ? '' : ` (skipped: ${WHY_NOT})`}`, () => {
  test('a run that must be verified ends with 3, and one that need not ends well and unverified', async () => {
    const run = (...flags: string[]) => folder.run(['run', '--backend', 'mock', '--json', ...flags, TASK], { env })
    const [must, may] = [await run('--verify', '--out', 'a'), await run('--out', 'b')]
    expect([must.code, may.code]).toEqual([3, 0])
    expect(jsonLines(may.stdout).at(-1)).toMatchObject({ outcome: 'completed', stopReason: 'ranked-unverified' })
  })

  test('doctor --sandbox ends with 3 and prints one command', async () => {
    const { code, stdout } = await folder.run(['doctor', '--sandbox'], { env })
    expect(code).toBe(3)
    expect(stdout).toMatch(/isolation none/)
    expect(stdout).toMatch(/^Try +export TMPDIR=\/var\/tmp$/m)
  })
})
