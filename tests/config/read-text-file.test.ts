import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readTextFile } from '../../src/config/read-text-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'read-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('a text file', () => {
  test('is read up to its limit and not beyond', async () => {
    const file = join(directory, 'a.txt')
    writeFileSync(file, 'äbc')
    expect(await readTextFile(file, 4)).toBe('äbc')
    await expect(readTextFile(file, 3)).rejects.toMatchObject({ reason: 'refused', message: 'is larger than 3 bytes' })
  })

  test.skipIf(process.platform !== 'linux')('that tells no size is bounded all the same', async () => {
    await expect(readTextFile('/proc/self/status', 64)).rejects.toMatchObject({ reason: 'refused' })
  })

  test.skipIf(process.platform !== 'linux')('that is a device is refused', async () => {
    await expect(readTextFile('/dev/zero', 64)).rejects.toMatchObject({ reason: 'refused', message: 'is not a regular file' })
  })

  test('that is not there is told apart from one that may not be read', async () => {
    await expect(readTextFile(join(directory, 'none'), 64)).rejects.toMatchObject({ reason: 'absent' })
  })
})
